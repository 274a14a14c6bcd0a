// Every distribution, for laws that hold of all of them or of some.

import type { HashName, RingNaming } from "../src/mod.ts";
import { hashes, ringNamings } from "../src/mod.ts";
import type { Unplaced } from "./vectors.ts";

const hashNames = Object.keys(hashes) as HashName[];

const ring = (naming: RingNaming): Unplaced => ({ distribution: "ketama", hash: "md5", ring: { naming } });

/** Rings whose servers all have as many points, whatever their number: only keys of the server that goes move. */
export const equalRings: readonly Unplaced[] = [
  ring("spymemcached"),
  ring("evcache"),
  ring("memcached-proxy"),
  ring("memcached-proxy-ketama"),
  ring("memcached-proxy-twemproxy"),
  { distribution: "ketama", hash: "xxh3", seed: "a", ring: { naming: "memcached-proxy", points: 200 } },
  { distribution: "consistent", hash: "md5" },
  { distribution: "consistent", hash: "md5", ring: { naming: "libmemcached-spy" } },
  { distribution: "dalli" },
  { distribution: "cache-memcached-fast", ketamaPoints: 150 },
];

/** Whoever goes, only its keys move; the order of the list never counts. */
export const rendezvous: readonly Unplaced[] = [
  { distribution: "rendezvous" },
  { distribution: "weighted-rendezvous" },
  { distribution: "pymemcache" },
];

/** By place in the list: only keys of the last server move when it goes. */
export const byPlace: readonly Unplaced[] = [
  { distribution: "jump" },
  { distribution: "jump", seed: "a" },
  { distribution: "ch3" },
  { distribution: "weighted-ch3" },
];

/** All but `random`. */
export const all: readonly Unplaced[] = [
  ...hashNames.flatMap((hash): Unplaced[] => [
    { distribution: "ketama", hash },
    { distribution: "consistent", hash },
    { distribution: "modula", hash },
    { distribution: "modula", hash, order: "listed" },
    { distribution: "jump", hash },
  ]),
  ...ringNamings.map(ring),
  ...equalRings,
  ...rendezvous,
  ...byPlace,
  { distribution: "python-memcached" },
  { distribution: "gomemcache" },
  { distribution: "memjs" },
  { distribution: "cache-memcached-fast" },
  { distribution: "npm-memcached" },
  { distribution: "npm-memcached", algorithm: "sha1" },
  { distribution: "npm-hashring", algorithm: "sha1", compatibility: "hash_ring" },
  { distribution: "npm-memcache" },
  { distribution: "npm-memcache", placement: "modula" },
];
