// The two steps that all ways of XXH3 but the shortest end in. Hot path.

import { carryOf, highProduct } from "./wide-hash.ts";

/** Adds the product of two numbers of 64 bits, the halves of its 128 bits xored, to the number in `into`. */
export function addFold(aLow: number, aHigh: number, bLow: number, bHigh: number, into: Int32Array): void {
  const lowHigh = Math.imul(aLow, bHigh);
  const highLow = Math.imul(aHigh, bLow);
  const first = (highProduct(aLow, bLow) + lowHigh) | 0;
  const second = (first + highLow) | 0;
  const carry = carryOf(first, lowHigh) + carryOf(second, highLow);

  const lowHighTop = highProduct(aLow, bHigh);
  const highLowTop = highProduct(aHigh, bLow);
  const third = (Math.imul(aHigh, bHigh) + lowHighTop) | 0;
  const fourth = (third + highLowTop) | 0;
  const fifth = (fourth + carry) | 0;
  const top =
    highProduct(aHigh, bHigh) +
    carryOf(third, lowHighTop) +
    carryOf(fourth, highLowTop) +
    carryOf(fifth, carry);

  const foldLow = Math.imul(aLow, bLow) ^ fifth;
  const sum = ((into[0] as number) + foldLow) | 0;
  into[0] = sum;
  into[1] = (into[1] as number) + (second ^ top) + carryOf(sum, foldLow);
}

/** 37, a product, 32. */
export function avalanche(into: Int32Array): void {
  const high = into[1] as number;
  const low = (into[0] as number) ^ (high >>> 5);
  const mixed = (highProduct(low, 0x9e3779f9) + Math.imul(low, 0x16566791) + Math.imul(high, 0x9e3779f9)) | 0;
  into[0] = Math.imul(low, 0x9e3779f9) ^ mixed;
  into[1] = mixed;
}
