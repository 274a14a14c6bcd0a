// The four FNV hashes of libmemcached and twemproxy. Hot path.
//
// Those called 64 keep 32 bits of the result, and those depend on the lower 32 bits of the prime and of the start
// only, so that no 64-bit number is needed. Bytes are signed, see WordHash.
// Source: http://www.isthe.com/chongo/tech/comp/fnv/

import type { WordHash } from "./word-hash.ts";

const START_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;
const START_64_LOW = 0x84222325;
const PRIME_64_LOW = 0x000001b3;

/** FNV-1, 32 bits: multiply, then xor. */
export const fnv1_32: WordHash = (bytes, start, end) => {
  let hash = START_32;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash, PRIME_32) ^ (((bytes[i] as number) << 24) >> 24);
  }
  return hash | 0;
};

/** FNV-1a, 32 bits: xor, then multiply. */
export const fnv1a_32: WordHash = (bytes, start, end) => {
  let hash = START_32;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ (((bytes[i] as number) << 24) >> 24), PRIME_32);
  }
  return hash | 0;
};

/** FNV-1, the lower 32 of 64 bits. */
export const fnv1_64: WordHash = (bytes, start, end) => {
  let hash = START_64_LOW;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash, PRIME_64_LOW) ^ (((bytes[i] as number) << 24) >> 24);
  }
  return hash | 0;
};

/** FNV-1a, the lower 32 of 64 bits: twemproxy's default. */
export const fnv1a_64: WordHash = (bytes, start, end) => {
  let hash = START_64_LOW;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ (((bytes[i] as number) << 24) >> 24), PRIME_64_LOW);
  }
  return hash | 0;
};
