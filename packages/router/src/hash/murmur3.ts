// MurmurHash3, x86, 32 bits. Hot path: allocates nothing.
// Source: https://github.com/aappleby/smhasher (MurmurHash3.cpp, MurmurHash3_x86_32)

import type { WordHash } from "./word-hash.ts";
import { littleEndianWord } from "./word.ts";

/** With the seed that libmemcached makes of the length. */
export const murmur3: WordHash = (bytes, start, end) => {
  const length = end - start;
  let hash = Math.imul(0xdeadbeef, length);
  let at = start;
  for (; end - at >= 4; at += 4) hash = mixScrambled(hash, scramble(littleEndianWord(bytes, at)));
  return finish(hash ^ scramble(wordBefore(bytes, at, end)), length);
};

/** The bytes from `at` up to `end`, fewer than four, as a word. */
export function wordBefore(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | (bytes[i] as number);
  return word;
}

/** What is done to a word before it is mixed in, whatever the hash; 0 for no bytes left over. */
export function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

export function mixScrambled(hash: number, scrambled: number): number {
  const mixed = hash ^ scrambled;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** @param length Of all that was hashed, in bytes */
export function finish(mixed: number, length: number): number {
  let hash = mixed ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
