export type { RateLimit } from "@memwire/engine";
export type { AccessLine } from "./access-line.ts";
export type { GatewayCounters, Outcome, OutcomeCounters } from "./counters.ts";
export type { Peer } from "./exchange.ts";
export { createGateway, type Gateway } from "./gateway.ts";
export {
  DEFAULT_GATEWAY_LIMITS,
  type GatewayLimits,
  type GatewayOptions,
  type Method,
  type RouteOptions,
} from "./options.ts";
