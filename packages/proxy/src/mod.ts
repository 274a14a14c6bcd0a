export type { ProxyCounters, ServerCounters } from "./counters.ts";
export {
  DEFAULT_PROXY_LIMITS,
  DEFAULT_TIMEOUT_MS,
  type PoolOptions,
  type ProxyLimits,
  type ProxyOptions,
  type ServerOptions,
} from "./options.ts";
export { ProxyEngine, type ServerStatus } from "./proxy-engine.ts";
