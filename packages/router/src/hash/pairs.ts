// Arithmetic on numbers of 64 bits that lie as pairs in an Int32Array: number i is [2 * i], its lower half, and
// [2 * i + 1]. Hot path.

import { carryOf } from "./wide-hash.ts";

/** Adds number `other` to number `to`. */
export function addNumber(numbers: Int32Array, to: number, other: number): void {
  addWord(numbers, to, numbers[other * 2] as number, numbers[other * 2 + 1] as number);
}

/** Adds a number given in halves to number `to`. */
export function addWord(numbers: Int32Array, to: number, low: number, high: number): void {
  const sum = ((numbers[to * 2] as number) + low) | 0;
  numbers[to * 2] = sum;
  numbers[to * 2 + 1] = (numbers[to * 2 + 1] as number) + high + carryOf(sum, low);
}

/** Xors number `other` into number `into`. */
export function xorNumber(numbers: Int32Array, into: number, other: number): void {
  numbers[into * 2] = (numbers[into * 2] as number) ^ (numbers[other * 2] as number);
  numbers[into * 2 + 1] = (numbers[into * 2 + 1] as number) ^ (numbers[other * 2 + 1] as number);
}

/** Rotates number `which` to the left by 1 to 63 bits. */
export function rotateLeft(numbers: Int32Array, which: number, bits: number): void {
  const swaps = bits >= 32;
  const first = numbers[which * 2 + (swaps ? 1 : 0)] as number;
  const second = numbers[which * 2 + (swaps ? 0 : 1)] as number;
  const rest = bits & 31;
  // A shift by 32 would be one by 0.
  numbers[which * 2] = rest === 0 ? first : (first << rest) | (second >>> (32 - rest));
  numbers[which * 2 + 1] = rest === 0 ? second : (second << rest) | (first >>> (32 - rest));
}
