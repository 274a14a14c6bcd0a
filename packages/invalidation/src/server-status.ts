import type { Millis } from "@memwire/engine";
import type { ServerStatus } from "@memwire/link";
import type { DeleteCounters } from "./counters.ts";

/** One server as seen from outside: for logs, metrics and tests. */
export interface InvalidationServerStatus extends ServerStatus {
  /** Keys that are still to be deleted there, those in flight included. */
  readonly depth: number;
  readonly inFlight: number;
  /** How long ago the oldest write came whose key is still to be deleted; 0 if there is none. */
  readonly oldestAgeMs: Millis;
  readonly deletes: Readonly<DeleteCounters>;
}
