// SHA-1 over a range of bytes. Hot path: allocates nothing, and a key of up to 55 bytes is one block.
// Source: https://www.rfc-editor.org/rfc/rfc3174

import type { WordHash } from "./word-hash.ts";

// Scratch of the call that is under way, as in md5.ts.
const state = new Int32Array(5);
const words = new Int32Array(80);

/** The first four bytes of the digest, little-endian: npm memcached and npm hashring with sha1. */
export const sha1: WordHash = (bytes, start, end) => {
  digest(bytes, start, end);
  return swapped(state[0] as number);
};

/** The first 16 bytes of the digest as four little-endian words, into `into`. */
export function sha1Words(bytes: Uint8Array, into: Uint32Array): void {
  digest(bytes, 0, bytes.length);
  for (let i = 0; i < 4; i++) into[i] = swapped(state[i] as number);
}

/** The first four bytes of the digest, big-endian. */
export function sha1BigEndian(bytes: Uint8Array): number {
  digest(bytes, 0, bytes.length);
  return (state[0] as number) >>> 0;
}

function digest(bytes: Uint8Array, start: number, end: number): void {
  state[0] = 0x67452301;
  state[1] = -0x10325477;
  state[2] = -0x67452302;
  state[3] = 0x10325476;
  state[4] = -0x3c2d1e10;
  let at = start;
  for (; end - at >= 64; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = bigEndianWord(bytes, at + i * 4);
    mixBlock();
  }

  let next = 0;
  for (; end - at >= 4; at += 4) words[next++] = bigEndianWord(bytes, at);
  let last = 0;
  let bits = 24;
  for (; at < end; at++, bits -= 8) last |= (bytes[at] as number) << bits;
  words[next++] = last | (0x80 << bits);
  if (next > 14) {
    while (next < 16) words[next++] = 0;
    mixBlock();
    next = 0;
  }
  while (next < 14) words[next++] = 0;
  words[14] = (end - start) >>> 29;
  words[15] = (end - start) << 3;
  mixBlock();
}

function mixBlock(): void {
  for (let i = 16; i < 80; i++) {
    const word =
      (words[i - 3] as number) ^
      (words[i - 8] as number) ^
      (words[i - 14] as number) ^
      (words[i - 16] as number);
    words[i] = (word << 1) | (word >>> 31);
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  for (let i = 0; i < 80; i++) {
    let mixed: number;
    if (i < 20) mixed = (d ^ (b & (c ^ d))) + 0x5a827999;
    else if (i < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) mixed = ((b & c) | (d & (b | c))) - 0x70e44324;
    else mixed = (b ^ c ^ d) - 0x359d3e2a;
    const sum = (((a << 5) | (a >>> 27)) + mixed + e + (words[i] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = sum;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
}

function bigEndianWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
