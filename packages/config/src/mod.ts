export { parseBackend, parseListen, type ListenConfig, type ServerConfig } from "./address-text.ts";
export { createPlacement } from "./create-placement.ts";
export {
  defaultHashes,
  distributionNames,
  hashNames,
  type DistributionConfig,
  type PlacementName,
} from "./distribution-schema.ts";
export { readGatewayConfig, type GatewayConfigReading } from "./gateway-config.ts";
export type { GatewayLimitsConfig } from "./gateway-limits.ts";
export type { GatewayConfig } from "./gateway-schema.ts";
export { describeMistake, type Mistake } from "./mistake.ts";
export { nearest } from "./nearest.ts";
export type { JsonSchema } from "./json-schema.ts";
export {
  DEFAULT_TIMEOUT_MS,
  type CredentialsConfig,
  type HealthConfig,
  type ListenerConfig,
  type PoolConfig,
  type PoolServerConfig,
  type ProtocolName,
  type TlsConnectConfig,
  type TlsListenConfig,
} from "./pool-config.ts";
export {
  NO_LIMITS,
  TWEMPROXY_LIMITS,
  proxyJsonSchema,
  readProxyConfig,
  type ProxyConfig,
  type ProxyConfigReading,
} from "./proxy-config.ts";
export type { ProxyLimitsConfig } from "./proxy-limits.ts";
export type { RateConfig } from "./rate-schema.ts";
export { ringServer } from "./ring-server.ts";
export type { GatewayMethod, RouteConfig } from "./route-schema.ts";
export { readServersFile, type ServersFileReading } from "./servers-file.ts";
export type { IsMeant } from "./steps-to-text.ts";
export type { PlaceOf } from "./yaml-config.ts";
