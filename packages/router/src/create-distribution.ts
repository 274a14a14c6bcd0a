// Makes a distribution from what people configure.

import { Ch3Distribution } from "./ch3.ts";
import { createClientDistribution } from "./client-distribution.ts";
import type {
  ConsistentOptions,
  DistributionOptions,
  HashedOptions,
  KeyOptions,
} from "./distribution-options.ts";
import type { Distribution } from "./distribution.ts";
import { wordHashes, type HashName } from "./hash/hashes.ts";
import type { WordHash } from "./hash/word-hash.ts";
import type { WideHash } from "./hash/wide-hash.ts";
import { xxh3, xxh3LowerUnder } from "./hash/xxh3.ts";
import { JumpDistribution } from "./jump.ts";
import { HashStop, HashTag, PartDistribution } from "./key-part.ts";
import { ModulaDistribution } from "./modula.ts";
import { oneOf, refuseUnknown, ringPoints } from "./option-checks.ts";
import { RandomDistribution } from "./random.ts";
import { RendezvousDistribution } from "./rendezvous.ts";
import { RingDistribution } from "./ring-distribution.ts";
import { recipeOf, RING_POINTS } from "./ring-naming.ts";
import { hashPoints } from "./ring-points.ts";
import type { RingRecipe } from "./ring.ts";
import { SaltedDistribution } from "./salted.ts";
import { checkServers, libmemcachedName, slashedName, TWEMPROXY_RULE, type NodeRule } from "./server.ts";
import { utf8 } from "./utf8.ts";
import { WeightedCh3Distribution } from "./weighted-ch3.ts";
import { WeightedRendezvousDistribution } from "./weighted-rendezvous.ts";

/** The names of all distributions. */
export const distributions: readonly DistributionOptions["distribution"][] = [
  "ketama",
  "modula",
  "random",
  "consistent",
  "jump",
  "ch3",
  "weighted-ch3",
  "rendezvous",
  "weighted-rendezvous",
  "pymemcache",
  "python-memcached",
  "dalli",
  "gomemcache",
  "memjs",
  "cache-memcached-fast",
  "npm-memcached",
  "npm-hashring",
  "npm-memcache",
];

type NamesOf<T> = T extends unknown ? keyof T : never;

/** Of any distribution: which of them go with which, the types say. */
const OPTIONS: readonly string[] = Object.keys({
  distribution: true,
  servers: true,
  hash: true,
  hashTag: true,
  emptyHashTag: true,
  hashStop: true,
  salt: true,
  seed: true,
  ring: true,
  order: true,
  random: true,
  ketamaPoints: true,
  algorithm: true,
  compatibility: true,
  placement: true,
} satisfies Record<NamesOf<DistributionOptions>, true>);

const CONSISTENT_POINTS = 100;
const listed: NodeRule = { nameOf: libmemcachedName, order: "listed", weights: "none" };

/**
 * A distribution over a list of servers, which may be empty.
 *
 * It answers what they answer for the same options, server by server, after whom it is called or whose it is said to be:
 * twemproxy 0.5, libmemcached 1.1, memcached 1.6's own proxy, spymemcached, mcrouter, and the clients.
 *
 * @throws RangeError for an unknown name, or a weight, hash tag, option or number of servers out of bounds; TypeError
 * for a list of servers, or a server, that is none
 */
export function createDistribution(options: DistributionOptions): Distribution {
  refuseUnknown("a distribution", options, OPTIONS);
  checkServers(options.servers);
  if (options.distribution === "random") return new RandomDistribution(options.servers, options.random);
  const distribution = ofWholeKeys(options);
  return ofParts(
    options.salt === undefined ? distribution : new SaltedDistribution(distribution, options.salt),
    options,
  );
}

type KeyedOptions = Exclude<DistributionOptions, { distribution: "random" }>;

function ofWholeKeys(options: KeyedOptions): Distribution {
  const { servers } = options;
  switch (options.distribution) {
    case "ketama":
      return ketama(options);
    case "modula":
      return modula(options);
    case "consistent":
      return new RingDistribution(servers, consistentRecipe(options), hashOf(options.hash));
    case "jump":
      return new JumpDistribution(servers, wideHash(options.hash ?? "xxh3", options.seed));
    case "ch3":
      return new Ch3Distribution(servers);
    case "weighted-ch3":
      return new WeightedCh3Distribution(servers);
    case "rendezvous":
      return new RendezvousDistribution(servers);
    case "weighted-rendezvous":
      return new WeightedRendezvousDistribution(servers);
    default:
      // From a configuration anything may come.
      oneOf<string>("distribution", options.distribution, distributions);
      return createClientDistribution(options);
  }
}

function ketama({ servers, hash, seed, ring = {}, order }: HashedOptions): Distribution {
  refuseUnknown("ring", ring, ["naming", "points"]);
  const { naming = "twemproxy", points = RING_POINTS } = ring;
  if (order !== undefined) throw new RangeError(`order is for modula: a ring has none, got ${order}`);
  return new RingDistribution(
    servers,
    recipeOf(naming, ringPoints("points", points)),
    seededHash(hash, seed),
  );
}

function modula({ servers, hash, seed, ring, order = "sorted" }: HashedOptions): Distribution {
  if (ring !== undefined) throw new RangeError("ring is for ketama: modula has none");
  if (seed !== undefined) throw new RangeError(`seed is for ketama and jump, got ${seed} for modula`);
  const rule = oneOf("order", order, ["sorted", "listed"]) === "sorted" ? TWEMPROXY_RULE : listed;
  return new ModulaDistribution(servers, rule, hashOf(hash));
}

/** One weight above 1, and libmemcached makes its points as for ketama; of the keys it takes the same hash as ever. */
function consistentRecipe({ servers, hash, ring = {} }: ConsistentOptions): RingRecipe {
  refuseUnknown("ring of consistent", ring, ["naming"]);
  const weighted = servers.some(({ weight = 1 }) => weight !== 1);
  const naming = oneOf("naming", ring.naming ?? "libmemcached", ["libmemcached", "libmemcached-spy"]);
  const plain = recipeOf("libmemcached", RING_POINTS);
  const recipe = naming === "libmemcached" ? plain : { ...plain, nameOf: slashedName };
  return weighted
    ? recipe
    : { ...recipe, textsOf: () => CONSISTENT_POINTS, addPoints: hashPoints(hashOf(hash)) };
}

function ofParts(distribution: Distribution, options: KeyOptions): Distribution {
  const { hashTag, hashStop, emptyHashTag = "key" } = options;
  if (hashTag !== undefined && hashStop !== undefined) {
    throw new RangeError(`a key has a hash tag or a hash stop, got both ${hashTag} and ${hashStop}`);
  }
  if (hashTag !== undefined) return new PartDistribution(distribution, new HashTag(hashTag, emptyHashTag));
  return hashStop === undefined ? distribution : new PartDistribution(distribution, new HashStop(hashStop));
}

function hashOf(name: HashName): WordHash {
  if (!Object.hasOwn(wordHashes, name)) {
    throw new RangeError(`hash must be one of ${Object.keys(wordHashes).join(", ")}, got ${name}`);
  }
  return wordHashes[name];
}

/** @see memcached proxy_lua.c, mcplib_pool: the seed of the keys' hash is the hash of the text */
function seededHash(name: HashName, seed: string | undefined): WordHash {
  if (seed === undefined) return hashOf(name);
  const [low, high] = seedOf(name, seed);
  return xxh3LowerUnder(low, high);
}

/** All of XXH3; any other hash as the lower half. */
function wideHash(name: HashName, seed: string | undefined): WideHash {
  if (seed !== undefined) return xxh3(...seedOf(name, seed));
  if (name === "xxh3") return xxh3();
  const hash = hashOf(name);
  return (bytes, start, end, into) => {
    into[0] = hash(bytes, start, end);
    into[1] = 0;
  };
}

function seedOf(name: HashName, seed: string): [low: number, high: number] {
  if (name !== "xxh3") throw new RangeError(`only the hash xxh3 has a seed, got ${seed} for ${name}`);
  const text = utf8(seed);
  const halves = new Int32Array(2);
  xxh3()(text, 0, text.length, halves);
  return [halves[0] as number, halves[1] as number];
}
