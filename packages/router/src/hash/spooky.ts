// SpookyHash V2, the lower 32 bits, with one seed for both halves: what mcrouter's weighted ch3 draws lots with. Hot
// path: allocates nothing.
//
// Numbers of 64 bits are pairs in an Int32Array: number i is [2 * i], its lower half, and [2 * i + 1].
// Source: https://burtleburtle.net/bob/hash/spooky.html (SpookyV2)

import { addWord } from "./pairs.ts";
import { spookyLong, SPOOKY_CONSTANT } from "./spooky-long.ts";
import { endShort, mixShort } from "./spooky-short.ts";
import { littleEndianWord } from "./word.ts";

const LONG_BYTES = 192;
const [A, B, C, D] = [0, 1, 2, 3] as const;

// Scratch of the call that is under way, as in md5.ts.
const state = new Int32Array(8);

/** As of `WordHash`, under a seed. */
export function spooky32(bytes: Uint8Array, start: number, end: number, seed: number): number {
  if (end - start >= LONG_BYTES) return spookyLong(bytes, start, end, seed);
  state[0] = seed;
  state[1] = 0;
  state[2] = seed;
  state[3] = 0;
  for (let i = 4; i < 8; i++) state[i] = SPOOKY_CONSTANT;

  let at = start;
  for (; end - at >= 32; at += 32) {
    addSixteen(bytes, at, C, D);
    mixShort(state);
    addSixteen(bytes, at + 16, A, B);
  }
  if (end - at >= 16) {
    addSixteen(bytes, at, C, D);
    mixShort(state);
    at += 16;
  }
  addLast(bytes, at, end, end - start);
  endShort(state);
  return state[0];
}

function addSixteen(bytes: Uint8Array, at: number, first: number, second: number): void {
  addWord(state, first, littleEndianWord(bytes, at), littleEndianWord(bytes, at + 4));
  addWord(state, second, littleEndianWord(bytes, at + 8), littleEndianWord(bytes, at + 12));
}

/** The last bytes, 15 at the most, eight of them to one number; and the length as the highest byte of the other. */
function addLast(bytes: Uint8Array, at: number, end: number, length: number): void {
  addWord(state, D, 0, length << 24);
  if (at === end) {
    addWord(state, C, SPOOKY_CONSTANT, SPOOKY_CONSTANT);
    addWord(state, D, SPOOKY_CONSTANT, SPOOKY_CONSTANT);
    return;
  }
  addWord(state, C, wordUpTo(bytes, at, end), wordUpTo(bytes, at + 4, end));
  addWord(state, D, wordUpTo(bytes, at + 8, end), wordUpTo(bytes, at + 12, end));
}

/** The word from `at` on, with zeros for the bytes from `end` on. */
function wordUpTo(bytes: Uint8Array, at: number, end: number): number {
  if (end - at >= 4) return littleEndianWord(bytes, at);
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | (bytes[i] as number);
  return word;
}
