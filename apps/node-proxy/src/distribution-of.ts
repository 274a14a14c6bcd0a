// The distribution of a configured pool.

import { ringServer, type PoolConfig } from "@memwire/config";
import { createDistribution, type Distribution } from "@memwire/router";

/** @param servers Those of the pool, or those of them that are left. */
export function distributionOf(
  { distribution, hash, hashTag }: Pick<PoolConfig, "distribution" | "hash" | "hashTag">,
  servers: PoolConfig["servers"],
): Distribution {
  const ring = servers.map(ringServer);
  if (distribution === "random")
    return createDistribution({ distribution, servers: ring, random: Math.random });
  return createDistribution({
    distribution,
    hash,
    servers: ring,
    ...(hashTag === undefined ? {} : { hashTag }),
  });
}
