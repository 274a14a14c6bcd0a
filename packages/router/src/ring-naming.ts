// Whose ketama ring it is: what stands on it for a server, and how often. All but one take MD5 of `<name>-<k>`, with
// four points each; they differ in the name, and in whether there are weights.

import { wordHashes } from "./hash/hashes.ts";
import {
  digestPoints,
  hashPoints,
  textsInSinglePrecision,
  textsOfFour,
  textsOfFourUnlessWeighted,
} from "./ring-points.ts";
import type { RingRecipe } from "./ring.ts";
import { addressName, libmemcachedName, ringName, type Server } from "./server.ts";

/**
 * The names of servers on a ketama ring; a server's own `name`, if it has one, always stands instead.
 *
 * | naming                      | on the ring                              | weights                              |
 * | --------------------------- | ---------------------------------------- | ------------------------------------ |
 * | `twemproxy`                 | `host`, or `host:port` if not 11211      | libmemcached's                       |
 * | `libmemcached`              | the same; a unix socket is `path:0`      | its own                              |
 * | `spymemcached`              | `host:port`                              | libmemcached's, if one is not 1      |
 * | `evcache`                   | `host/host:port`                         | none                                 |
 * | `memcached-proxy`           | `host:port`, XXH3, one point each        | none                                 |
 * | `memcached-proxy-ketama`    | `host:port`                              | none                                 |
 * | `memcached-proxy-twemproxy` | as `twemproxy`                           | none                                 |
 *
 * The last three are memcached's own proxy with `omode` not given, `ketama` and `twemproxy`; `evcache` is its fourth.
 *
 * @see libmemcached libmemcached/hosts.cc; memcached proxy_ring_hash.c; spymemcached KetamaNodeLocator
 */
export type RingNaming =
  | "twemproxy"
  | "libmemcached"
  | "spymemcached"
  | "evcache"
  | "memcached-proxy"
  | "memcached-proxy-ketama"
  | "memcached-proxy-twemproxy";

/** Points of a server of average weight, unless something else is asked for. */
export const RING_POINTS = 160;

const md5 = digestPoints("md5");
const listed = { order: "listed", weights: "whole", addPoints: md5 } as const;
const unweighted = { order: "listed", weights: "none", addPoints: md5 } as const;

const recipes: Readonly<Record<RingNaming, (points: number) => RingRecipe>> = {
  twemproxy: (points) => ({
    nameOf: ringName,
    order: "sorted",
    weights: "whole",
    textsOf: textsInSinglePrecision(points),
    addPoints: md5,
  }),
  libmemcached: (points) => ({
    ...listed,
    nameOf: libmemcachedName,
    textsOf: textsInSinglePrecision(points),
  }),
  spymemcached: (points) => ({
    ...listed,
    nameOf: addressName,
    textsOf: textsOfFourUnlessWeighted(points),
    ties: "last", // a sorted map: who comes later takes the place
  }),
  evcache: (points) => ({
    ...unweighted,
    nameOf: (server) =>
      named(server, "host" in server ? `${server.host}/${addressName(server)}` : server.path),
    textsOf: textsOfFour(points),
  }),
  "memcached-proxy": (points) => ({
    ...unweighted,
    nameOf: addressName,
    textsOf: () => points,
    addPoints: hashPoints(wordHashes.xxh3),
  }),
  "memcached-proxy-ketama": (points) => ({
    ...unweighted,
    nameOf: addressName,
    textsOf: textsOfFour(points),
  }),
  "memcached-proxy-twemproxy": (points) => ({
    ...unweighted,
    nameOf: ringName,
    textsOf: textsOfFour(points),
  }),
};

/** Every naming. */
export const ringNamings: readonly RingNaming[] = Object.keys(recipes) as RingNaming[];

/** @throws RangeError for a naming that there is not */
export function recipeOf(naming: RingNaming, points: number): RingRecipe {
  if (!Object.hasOwn(recipes, naming)) {
    throw new RangeError(`naming must be one of ${ringNamings.join(", ")}, got ${naming}`);
  }
  return recipes[naming](points);
}

function named(server: Server, otherwise: string): string {
  return server.name ?? otherwise;
}
