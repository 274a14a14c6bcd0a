// What is counted: a block of floats a worker, a row in it for each class. Each worker counts in its own block, so no
// lock is needed; who reads adds them up. Hot path.

import { CLASSES_MAX } from "./layout.ts";

// Of a class.
export const EVICTED = 0;
export const EVICTED_NONZERO = 1;
export const EVICTED_UNFETCHED = 2;
export const EVICTED_ACTIVE = 3;
export const OUT_OF_MEMORY = 4;
export const RECLAIMED = 5;
export const EXPIRED_UNFETCHED = 6;
export const CRAWLER_RECLAIMED = 7;
export const CRAWLER_CHECKED = 8;
export const REFLOCKED = 9;
export const MOVES_TO_COLD = 10;
export const MOVES_TO_WARM = 11;
export const MOVES_WITHIN = 12;
export const DIRECT_RECLAIMS = 13;
/** Hits by segment: four of them. */
export const HITS = 14;
/** Not a count: seconds. */
export const EVICTED_TIME = 18;
/** Commands by what class-commands.ts calls them: seven of them. */
export const COMMANDS = 19;
const COUNTERS = 26;

// Of the store: counted in the row of class 0, which no item has.
export const TOTAL_ITEMS = 0;
export const GET_EXPIRED = 1;
export const GET_FLUSHED = 2;
export const TOO_LARGE = 3;
export const NO_MEMORY = 4;
export const BUMPS_DROPPED = 5;
export const PAGES_MOVED = 6;
export const RESCUES = 7;
export const RESCUES_DROPPED = 8;
export const CRAWLS = 9;
export const PART_RESCUES = 10;
export const BUSY = 11;
export const JUGGLES = 12;
export const HOLDS_REFUSED = 13;

const BLOCK = (CLASSES_MAX + 1) * COUNTERS;

/** Bytes for the counts of so many workers. */
export function countsBytes(workers: number): number {
  return workers * BLOCK * Float64Array.BYTES_PER_ELEMENT;
}

export class SlabCounters {
  readonly #all: Float64Array;
  readonly #own: Float64Array;

  /** @param worker From 0: whose block this one counts in. */
  constructor(counts: ArrayBufferLike, worker: number) {
    this.#all = new Float64Array(counts);
    this.#own = this.#all.subarray(worker * BLOCK, (worker + 1) * BLOCK);
  }

  count(slabClass: number, counter: number): void {
    const at = slabClass * COUNTERS + counter;
    this.#own[at] = (this.#own[at] as number) + 1;
  }

  add(slabClass: number, counter: number, amount: number): void {
    const at = slabClass * COUNTERS + counter;
    this.#own[at] = (this.#own[at] as number) + amount;
  }

  set(slabClass: number, counter: number, value: number): void {
    this.#own[slabClass * COUNTERS + counter] = value;
  }

  /** Of this worker. */
  own(slabClass: number, counter: number): number {
    return this.#own[slabClass * COUNTERS + counter] as number;
  }

  /** Of all workers. */
  sum(slabClass: number, counter: number): number {
    let sum = 0;
    for (let at = slabClass * COUNTERS + counter; at < this.#all.length; at += BLOCK) {
      sum += this.#all[at] as number;
    }
    return sum;
  }

  /** The most of all workers. */
  most(slabClass: number, counter: number): number {
    let most = 0;
    for (let at = slabClass * COUNTERS + counter; at < this.#all.length; at += BLOCK) {
      most = Math.max(most, this.#all[at] as number);
    }
    return most;
  }

  /** Of all workers and all classes. */
  total(counter: number): number {
    let total = 0;
    for (let slabClass = 1; slabClass <= CLASSES_MAX; slabClass++) total += this.sum(slabClass, counter);
    return total;
  }

  /** What another worker counts at this moment may survive. */
  reset(): void {
    this.#all.fill(0);
  }
}
