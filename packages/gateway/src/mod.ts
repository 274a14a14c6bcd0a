export type { AccessLine } from "./access-line.ts";
export type { GatewayCounters, Outcome, OutcomeCounters } from "./counters.ts";
export { createGateway, type Gateway, type Peer } from "./gateway.ts";
export {
  DEFAULT_GATEWAY_LIMITS,
  type GatewayLimits,
  type GatewayOptions,
  type Method,
  type RateLimit,
  type RouteOptions,
} from "./options.ts";
