// MurmurHash3, x86, 32 bits. Hot path: allocates nothing.
//
// Rendezvous hashes a name and a key as one text for every server. What a name does to the hash is the same for every
// key, so it can be done once: `Murmur3Prefix`.
// Source: https://github.com/aappleby/smhasher (MurmurHash3.cpp, MurmurHash3_x86_32)

import type { KeyHash } from "./key-hash.ts";
import { littleEndianWord } from "./word.ts";

/** With the seed that libmemcached makes of the length. */
export const murmur3: KeyHash = (bytes, start, end) => {
  const length = end - start;
  let hash = Math.imul(0xdeadbeef, length);
  let at = start;
  for (; end - at >= 4; at += 4) hash = mixWord(hash, littleEndianWord(bytes, at));
  let rest = 0;
  for (let i = end - 1; i >= at; i--) rest = (rest << 8) | (bytes[i] as number);
  return finish(hash ^ scramble(rest), length);
};

/** The hash, with seed 0, of a text that begins with a given one. */
export class Murmur3Prefix {
  readonly #length: number;
  /** After all whole words of the beginning. */
  readonly #hash: number;
  /** The bytes after those, none to three: the lower ones of a word. */
  readonly #rest: number;
  readonly #restBits: number;

  constructor(beginning: Uint8Array) {
    this.#length = beginning.length;
    let hash = 0;
    let at = 0;
    for (; beginning.length - at >= 4; at += 4) hash = mixWord(hash, littleEndianWord(beginning, at));
    let rest = 0;
    for (let i = beginning.length - 1; i >= at; i--) rest = (rest << 8) | (beginning[i] as number);
    this.#hash = hash;
    this.#rest = rest;
    this.#restBits = (beginning.length - at) * 8;
  }

  /** The hash of the beginning followed by `bytes[start]` to `bytes[end - 1]`. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    const bits = this.#restBits;
    let hash = this.#hash;
    let rest = this.#rest;
    let at = start;
    for (; end - at >= 4; at += 4) {
      const word = littleEndianWord(bytes, at);
      hash = mixWord(hash, rest | (word << bits));
      // A shift by 32 would be one by 0.
      rest = bits === 0 ? 0 : word >>> (32 - bits);
    }
    let restBits = bits;
    for (; at < end; at++) {
      rest |= (bytes[at] as number) << restBits;
      restBits += 8;
      if (restBits === 32) {
        hash = mixWord(hash, rest);
        rest = 0;
        restBits = 0;
      }
    }
    return finish(hash ^ scramble(rest), this.#length + (end - start));
  }
}

function mixWord(hash: number, word: number): number {
  const mixed = hash ^ scramble(word);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** 0 for no bytes left over, too. */
function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(mixed: number, length: number): number {
  let hash = mixed ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
