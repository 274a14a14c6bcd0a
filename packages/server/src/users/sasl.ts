// SASL in the binary protocol: the one mechanism PLAIN, in the steps that memcached's library takes.
//
//     sasl-auth PLAIN, with a message     -->  "Authenticated", or "Auth failure."
//     sasl-auth PLAIN, without            -->  auth-continue
//     sasl-step, with the message         -->  "Authenticated", or "Auth failure.", and it may be tried again
//
// Whoever asks for the mechanisms or begins again is nobody until that has gone well.

import { type BinaryRequestDecoder, latin1Text, OPCODES } from "@memwire/codec";
import { writeBinaryStatus, writeBinaryText } from "../binary/binary-replies.ts";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import type { UserCheck } from "./users.ts";

/** How far a connection is: `asked` is to send its message with `sasl-step`. */
export type SaslProgress = "none" | "asked" | "done";

const MECHANISM_BYTES_MAX = 32;
/** Bytes of a value from somebody who has not said who it is; memcached has room for half a megabyte. */
export const STRANGER_BYTES_MAX = 65_536;

/** What a client may ask for before it has said who it is: SASL's opcodes, and `version`. */
export function isForAnybody(code: number): boolean {
  return isSasl(code) || code === OPCODES.version.code;
}

/** Whether this is the number of one of SASL's opcodes. */
export function isSasl(code: number): boolean {
  return code >= OPCODES["sasl-list"].code && code <= OPCODES["sasl-step"].code;
}

export function listMechanisms({ settings }: Context, connection: Connection): void {
  const { output } = connection;
  const { binary } = connection.decoder;
  if (settings.authentication === undefined) return writeBinaryStatus(output, binary, "unknown-command");
  connection.forget();
  writeBinaryText(output, binary, "PLAIN");
}

/** `sasl-auth`, `sasl-step`. */
export function authenticate(context: Context, connection: Connection): void {
  const { output } = connection;
  const { binary } = connection.decoder;
  const { settings } = context;
  const { authentication } = settings;
  if (authentication === undefined) return writeBinaryStatus(output, binary, "unknown-command");
  if (binary.keyEnd - binary.keyStart > MECHANISM_BYTES_MAX) {
    return writeBinaryStatus(output, binary, "invalid");
  }
  if (binary.valueBytes > STRANGER_BYTES_MAX) return writeBinaryStatus(output, binary, "out-of-memory");
  connection.forget();
  if (binary.opcode === "sasl-auth") {
    connection.sasl = isPlain(binary) ? "asked" : "none";
    if (connection.sasl === "asked" && binary.valueBytes === 0) {
      return writeBinaryStatus(output, binary, "auth-continue");
    }
  }
  context.counters.authCmds++;
  if (connection.sasl === "asked" && isKnown(binary, authentication.check)) {
    connection.know(settings.limits.valueBytesMax);
    connection.sasl = "done";
    return writeBinaryText(output, binary, "Authenticated");
  }
  context.counters.authErrors++;
  if (binary.opcode === "sasl-auth") connection.sasl = "none";
  writeBinaryStatus(output, binary, "auth-error");
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
  const actsFor = message.subarray(0, first);
  if (first > 0 && latin1Text(actsFor) !== latin1Text(name)) return false;
  return check(name, message.subarray(second + 1));
}
