// Every status that memcached answers, with its number and the text that comes with it: one table.

import type { BinaryStatus } from "./binary-message.ts";

export interface StatusRow {
  readonly code: number;
  /** What memcached says beside it, without an end; empty where the reply has a body of its own, or none. */
  readonly text: string;
}

/** By name. A retrieval that is to answer with its key answers a miss with that, and without the text. */
export const BINARY_STATUSES: Readonly<Record<BinaryStatus, StatusRow>> = {
  ok: { code: 0x00, text: "" },
  "not-found": { code: 0x01, text: "Not found" },
  exists: { code: 0x02, text: "Data exists for key." },
  "too-large": { code: 0x03, text: "Too large." },
  invalid: { code: 0x04, text: "Invalid arguments" },
  "not-stored": { code: 0x05, text: "Not stored." },
  "non-numeric": { code: 0x06, text: "Non-numeric server-side value for incr or decr" },
  "auth-error": { code: 0x20, text: "Auth failure." },
  "auth-continue": { code: 0x21, text: "" },
  "unknown-command": { code: 0x81, text: "Unknown command" },
  "out-of-memory": { code: 0x82, text: "Out of memory" },
};

const byCode: (BinaryStatus | undefined)[] = Array.from({ length: 256 });
for (const [name, { code }] of Object.entries(BINARY_STATUSES)) byCode[code] = name as BinaryStatus;

/** By number; `undefined` for one that memcached does not answer. */
export function statusName(code: number): BinaryStatus | undefined {
  return code < 256 ? byCode[code] : undefined;
}
