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
  | "bad-token"
  | "bad-initial"
  | "bad-meta-delta"
  | "bad-base64"
  | "invalid-flag"
  | "duplicate-flag"
  | "bad-ma-flags"
  | "bad-ms-mode"
  | "bad-ma-mode"
  | "too-many-flags"
  | "opaque-too-long"
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
  "bad-token": "CLIENT_ERROR bad token in command line format",
  "bad-initial": "CLIENT_ERROR invalid numeric initial value",
  "bad-meta-delta": "CLIENT_ERROR invalid numeric delta value",
  "bad-base64": "CLIENT_ERROR error decoding key",
  "invalid-flag": "CLIENT_ERROR invalid flag",
  "duplicate-flag": "CLIENT_ERROR duplicate flag",
  "bad-ma-flags": "CLIENT_ERROR invalid or duplicate flag",
  "bad-ms-mode": "CLIENT_ERROR invalid mode for ms M token",
  "bad-ma-mode": "CLIENT_ERROR invalid mode for ma M token",
  "too-many-flags": "CLIENT_ERROR options flags are too long",
  "opaque-too-long": "CLIENT_ERROR opaque token too long",
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
