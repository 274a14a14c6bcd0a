import type { ClientContext, LoadLimits, ServerContext, ServerLimits } from "@memwire/link";
import type { InvalidationCounters } from "./counters.ts";
import type { KeyQueue } from "./key-queue.ts";
import type { InvalidationLimits } from "./options.ts";

/** What the parts of one invalidation share. */
export interface InvalidationContext extends ClientContext, ServerContext {
  readonly limits: InvalidationLimits & LoadLimits & ServerLimits;
  readonly queue: KeyQueue;
  readonly writes: InvalidationCounters;
  readonly version: string;
}
