// Clients that say who they are, by SASL in the binary protocol with its one mechanism PLAIN, in memcached's steps.
//
//     sasl-auth PLAIN, with a message     -->  "Authenticated", or "Auth failure."
//     sasl-auth PLAIN, without            -->  auth-continue
//     sasl-step, with the message         -->  the same, and it may be tried again
//
// Whoever asks for the mechanisms or begins again is nobody until that has gone well; and who asks for anything else
// before is told so, once.

import { latin1Text, OPCODES, type BinaryRequestDecoder, type BinaryStatus } from "@memwire/codec";
import type { ClientLink } from "@memwire/link";

/**
 * Whether there is such a user with such a password. Asked in the middle of a request: both are the caller's again when
 * this returns. `checkOf` of `@memwire/server` makes one of a list.
 */
export type UserCheck = (name: Uint8Array, password: Uint8Array) => boolean;

const MECHANISM_BYTES_MAX = 32;

/** What a client may ask for before it has said who it is: SASL's opcodes, and `version`. */
export function isForAnybody(code: number): boolean {
  return (
    (code >= OPCODES["sasl-list"].code && code <= OPCODES["sasl-step"].code) || code === OPCODES.version.code
  );
}

/** Carries out `sasl-auth` or `sasl-step`. @returns how it went */
export function authenticate(client: ClientLink, check: UserCheck): BinaryStatus {
  const { binary } = client;
  if (binary.keyEnd - binary.keyStart > MECHANISM_BYTES_MAX) return "invalid";
  const wasAsked = client.standing === "asked";
  client.standing = "stranger";
  if (binary.opcode === "sasl-auth") {
    if (!isPlain(binary)) return "auth-error";
    if (binary.valueBytes === 0) {
      client.standing = "asked";
      return "auth-continue";
    }
  } else if (!wasAsked) return "auth-error";
  if (isKnown(binary, check)) {
    client.standing = "known";
    return "ok";
  }
  if (binary.opcode === "sasl-step") client.standing = "asked";
  return "auth-error";
}

function isPlain({ bytes, keyStart, keyEnd }: BinaryRequestDecoder): boolean {
  return latin1Text(bytes, keyStart, keyEnd).toUpperCase() === "PLAIN";
}

/** The message: whom to act for, NUL, name, NUL, password. Nobody acts for anybody else. */
function isKnown({ bytes, valueStart, valueEnd }: BinaryRequestDecoder, check: UserCheck): boolean {
  const message = bytes.subarray(valueStart, valueEnd);
  const first = message.indexOf(0);
  const second = message.indexOf(0, first + 1);
  if (first < 0 || second < 0) return false;
  const name = message.subarray(first + 1, second);
  if (first > 0 && latin1Text(message.subarray(0, first)) !== latin1Text(name)) return false;
  return isTrue(check(name, message.subarray(second + 1)));
}

/**
 * Nothing but `true` lets anybody in.
 *
 * @throws TypeError for a promise: it would count as `false`, and nobody could tell why
 */
function isTrue(answer: unknown): boolean {
  if (typeof (answer as PromiseLike<unknown> | null | undefined)?.then === "function") {
    throw new TypeError("users must answer true or false at once, got a promise");
  }
  return answer === true;
}
