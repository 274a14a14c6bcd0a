// The rings of clients that are their own, and no libmemcached's.

import { crc32a } from "./hash/crc.ts";
import type { WordHash } from "./hash/word-hash.ts";
import { sha1BigEndian } from "./hash/sha1.ts";
import { npmMemcache } from "./hash/text-hashes.ts";
import { digestPoints, joined } from "./ring-points.ts";
import type { RingRecipe } from "./ring.ts";
import { addressName, bracketedName, ringName } from "./server.ts";
import { utf8 } from "./utf8.ts";

const HASHRING_TEXTS = 40;
const DALLI_POINTS = 160;
const NPM_MEMCACHE_POINTS = 50;

/**
 * dalli: the first four bytes of the SHA-1 of `<name>:<k>`, big-endian; a point owns what comes after it.
 *
 * @see dalli lib/dalli/ring.rb
 */
export const dalliRing: RingRecipe = {
  nameOf: addressName,
  order: "listed",
  weights: "whole",
  textsOf: ({ weight }, totalWeight, { length }) =>
    Math.floor((length * DALLI_POINTS * weight) / totalWeight),
  addPoints: ({ bytes }, texts, into) => {
    for (let k = 0; k < texts; k++) into.push(sha1BigEndian(joined(bytes, `:${k}`)));
  },
  owns: "after",
  ties: "last",
};

/**
 * npm hashring: as ketama, with weights in double precision. `hash_ring` takes three of the four points of a digest, as
 * the Python package of that name does.
 *
 * @see hashring index.js
 */
export function hashringRing(digest: "md5" | "sha1", compatibility: "ketama" | "hash_ring"): RingRecipe {
  return {
    nameOf: addressName,
    order: "listed",
    weights: "whole",
    textsOf: ({ weight }, totalWeight, { length }) =>
      Math.floor((weight / totalWeight) * HASHRING_TEXTS * length),
    addPoints: digestPoints(digest, compatibility === "hash_ring" ? 3 : 4),
  };
}

/** npm memcached: npm hashring, but leaving the port out if it is 11211. */
export function npmMemcachedRing(digest: "md5" | "sha1"): RingRecipe {
  return { ...hashringRing(digest, "ketama"), nameOf: ringName };
}

/** npm memcache's hash as its ring compares it: the order of signed numbers is that of these. */
export const npmMemcacheSigned: WordHash = (bytes, start, end) =>
  npmMemcache(bytes, start, end) ^ 0x8000_0000;

/**
 * npm memcache: its FNV-1a of `<name>`, a NUL and a number, which counts down to 1.
 *
 * @see memcache src/ketama.ts
 */
export const npmMemcacheRing: RingRecipe = {
  nameOf: bracketedName,
  order: "listed",
  weights: "whole",
  textsOf: ({ weight }) => weight * NPM_MEMCACHE_POINTS,
  addPoints: ({ bytes }, texts, into) => {
    for (let i = texts; i > 0; i--) {
      const text = joined(bytes, `\0${i}`);
      into.push(npmMemcacheSigned(text, 0, text.length) >>> 0);
    }
  },
};

/**
 * Cache::Memcached::Fast with `ketama_points`: the CRC-32 of the host, a NUL, the port, and the point before, beginning
 * with 0, as four bytes.
 *
 * @see Cache::Memcached::Fast src/dispatch_key.c
 */
export function cacheMemcachedFastRing(points: number): RingRecipe {
  return {
    nameOf: addressName,
    order: "listed",
    weights: "whole",
    textsOf: ({ weight }) => points * weight,
    addPoints: ({ name }, texts, into) => {
      const colon = name.lastIndexOf(":");
      const address = utf8(colon < 0 ? `${name}\0` : `${name.slice(0, colon)}\0${name.slice(colon + 1)}`);
      let point = 0;
      for (let i = 0; i < texts; i++) {
        const text = Uint8Array.of(...address, point, point >>> 8, point >>> 16, point >>> 24);
        point = crc32a(text, 0, text.length);
        into.push(point >>> 0);
      }
    },
  };
}
