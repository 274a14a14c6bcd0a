export { createDistribution, distributions } from "./create-distribution.ts";
export type {
  CacheMemcachedFastOptions,
  ClientOptions,
  ConsistentOptions,
  DistributionName,
  DistributionOptions,
  HashedOptions,
  JumpOptions,
  KeyOptions,
  McrouterOptions,
  NpmHashringOptions,
  NpmMemcachedOptions,
  NpmMemcacheOptions,
  PlacedOptions,
  PlainClientOptions,
  RandomOptions,
  RingOptions,
} from "./distribution-options.ts";
export { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
export { isFailOpen } from "./health/fail-open.ts";
export {
  Health,
  type Administered,
  type FailureKind,
  type FailureWeight,
  type HealthStatus,
} from "./health/health.ts";
export { DEFAULT_HEALTH, healthFrom, type HealthOptions } from "./health/health-options.ts";
export { hashes, type HashName } from "./hash/hashes.ts";
export type { KeyHash } from "./hash/key-hash.ts";
export { ringNamings, type RingNaming } from "./ring-naming.ts";
export {
  checkServers,
  ringName,
  SERVERS_MAX,
  WEIGHT_MAX,
  type Server,
  type ServerAddress,
} from "./server.ts";
