import { createDistribution, type Distribution, type DistributionOptions } from "@memwire/router";
import { given } from "./given.ts";
import type { PoolConfig } from "./pool-config.ts";
import { ringServer } from "./ring-server.ts";

/**
 * The distribution of a pool.
 *
 * @param servers Those of the pool, or those of them that are left.
 * @param random Answers a number from 0 up to, not including, 1.
 * @throws RangeError for servers that do not go with it, such as weights where there are none
 */
export function createPlacement(
  pool: Pick<PoolConfig, "distribution" | "hash" | "hashTag" | "emptyHashTag" | "hashStop" | "salt">,
  servers: PoolConfig["servers"],
  random: () => number,
): Distribution {
  const { hash, hashTag, emptyHashTag, hashStop, salt } = pool;
  const { name: distribution, naming, points, ...rest } = pool.distribution;
  const ringServers = servers.map(ringServer);
  if (distribution === "random") return createDistribution({ distribution, servers: ringServers, random });
  const ring = naming === undefined && points === undefined ? undefined : given({ naming, points });
  // Which option goes with which distribution is the schema's business, and the router looks once more.
  return createDistribution({
    distribution,
    servers: ringServers,
    ...given({ ...rest, ring, hash, hashTag, emptyHashTag, hashStop, salt }),
  } as DistributionOptions);
}
