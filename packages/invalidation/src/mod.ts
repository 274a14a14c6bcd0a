export type { DeleteCounters, InvalidationCounters } from "./counters.ts";
export { InvalidationEngine } from "./invalidation-engine.ts";
export type { QueueLimits } from "./key-queue.ts";
export {
  DEFAULT_INVALIDATION_LIMITS,
  type InvalidationLimits,
  type InvalidationOptions,
  type InvalidationServer,
} from "./options.ts";
export type { InvalidationServerStatus } from "./server-status.ts";
