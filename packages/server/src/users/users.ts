// Who may use a server: names and passwords, as bytes.

import { utf8Bytes } from "@memwire/codec";

/** A name and its password. A text is meant in UTF-8. */
export interface User {
  readonly name: string | Uint8Array;
  readonly password: string | Uint8Array;
}

/**
 * Whether there is such a user with such a password. Asked in the middle of a command: both are the caller's again when
 * this returns.
 */
export type UserCheck = (name: Uint8Array, password: Uint8Array) => boolean;

/**
 * By which way clients say who they are.
 *
 * - `sasl`: SASL PLAIN in the binary protocol, the only one then spoken; memcached's `-S`
 * - `ascii`: the first `set` has "name password" for a value; the text protocol is the only one; memcached's `-Y`
 */
export interface Authentication {
  readonly kind: "sasl" | "ascii";
  /** A function where they may change while the server runs; `checkOf` makes one of a list. */
  readonly users: readonly User[] | UserCheck;
}

const KINDS: readonly unknown[] = ["sasl", "ascii"] satisfies readonly Authentication["kind"][];

/**
 * Who may use a server by these options. A mistake in them must not open it to everybody: what TypeScript would refuse
 * is refused here, too, and nothing but `true` lets anybody in.
 *
 * @throws TypeError for what is no such options, RangeError for a user without a name or a password
 */
export function checkBy(authentication: Partial<Authentication> | null): UserCheck {
  const { kind, users } = authentication ?? {};
  if (!KINDS.includes(kind)) {
    throw new TypeError(
      `authentication must be { kind: "sasl" or "ascii", users }, got kind ${JSON.stringify(kind)}`,
    );
  }
  if (typeof users !== "function") return checkOf(users as readonly User[]);
  return (name, password) => isTrue(users(name, password));
}

/** @throws TypeError for a promise: it would count as `false`, and nobody could tell why */
function isTrue(answer: unknown): boolean {
  if (typeof (answer as PromiseLike<unknown> | null | undefined)?.then === "function") {
    throw new TypeError("users must answer true or false at once, got a promise");
  }
  return answer === true;
}

/** Never the value itself, which may have a password in it. */
function shown(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/**
 * Asks a list. Takes as long for a wrong name as for a wrong password, and for its first byte as for its last: how long
 * depends on the list and on what was asked, not on how much of it was right.
 *
 * @throws TypeError for what is no list of users, RangeError for a name or a password that is empty: nobody could have it
 */
export function checkOf(users: readonly User[]): UserCheck {
  if (!Array.isArray(users)) {
    throw new TypeError(`users must be a list of { name, password } or a function, got ${shown(users)}`);
  }
  for (const [i, user] of (users as readonly (Partial<User> | null)[]).entries()) {
    for (const word of [user?.name, user?.password]) {
      if (typeof word === "string" || word instanceof Uint8Array) continue;
      throw new TypeError(
        `users[${i}] must be { name, password }, each text or bytes, got ${shown(word)} for one`,
      );
    }
  }
  const known = users.map(({ name, password }) => ({ name: bytesOf(name), password: bytesOf(password) }));
  for (const [i, { name, password }] of known.entries()) {
    if (name.length > 0 && password.length > 0) continue;
    throw new RangeError(`a user needs a name and a password, got an empty one for users[${i}]`);
  }
  return (name, password) => {
    let found = 0;
    for (const user of known) found |= same(user.name, name) & same(user.password, password);
    return found === 1;
  };
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? utf8Bytes(text) : text.slice();
}

/** @returns 1 if they are the same, else 0 */
function same(known: Uint8Array, given: Uint8Array): number {
  let difference = known.length ^ given.length;
  for (let i = 0; i < given.length; i++) {
    difference |= (known[i % known.length] as number) ^ (given[i] as number);
  }
  return difference === 0 ? 1 : 0;
}
