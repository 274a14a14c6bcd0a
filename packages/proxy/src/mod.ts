export {
  checkCredentials,
  DEFAULT_TIMEOUT_MS,
  type ClientCounters,
  type ServerCounters,
} from "@memwire/link";
export type { HealthChange } from "./health-watch.ts";
export {
  DEFAULT_PROXY_LIMITS,
  type Facts,
  type PoolOptions,
  type ProxyLimits,
  type ProxyOptions,
  type ServerOptions,
} from "./options.ts";
export type { UserCheck } from "./sasl.ts";
export { ProxyEngine } from "./proxy-engine.ts";
export type { PoolServerState, PoolServerStatus } from "./server-status.ts";
