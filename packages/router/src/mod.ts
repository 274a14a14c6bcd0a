export {
  createDistribution,
  type DistributionName,
  type DistributionOptions,
  type HashedOptions,
  type RandomOptions,
} from "./create-distribution.ts";
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
export { ringName, SERVERS_MAX, WEIGHT_MAX, type Server, type ServerAddress } from "./server.ts";
