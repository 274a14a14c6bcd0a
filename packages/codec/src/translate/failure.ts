// Errors of the text protocol and statuses of the binary one: one table for both directions.

import { BINARY_STATUSES } from "../binary/status.ts";
import type { BinaryStatus } from "../binary/binary-message.ts";
import type { Failure } from "./operation.ts";

/** A status that says what no outcome but a failure is. */
type FailureStatus =
  | "unknown-command"
  | "invalid"
  | "auth-error"
  | "too-large"
  | "out-of-memory"
  | "non-numeric";

/** What each says beside its status is memcached's text for it: binary/status.ts. */
const FAILURES: Readonly<Record<FailureStatus, Failure>> = {
  "unknown-command": { kind: "error", text: "" },
  invalid: { kind: "client-error", text: "bad command line format" },
  "auth-error": { kind: "client-error", text: "unauthenticated" },
  "too-large": { kind: "server-error", text: "object too large for cache" },
  "out-of-memory": { kind: "server-error", text: "out of memory storing object" },
  "non-numeric": { kind: "client-error", text: "cannot increment or decrement non-numeric value" },
};

/** Of texts that are not in the table: whose fault it is. For a server's own there is no other status. */
const OTHER: Readonly<Record<Failure["kind"], FailureStatus>> = {
  error: "unknown-command",
  "client-error": "invalid",
  "server-error": "out-of-memory",
};

/** What a binary client is told: a text that is not in the table goes along as it is. */
export function statusOf(failure: Failure): readonly [status: BinaryStatus, text: string] {
  for (const [status, { kind, text }] of Object.entries(FAILURES)) {
    const known = status as FailureStatus;
    if (kind === failure.kind && text === failure.text) return [known, BINARY_STATUSES[known].text];
  }
  return [OTHER[failure.kind], failure.text];
}

/** What a client of the text protocol is told; `undefined` for a status that is no failure. @param text One line. */
export function failureOf(status: BinaryStatus, text: string): Failure | undefined {
  if (!(status in FAILURES)) return undefined;
  const known = FAILURES[status as FailureStatus];
  if (text === "" || text === BINARY_STATUSES[status].text) return known;
  return { kind: known.kind, text };
}
