// A number for every change that no other change has. Hot path.
//
// Alone, a store counts by one, as memcached. Workers that share one take a thousand at a time, so that they need not
// agree on each.

import { CAS_HIGH, CAS_LOW, LAST_CAS_HIGH, LAST_CAS_LOW } from "./layout.ts";
import type { SharedLocks } from "./shared-locks.ts";
import type { SlabMemory } from "./slab-memory.ts";

/** Divides 2^32, so that a block never crosses it. */
const BLOCK = 1_024;

export class CasUniques {
  readonly #control: Int32Array;
  readonly #locks: SharedLocks | undefined;
  readonly #lock: number;
  readonly #wanted: boolean;
  #high = 0;
  #low = 0;
  #left = 0;
  #isChosen = false;
  #chosenHigh = 0;
  #chosenLow = 0;

  /**
   * @param lock Guards the number that was given out last, where it is shared.
   * @param wanted False if every item gets 0.
   */
  constructor(memory: SlabMemory, locks: SharedLocks | undefined, lock: number, wanted: boolean) {
    this.#control = memory.control;
    this.#locks = locks;
    this.#lock = lock;
    this.#wanted = wanted;
  }

  /** The one given out last; where workers share the store, the last that any of them may have given out. */
  get lastHigh(): number {
    return (this.#ownIsLast ? this.#high : (this.#control[LAST_CAS_HIGH] as number)) >>> 0;
  }

  get lastLow(): number {
    return (this.#ownIsLast ? this.#low : (this.#control[LAST_CAS_LOW] as number)) >>> 0;
  }

  get #ownIsLast(): boolean {
    return this.#locks === undefined && this.#left > 0;
  }

  /** Until `count`, items get this one: who asks for it sees to it that it is new. */
  choose(high: number, low: number): void {
    this.#isChosen = true;
    this.#chosenHigh = high | 0;
    this.#chosenLow = low | 0;
  }

  /** From now on each item gets the next one again. */
  count(): void {
    this.#isChosen = false;
  }

  /** Gives an item the next one. */
  stamp(words: Int32Array, at: number): void {
    if (!this.#wanted) {
      words[at + CAS_HIGH] = 0;
      words[at + CAS_LOW] = 0;
      return;
    }
    if (this.#isChosen) {
      words[at + CAS_HIGH] = this.#chosenHigh;
      words[at + CAS_LOW] = this.#chosenLow;
      return;
    }
    if (this.#left === 0) this.#take();
    this.#left--;
    this.#low = (this.#low + 1) | 0;
    if (this.#low === 0) this.#high = (this.#high + 1) | 0;
    words[at + CAS_HIGH] = this.#high;
    words[at + CAS_LOW] = this.#low;
  }

  /** Those given out from now on are above this one. */
  skip(high: number, low: number): void {
    const control = this.#control;
    const lastHigh = (control[LAST_CAS_HIGH] as number) >>> 0;
    const lastLow = (control[LAST_CAS_LOW] as number) >>> 0;
    if (high < lastHigh || (high === lastHigh && low <= lastLow)) return;
    // Up to the end of a block.
    control[LAST_CAS_HIGH] = high | 0;
    control[LAST_CAS_LOW] = low | (BLOCK - 1);
    this.#left = 0;
  }

  #take(): void {
    this.#locks?.lock(this.#lock);
    const control = this.#control;
    this.#high = control[LAST_CAS_HIGH] as number;
    this.#low = control[LAST_CAS_LOW] as number;
    this.#left = BLOCK;
    const next = (this.#low + BLOCK) | 0;
    control[LAST_CAS_LOW] = next;
    if (next >= 0 && next < BLOCK && this.#low < 0) control[LAST_CAS_HIGH] = (this.#high + 1) | 0;
    this.#locks?.unlock(this.#lock);
  }
}
