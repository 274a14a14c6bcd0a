// The hash of a key: 32 bits. Hot path.
//
//     seed 0       MurmurHash3: the fastest, and who wants keys of one hash can make them
//     any other    HalfSipHash with a secret from the seed: some 20 ns more

import { halfSipHash } from "./half-sip-hash.ts";
import { murmurHash3 } from "./murmur-hash.ts";

/** A signed 32-bit hash of `key[start]` to `key[end - 1]`. */
export function hashOf(key: Uint8Array, start: number, end: number, seed: number): number {
  return seed === 0 ? murmurHash3(key, start, end, 0) : halfSipHash(key, start, end, seed, ~seed);
}
