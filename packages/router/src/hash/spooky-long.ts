// SpookyHash V2 of 192 bytes and more: twelve numbers, which take 96 bytes at a time. Hot path, seldom taken.
// Source: https://burtleburtle.net/bob/hash/spooky.html (SpookyV2)

import { addNumber, addWord, rotateLeft, xorNumber } from "./pairs.ts";
import { littleEndianWord } from "./word.ts";

/** Each half of the number that every state begins with. */
export const SPOOKY_CONSTANT: number = 0xdeadbeef | 0;

const NUMBERS = 12;
const BLOCK_BYTES = NUMBERS * 8;
const MIX_BITS = [11, 32, 43, 31, 17, 28, 39, 57, 55, 54, 22, 46] as const;
/** From number 1 on: the last is that of number 0. */
const END_BITS = [44, 15, 34, 21, 38, 33, 10, 13, 38, 53, 42, 54] as const;

// Scratch of the call that is under way, as in md5.ts.
const state = new Int32Array(NUMBERS * 2);
const block = new Uint8Array(BLOCK_BYTES);

export function spookyLong(bytes: Uint8Array, start: number, end: number, seed: number): number {
  for (let i = 0; i < NUMBERS; i++) {
    state[i * 2] = i % 3 === 2 ? SPOOKY_CONSTANT : seed;
    state[i * 2 + 1] = i % 3 === 2 ? SPOOKY_CONSTANT : 0;
  }
  let at = start;
  for (; end - at >= BLOCK_BYTES; at += BLOCK_BYTES) mix(bytes, at);

  // The bytes left over, zeros, and how many they were.
  for (let i = 0; i < BLOCK_BYTES; i++) block[i] = at + i < end ? (bytes[at + i] as number) : 0;
  block[BLOCK_BYTES - 1] = end - at;
  for (let i = 0; i < NUMBERS; i++) addEight(block, 0, i);
  for (let round = 0; round < 3; round++) finish();
  return state[0] as number;
}

function mix(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < NUMBERS; i++) {
    const before = (i + 11) % NUMBERS;
    addEight(bytes, at, i);
    xorNumber(state, (i + 2) % NUMBERS, (i + 10) % NUMBERS);
    xorNumber(state, before, i);
    rotateLeft(state, i, MIX_BITS[i] as number);
    addNumber(state, before, (i + 1) % NUMBERS);
  }
}

function finish(): void {
  for (let i = 0; i < NUMBERS; i++) {
    const sum = (i + 11) % NUMBERS;
    const turned = (i + 1) % NUMBERS;
    addNumber(state, sum, turned);
    xorNumber(state, (i + 2) % NUMBERS, sum);
    rotateLeft(state, turned, END_BITS[i] as number);
  }
}

function addEight(bytes: Uint8Array, at: number, to: number): void {
  addWord(state, to, littleEndianWord(bytes, at + to * 8), littleEndianWord(bytes, at + to * 8 + 4));
}
