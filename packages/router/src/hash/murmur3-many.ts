// MurmurHash3, with seed 0, of many texts that end in one key. Hot path: allocates nothing.
//
//     10.0.0.1:11211-user:42        whole words of the beginning: hashed once, when the object is made
//     |   |   |   |  ^^^            the word that has bytes of both: once for each beginning
//                       ^^^         words of the key alone: scrambled once for all beginnings that end at the same
//                                   place in a word, and then only mixed in

import { finish, mixScrambled, scramble, wordBefore } from "./murmur3.ts";
import { littleEndianWord } from "./word.ts";

const WORD_BYTES = 4;
const KEY_WORDS = 64;

export class Murmur3Many {
  /** Of each beginning: its hash after the last whole word, the bytes after that as a word, and its length. */
  readonly #hashes: Int32Array;
  readonly #rests: Int32Array;
  readonly #lengths: Int32Array;
  /** For each number of bytes that may be left over: whether it is of any beginning. */
  readonly #used: readonly boolean[];
  /** For each number of bytes left over: the scrambled words of the key, and at the end what is left of it. */
  #scrambled = new Int32Array(WORD_BYTES * KEY_WORDS);
  #stride = KEY_WORDS;
  /** The key that was read: its first bytes, fewer than four, and its length. */
  #first = 0;
  #firstBytes = 0;
  #length = 0;

  constructor(beginnings: readonly Uint8Array[]) {
    this.#hashes = Int32Array.from(beginnings, (bytes) => {
      let hash = 0;
      for (let at = 0; bytes.length - at >= WORD_BYTES; at += WORD_BYTES) {
        hash = mixScrambled(hash, scramble(littleEndianWord(bytes, at)));
      }
      return hash;
    });
    this.#rests = Int32Array.from(beginnings, (bytes) => wordBefore(bytes, bytes.length & ~3, bytes.length));
    this.#lengths = Int32Array.from(beginnings, ({ length }) => length);
    this.#used = [0, 1, 2, 3].map((left) => beginnings.some(({ length }) => (length & 3) === left));
  }

  /** Takes the key in `bytes[start]` to `bytes[end - 1]`; `hashOf` then answers for it. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#length = end - start;
    this.#firstBytes = Math.min(this.#length, WORD_BYTES - 1);
    this.#first = wordBefore(bytes, start, start + this.#firstBytes);
    // No key of memcached's is that long; whoever asks for such a one gets an answer, too.
    if (this.#length >= this.#stride * WORD_BYTES) {
      this.#stride = this.#length;
      this.#scrambled = new Int32Array(WORD_BYTES * this.#stride);
    }
    for (let left = 0; left < WORD_BYTES; left++) {
      if (this.#used[left] === true) this.#scramble(bytes, start + ((WORD_BYTES - left) & 3), end, left);
    }
  }

  /** The hash of beginning `i` and the key, as of `WordHash`. */
  hashOf(i: number): number {
    const length = this.#lengths[i] as number;
    const left = length & 3;
    const missing = (WORD_BYTES - left) & 3;
    let hash = this.#hashes[i] as number;
    if (missing > 0) {
      const joined = (this.#rests[i] as number) | (this.#first << (left * 8));
      // Too short a key fills no word.
      if (this.#length < missing) return finish(hash ^ scramble(joined), length + this.#length);
      hash = mixScrambled(hash, scramble(joined));
    }
    const scrambled = this.#scrambled;
    let at = left * this.#stride;
    const last = at + ((this.#length - missing) >>> 2);
    for (; at < last; at++) hash = mixScrambled(hash, scrambled[at] as number);
    return finish(hash ^ (scrambled[last] as number), length + this.#length);
  }

  #scramble(bytes: Uint8Array, from: number, end: number, left: number): void {
    const scrambled = this.#scrambled;
    let to = left * this.#stride;
    let at = from;
    for (; end - at >= WORD_BYTES; at += WORD_BYTES) scrambled[to++] = scramble(littleEndianWord(bytes, at));
    scrambled[to] = scramble(wordBefore(bytes, at, end));
  }
}
