// Chance from a seed: the same numbers in the same order on every runtime.
//
// sfc32 of Chris Doty-Humphrey's PractRand: 128 bits of state, 32-bit arithmetic only. Nothing here uses
// Math.log or Math.pow, whose last bits differ between JavaScript engines.

/** The smallest and the largest value that may be drawn, both included. */
export type Range = readonly [min: number, max: number];

const UINT32_VALUES = 2 ** 32;
const WARM_UP_ROUNDS = 12; // as PractRand does, so that seeds that differ in one bit soon differ in all

/** A stream of pseudo-random numbers; not for secrets. */
export class Chance {
  #a = 0;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed A whole number from 0 to 2^53 - 1. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`seed must be a whole number from 0 to 2^53 - 1, got ${seed}`);
    }
    this.#b = seed | 0;
    this.#c = (seed / UINT32_VALUES) | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.uint32();
  }

  /** From 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `count` - 1; `count` is from 1 to 2^32. */
  below(count: number): number {
    if (!Number.isInteger(count) || count < 1 || count > UINT32_VALUES) {
      throw new RangeError(`count must be a whole number from 1 to 2^32, got ${count}`);
    }
    return Math.floor((this.uint32() * count) / UINT32_VALUES);
  }

  /** A whole number of the range, each as likely. */
  between([min, max]: Range): number {
    return min + this.below(max - min + 1);
  }

  /** A whole number of the range, which is from 0: each order of magnitude as likely, so mostly small ones. */
  skewed([min, max]: Range): number {
    const bits = this.between([32 - Math.clz32(min), 32 - Math.clz32(max)]);
    if (bits === 0) return 0;
    return this.between([Math.max(min, 2 ** (bits - 1)), Math.min(max, 2 ** bits - 1)]);
  }

  /** `true` with this probability: 0 never, 1 always. */
  happens(probability: number): boolean {
    return this.uint32() < probability * UINT32_VALUES;
  }

  /** One of them, each as likely; there must be one. */
  oneOf<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** A stream of its own: what is drawn from it no longer changes what this one gives. */
  fork(): Chance {
    return new Chance(this.below(2 ** 21) * UINT32_VALUES + this.uint32());
  }
}
