// Bob Jenkins' lookup3 (hashlittle) with 13 as its start value, as libmemcached and twemproxy have it. Hot path.
// Source: https://burtleburtle.net/bob/c/lookup3.c

import type { WordHash } from "./word-hash.ts";
import { littleEndianWord } from "./word.ts";

const START = 0xdeadbeef + 13;

export const jenkins: WordHash = (bytes, start, end) => {
  let a = (START + (end - start)) | 0;
  let b = a;
  let c = a;
  let at = start;
  for (; end - at > 12; at += 12) {
    a = (a + littleEndianWord(bytes, at)) | 0;
    b = (b + littleEndianWord(bytes, at + 4)) | 0;
    c = (c + littleEndianWord(bytes, at + 8)) | 0;

    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (at >= end) return c; // only an empty key gets here: the loop leaves 1 to 12 bytes of any other

  a = (a + wordUpTo(bytes, at, end)) | 0;
  b = (b + wordUpTo(bytes, at + 4, end)) | 0;
  c = (c + wordUpTo(bytes, at + 8, end)) | 0;

  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c;
};

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The word from `at` on, with zeros for the bytes from `end` on. */
function wordUpTo(bytes: Uint8Array, at: number, end: number): number {
  if (end - at >= 4) return littleEndianWord(bytes, at);
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | (bytes[i] as number);
  return word;
}
