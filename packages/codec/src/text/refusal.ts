// Why a request was refused, and memcached's words for it: one table.

import { latin1Bytes } from "../bytes.ts";

/** What is wrong with a request. */
export type Refusal =
  | "unknown-command"
  | "bad-format"
  | "bad-data-chunk"
  | "bad-delta"
  | "bad-exptime"
  | "bad-delete"
  | "too-large"
  | "too-many-keys"
  | "line-too-long"
  | "http";

/** The reply line without its end; empty where memcached closes the connection without a word. */
export const REFUSAL_TEXT: Readonly<Record<Refusal, string>> = {
  "unknown-command": "ERROR",
  "bad-format": "CLIENT_ERROR bad command line format",
  "bad-data-chunk": "CLIENT_ERROR bad data chunk",
  "bad-delta": "CLIENT_ERROR invalid numeric delta argument",
  "bad-exptime": "CLIENT_ERROR invalid exptime argument",
  "bad-delete": "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]",
  "too-large": "SERVER_ERROR object too large for cache",
  "too-many-keys": "CLIENT_ERROR too many keys in one command",
  "line-too-long": "",
  http: "",
};

const lines = new Map<Refusal, Uint8Array>(
  Object.entries(REFUSAL_TEXT).map(([refusal, text]) => [
    refusal as Refusal,
    latin1Bytes(text === "" ? "" : `${text}\r\n`),
  ]),
);

/** The whole reply, shared and read only; empty if there is none. */
export function refusalReply(refusal: Refusal): Uint8Array {
  return lines.get(refusal) as Uint8Array;
}
