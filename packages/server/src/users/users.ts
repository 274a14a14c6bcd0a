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

/**
 * Asks a list. Takes as long for a wrong name as for a wrong password, and for its first byte as for its last: how long
 * depends on the list and on what was asked, not on how much of it was right.
 *
 * @throws RangeError for a name or a password that is empty: nobody could have it
 */
export function checkOf(users: readonly User[]): UserCheck {
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
