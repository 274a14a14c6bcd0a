// MD5 over a range of bytes. Hot path: allocates nothing, and a key of up to 55 bytes is one block.
//
//     key bytes | 0x80 | zeros | length in bits (64)      padded to whole blocks of 64 bytes = 16 words
//
// Source: https://www.rfc-editor.org/rfc/rfc1321

import type { WordHash } from "./word-hash.ts";
import { mixBlock } from "./md5-block.ts";
import { littleEndianWord } from "./word.ts";

// Scratch of the call that is under way. Nothing is called that could come back here, and every call starts by
// writing both, so nobody can tell that they are shared.
const state = new Int32Array(4);
const words = new Int32Array(16);

/** The first four bytes of the digest, as ketama takes them: little-endian. */
export const md5: WordHash = (bytes, start, end) => {
  digest(bytes, start, end);
  return state[0] as number;
};

/** The 16 bytes of the digest as four little-endian words, into `into`. */
export function md5Words(bytes: Uint8Array, into: Uint32Array): void {
  digest(bytes, 0, bytes.length);
  into.set(state);
}

function digest(bytes: Uint8Array, start: number, end: number): void {
  state[0] = 0x67452301;
  state[1] = -0x10325477;
  state[2] = -0x67452302;
  state[3] = 0x10325476;
  let at = start;
  for (; end - at >= 64; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = littleEndianWord(bytes, at + i * 4);
    mixBlock(state, words);
  }

  let next = 0;
  for (; end - at >= 4; at += 4) words[next++] = littleEndianWord(bytes, at);
  let last = 0x80;
  for (let i = end - 1; i >= at; i--) last = (last << 8) | (bytes[i] as number);
  words[next++] = last;
  if (next > 14) {
    while (next < 16) words[next++] = 0;
    mixBlock(state, words);
    next = 0;
  }
  while (next < 14) words[next++] = 0;
  words[14] = (end - start) << 3;
  words[15] = (end - start) >>> 29;
  mixBlock(state, words);
}
