export type { ServerCounters } from "./counters.ts";
export type { ServerLimits, ServerOptions, ServerSettings } from "./options.ts";
export { ServerEngine } from "./server-engine.ts";
