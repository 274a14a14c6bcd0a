// MurmurHash2 with the seed that libmemcached and twemproxy make of the length. Hot path.
// Source: https://github.com/aappleby/smhasher (MurmurHash2.cpp)

import type { WordHash } from "./word-hash.ts";
import { littleEndianWord } from "./word.ts";

const MULTIPLIER = 0x5bd1e995;
const SEED_FACTOR = 0xdeadbeef;

export const murmur: WordHash = (bytes, start, end) => {
  const length = end - start;
  let hash = Math.imul(SEED_FACTOR, length) ^ length;
  let at = start;
  for (; end - at >= 4; at += 4) {
    let word = Math.imul(littleEndianWord(bytes, at), MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = end - at;
  if (rest > 2) hash ^= (bytes[at + 2] as number) << 16;
  if (rest > 1) hash ^= (bytes[at + 1] as number) << 8;
  if (rest > 0) hash = Math.imul(hash ^ (bytes[at] as number), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 15;
  return hash;
};
