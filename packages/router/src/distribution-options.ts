// What can be asked for: one type for each family, told apart by `distribution`.

import type { HashName } from "./hash/hashes.ts";
import type { RingNaming } from "./ring-naming.ts";
import type { Server } from "./server.ts";

/** How keys are spread over servers. */
export type DistributionOptions = HashedOptions | RandomOptions | PlacedOptions | ClientOptions;

/** What all but `random` have. */
export interface KeyOptions {
  readonly servers: readonly Server[];
  /** Two characters, such as `{}`: of a key that has them, only what stands between is hashed. */
  readonly hashTag?: string;
  /**
   * What is hashed of a key with nothing in its tag: the whole `key`, as twemproxy has it, or `nothing`, as memcached's
   * own proxy with `tags`. Default `key`.
   */
  readonly emptyHashTag?: "key" | "nothing";
  /** A mark, such as mcrouter's `|#|`: of a key that has it, only what stands before is hashed. Not with a hash tag. */
  readonly hashStop?: string;
  /** Is put behind what is hashed of every key: mcrouter's `salt`. */
  readonly salt?: string;
}

/**
 * By the key's hash, as twemproxy, libmemcached, spymemcached and memcached's own proxy do it.
 *
 * `ketama`: a ring with points for each server; few keys move when servers come and go. `modula`: the hash modulo the
 * number of servers, or the sum of their weights; most keys move.
 */
export interface HashedOptions extends KeyOptions {
  readonly distribution: "ketama" | "modula";
  readonly hash: HashName;
  /** Of `ketama` with `xxh3`: the `seed` of memcached's own proxy. Default: none. */
  readonly seed?: string;
  /** Of `ketama` only. */
  readonly ring?: RingOptions;
  /**
   * Of `modula` only. `sorted`: twemproxy sorts its servers, shorter names first. `listed`: as they are given, which is
   * what libmemcached, spymemcached's ARRAY_MOD and mcrouter's Crc32 do; all three know no weights. Default `sorted`.
   */
  readonly order?: "sorted" | "listed";
}

/** Whose ring it is. */
export interface RingOptions {
  /** What stands on the ring for a server, and how weights count. Default `twemproxy`. */
  readonly naming?: RingNaming;
  /** Points of a server of average weight; 1 to 4,096, by fours but with `memcached-proxy`. Default 160. */
  readonly points?: number;
}

/** By chance, whatever the key and the weights. */
export interface RandomOptions {
  readonly distribution: "random";
  /** Answers a number from 0 up to, not including, 1; such as `Math.random`. */
  readonly random: () => number;
  readonly servers: readonly Server[];
}

/** The distributions of libmemcached, memcached's own proxy and mcrouter that are no ketama. */
export type PlacedOptions = ConsistentOptions | JumpOptions | McrouterOptions;

/**
 * libmemcached's DISTRIBUTION_CONSISTENT: a ring of 100 points a server, made with the hash of the keys. If a weight is
 * not 1 the points are those of its ketama, as they are there.
 */
export interface ConsistentOptions extends KeyOptions {
  readonly distribution: "consistent";
  /** libmemcached's default is `one_at_a_time`. */
  readonly hash: HashName;
  /** `libmemcached-spy` is its CONSISTENT_KETAMA_SPY: `/host:port` stands on the ring. Default `libmemcached`. */
  readonly ring?: { readonly naming?: "libmemcached" | "libmemcached-spy" };
}

/** Jump consistent hashing by a server's place in the list: the default of memcached's own proxy. */
export interface JumpOptions extends KeyOptions {
  readonly distribution: "jump";
  /** Default `xxh3`, all of its 64 bits. */
  readonly hash?: HashName;
  /** With `xxh3`: the `seed` of memcached's own proxy. Default: none. */
  readonly seed?: string;
}

/**
 * mcrouter's. `ch3`, its default, and `weighted-ch3` go by a server's place in the list; `rendezvous` and
 * `weighted-rendezvous` by its name.
 */
export interface McrouterOptions extends KeyOptions {
  readonly distribution: "ch3" | "weighted-ch3" | "rendezvous" | "weighted-rendezvous";
}

/** The distributions of clients that are like nobody else's: under the client's name, with its own options. */
export type ClientOptions =
  | PlainClientOptions
  | CacheMemcachedFastOptions
  | NpmMemcachedOptions
  | NpmHashringOptions
  | NpmMemcacheOptions;

/**
 * Clients without options: Python's pymemcache (HashClient: rendezvous) and python-memcached (modulo), Ruby's dalli (a
 * ring), Go's gomemcache (modulo), npm memjs (modulo).
 */
export interface PlainClientOptions extends KeyOptions {
  readonly distribution: "pymemcache" | "python-memcached" | "dalli" | "gomemcache" | "memjs";
}

/** Perl's Cache::Memcached::Fast, and with no points Cache::Memcached. */
export interface CacheMemcachedFastOptions extends KeyOptions {
  readonly distribution: "cache-memcached-fast";
  /** Its `ketama_points`: 0 is modulo; else points of a server of weight 1, 4,096 at the most. Default 0. */
  readonly ketamaPoints?: number;
}

/** npm memcached: with `md5` keys lie where ketama puts them. */
export interface NpmMemcachedOptions extends KeyOptions {
  readonly distribution: "npm-memcached";
  /** Default `md5`. */
  readonly algorithm?: "md5" | "sha1";
}

/** npm hashring. */
export interface NpmHashringOptions extends KeyOptions {
  readonly distribution: "npm-hashring";
  /** Default `md5`. */
  readonly algorithm?: "md5" | "sha1";
  /** `hash_ring` is that of the Python package. Default `ketama`. */
  readonly compatibility?: "ketama" | "hash_ring";
}

/** npm memcache, with its own hash. */
export interface NpmMemcacheOptions extends KeyOptions {
  readonly distribution: "npm-memcache";
  /** Its `KetamaHash` or its `ModulaHash`. Default `ketama`. */
  readonly placement?: "ketama" | "modula";
}

/** The name of one of twemproxy's distributions. */
export type DistributionName = (HashedOptions | RandomOptions)["distribution"];
