// What a server may answer to what, and after which errors of its own it can be believed to be in step.

import { startsWith, type ReplyKind, type TextReplyDecoder } from "@memwire/codec";
import type { ErrorKind, Expected } from "./fragment.ts";
import { UNSAYABLE } from "./unsayable.ts";

/** Client errors that leave the connection in step: the request was well formed, the value was not. */
const HARMLESS = ["cannot increment", "invalid numeric delta", "invalid exptime", UNSAYABLE];

/** With these memcached says that it reads the value to its end and throws it away. */
const SWALLOWED = ["object too large", "out of memory storing"];

/** What memcached says to a connection above its limit, before it closes it: no answer to anything. */
const FULL = ["Too many open connections"];

/** Whether a line of that kind is an answer to what was asked. */
export function answers(kind: ReplyKind, expected: Expected): boolean {
  switch (kind) {
    case "stored":
    case "not-stored":
    case "exists":
      return expected === "stored";
    case "deleted":
      return expected === "deleted";
    case "touched":
      return expected === "touched";
    case "number":
      return expected === "count";
    case "ok":
      return expected === "flushed";
    case "not-found":
      return expected !== "values" && expected !== "flushed" && expected !== "meta";
    default:
      return false;
  }
}

/** Whether an error line says that the server takes no more connections. */
export function saysFull(reply: TextReplyDecoder, kind: ErrorKind): boolean {
  return kind === "error" && says(reply, FULL);
}

/**
 * Whether a server that gave that error reads on where the next request begins.
 *
 * @param isEarly It may have come before the value of the request was all sent: then what is left of that may be taken
 * for commands.
 */
export function staysInStep(reply: TextReplyDecoder, kind: ErrorKind, isEarly: boolean): boolean {
  switch (kind) {
    case "server-error":
      return !isEarly || says(reply, SWALLOWED);
    case "client-error":
      return says(reply, HARMLESS);
    default:
      return false;
  }
}

function says({ bytes, valueStart, valueEnd }: TextReplyDecoder, texts: readonly string[]): boolean {
  return texts.some((text) => startsWith(bytes, valueStart, valueEnd, text));
}
