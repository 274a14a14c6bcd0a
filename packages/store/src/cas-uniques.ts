// A number for every change that no other change has, and that is above those of all changes before it. Hot path.
//
// Two halves, in words that workers may share. Of shared ones the lower half is counted up by all, and is set back to 0
// long before it would pass its end, by one of them at a time, who first counts up the upper half. Who saw that change
// while it took its number, or took one of the last, takes another.

import { CAS_HIGH, CAS_LOW, LAST_CAS_HIGH, LAST_CAS_LOW } from "./layout.ts";
import type { SharedLocks } from "./shared-locks.ts";
import type { SlabMemory } from "./slab-memory.ts";

/** Lower halves from here on are not given out. */
const LOW_END = 0xffff_0000;

export class CasUniques {
  readonly #control: Int32Array;
  readonly #locks: SharedLocks | undefined;
  readonly #lock: number;
  readonly #wanted: boolean;
  #isChosen = false;
  #chosenHigh = 0;
  #chosenLow = 0;

  /**
   * @param lock Taken by who sets the lower half back, where it is shared.
   * @param wanted False if every item gets 0.
   */
  constructor(memory: SlabMemory, locks: SharedLocks | undefined, lock: number, wanted: boolean) {
    this.#control = memory.control.subarray();
    this.#locks = locks;
    this.#lock = lock;
    this.#wanted = wanted;
  }

  /** The one given out last. */
  get lastHigh(): number {
    return (this.#control[LAST_CAS_HIGH] as number) >>> 0;
  }

  get lastLow(): number {
    return (this.#control[LAST_CAS_LOW] as number) >>> 0;
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
    } else if (this.#isChosen) {
      words[at + CAS_HIGH] = this.#chosenHigh;
      words[at + CAS_LOW] = this.#chosenLow;
    } else if (this.#locks === undefined) {
      const control = this.#control;
      const low = ((control[LAST_CAS_LOW] as number) + 1) | 0;
      control[LAST_CAS_LOW] = low;
      if (low === 0) control[LAST_CAS_HIGH] = ((control[LAST_CAS_HIGH] as number) + 1) | 0;
      words[at + CAS_HIGH] = control[LAST_CAS_HIGH] as number;
      words[at + CAS_LOW] = low;
    } else this.#stampShared(words, at);
  }

  /** Those given out from now on are above this one. Nobody else is at work. */
  skip(high: number, low: number): void {
    const { lastHigh, lastLow } = this;
    if (high < lastHigh || (high === lastHigh && low <= lastLow)) return;
    this.#control[LAST_CAS_HIGH] = high | 0;
    this.#control[LAST_CAS_LOW] = low | 0;
  }

  #stampShared(words: Int32Array, at: number): void {
    const control = this.#control;
    for (;;) {
      const high = Atomics.load(control, LAST_CAS_HIGH);
      const low = (Atomics.add(control, LAST_CAS_LOW, 1) + 1) >>> 0;
      if (low >= LOW_END || low === 0) this.#setBack();
      else if (Atomics.load(control, LAST_CAS_HIGH) === high) {
        words[at + CAS_HIGH] = high;
        words[at + CAS_LOW] = low | 0;
        return;
      }
    }
  }

  #setBack(): void {
    this.#locks?.lock(this.#lock);
    const control = this.#control;
    if (Atomics.load(control, LAST_CAS_LOW) >>> 0 >= LOW_END) {
      Atomics.add(control, LAST_CAS_HIGH, 1);
      Atomics.store(control, LAST_CAS_LOW, 0);
    }
    this.#locks?.unlock(this.#lock);
  }
}
