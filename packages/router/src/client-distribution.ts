// Makes the distributions that go by a client's name.

import {
  cacheMemcachedFastRing,
  dalliRing,
  hashringRing,
  npmMemcachedRing,
  npmMemcacheRing,
  npmMemcacheSigned,
} from "./client-rings.ts";
import type { ClientOptions } from "./distribution-options.ts";
import type { Distribution } from "./distribution.ts";
import { crc32, crc32a, crc32NotZero } from "./hash/crc.ts";
import type { WordHash } from "./hash/word-hash.ts";
import { md5 } from "./hash/md5.ts";
import { sha1 } from "./hash/sha1.ts";
import { memjs, npmMemcache } from "./hash/text-hashes.ts";
import { ModulaDistribution } from "./modula.ts";
import { oneOf, ringPoints } from "./option-checks.ts";
import { PymemcacheDistribution } from "./pymemcache.ts";
import { RingDistribution } from "./ring-distribution.ts";
import { addressName, type NodeRule } from "./server.ts";

const slots: NodeRule = { nameOf: addressName, order: "listed", weights: "none" };
const weightedSlots: NodeRule = { ...slots, weights: "whole" };
const digests: Readonly<Record<"md5" | "sha1", WordHash>> = { md5, sha1 };
const algorithms = ["md5", "sha1"] as const;

/** @throws RangeError as `createDistribution` */
export function createClientDistribution(options: ClientOptions): Distribution {
  const { servers } = options;
  switch (options.distribution) {
    case "pymemcache":
      return new PymemcacheDistribution(servers);
    case "python-memcached":
      return new ModulaDistribution(servers, weightedSlots, crc32NotZero);
    case "dalli":
      return new RingDistribution(servers, dalliRing, crc32a);
    case "gomemcache":
      return new ModulaDistribution(servers, slots, crc32a);
    case "memjs":
      return new ModulaDistribution(servers, slots, memjs);
    case "cache-memcached-fast": {
      const { ketamaPoints = 0 } = options;
      if (ketamaPoints === 0) return new ModulaDistribution(servers, weightedSlots, crc32);
      return new RingDistribution(
        servers,
        cacheMemcachedFastRing(ringPoints("ketamaPoints", ketamaPoints)),
        crc32a,
      );
    }
    case "npm-memcached": {
      const algorithm = oneOf("algorithm", options.algorithm ?? "md5", algorithms);
      return new RingDistribution(servers, npmMemcachedRing(algorithm), digests[algorithm]);
    }
    case "npm-hashring": {
      const algorithm = oneOf("algorithm", options.algorithm ?? "md5", algorithms);
      const compatibility = oneOf("compatibility", options.compatibility ?? "ketama", [
        "ketama",
        "hash_ring",
      ]);
      return new RingDistribution(servers, hashringRing(algorithm, compatibility), digests[algorithm]);
    }
    case "npm-memcache":
      return oneOf("placement", options.placement ?? "ketama", ["ketama", "modula"]) === "ketama"
        ? new RingDistribution(servers, npmMemcacheRing, npmMemcacheSigned)
        : new ModulaDistribution(servers, weightedSlots, npmMemcache);
  }
}
