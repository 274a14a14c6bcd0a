// Makes a distribution from what people configure.

import type { Distribution } from "./distribution.ts";
import { tagged } from "./hash-tag.ts";
import { hashes, type HashName } from "./hash/hashes.ts";
import type { KeyHash } from "./hash/key-hash.ts";
import { KetamaDistribution } from "./ketama.ts";
import { ModulaDistribution } from "./modula.ts";
import { RandomDistribution } from "./random.ts";
import { nodesOf, type Server } from "./server.ts";

/** How keys are spread over servers. */
export type DistributionOptions = HashedOptions | RandomOptions;

/** By the key's hash. */
export interface HashedOptions {
  /** `ketama`: a ring, few keys move when servers come and go. `modula`: hash modulo the sum of the weights. */
  readonly distribution: "ketama" | "modula";
  readonly hash: HashName;
  /** Two characters, such as `{}`: of a key that has them, only what stands between is hashed. */
  readonly hashTag?: string;
  readonly servers: readonly Server[];
}

/** By chance, whatever the key and the weights. */
export interface RandomOptions {
  readonly distribution: "random";
  /** Answers a number from 0 up to, not including, 1; such as `Math.random`. */
  readonly random: () => number;
  readonly servers: readonly Server[];
}

/** The name of a distribution. */
export type DistributionName = DistributionOptions["distribution"];

/**
 * A distribution over a list of servers, which may be empty.
 *
 * It answers what twemproxy 0.5 answers for the same options, server by server; with `ketama` and `md5` also what
 * libmemcached (weighted ketama) and npm memcached answer.
 *
 * @throws RangeError for an unknown name, or a weight, hash tag or number of servers out of bounds
 */
export function createDistribution(options: DistributionOptions): Distribution {
  const nodes = nodesOf(options.servers);
  switch (options.distribution) {
    case "ketama":
      return new KetamaDistribution(nodes, hashOf(options));
    case "modula":
      return new ModulaDistribution(nodes, hashOf(options));
    case "random":
      return new RandomDistribution(nodes, options.random);
    default: {
      const { distribution }: { distribution: string } = options satisfies never;
      throw new RangeError(`distribution must be ketama, modula or random, got ${distribution}`);
    }
  }
}

function hashOf({ hash, hashTag }: HashedOptions): KeyHash {
  if (!Object.hasOwn(hashes, hash)) {
    throw new RangeError(`hash must be one of ${Object.keys(hashes).join(", ")}, got ${hash}`);
  }
  return hashTag === undefined ? hashes[hash] : tagged(hashes[hash], hashTag);
}
