// What is counted of each slab class besides what the store counts of it: what `stats slabs` tells. Hot path.

const CLASSES = 64;
const COUNTERS = 8;

export const SETS = 0;
export const DELETE_HITS = 1;
export const INCR_HITS = 2;
export const DECR_HITS = 3;
export const CAS_HITS = 4;
export const CAS_BADVAL = 5;
export const TOUCH_HITS = 6;

export class ClassCounters {
  readonly #counts: Float64Array = new Float64Array(CLASSES * COUNTERS);

  count(slabClass: number, counter: number): void {
    const at = slabClass * COUNTERS + counter;
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  of(slabClass: number, counter: number): number {
    return this.#counts[slabClass * COUNTERS + counter] as number;
  }

  clear(): void {
    this.#counts.fill(0);
  }
}
