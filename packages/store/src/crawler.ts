// Looks for items that have expired or were flushed and that nobody comes across: list by list, a few at a time.

import {
  CRAWL_AT,
  CRAWLED,
  CRAWLED_LIST,
  FLUSHES,
  HASH,
  LIST_START,
  LIST_WORDS,
  LISTS,
  NEWER,
  REGION_MASK,
  REGION_SHIFT,
} from "./layout.ts";
import { CRAWLER_CHECKED, CRAWLER_RECLAIMED, CRAWLS } from "./slab-counters.ts";
import { ALLOCATION, type SlabItems } from "./slab-items.ts";
import type { Millis } from "./store.ts";

// From the end of one way through all items to the next. A flush lets it set out at once.
const CRAWL_EVERY_MS = 60_000;

// How many items are looked at while others wait for the allocation. One that goes takes as long as some that stay.
const CHECKS_A_TURN = 128;
const CHECKS_A_DROP = 4;

export class Crawler {
  readonly #items: SlabItems;
  #flushes = 0;

  constructor(items: SlabItems) {
    this.#items = items;
  }

  get isUnderWay(): boolean {
    return this.#items.memory.control[CRAWLED_LIST] !== 0;
  }

  /** When it is to be called next, unless it is under way. */
  get nextAt(): Millis {
    return this.#items.memory.sums[CRAWL_AT] as Millis;
  }

  /** Looks at up to `checksMax` items if it is time to: as long as that takes where all of them stay. */
  crawl(checksMax: number, now: Millis): void {
    const { control, sums } = this.#items.memory;
    if (!this.isUnderWay) {
      const flushed = this.#flushes !== control[FLUSHES];
      if (!flushed && now < this.nextAt) return;
      this.#flushes = control[FLUSHES] as number;
      this.#items.counters.count(0, CRAWLS);
      this.#enter(1);
    }
    let left = checksMax;
    while (left > 0 && this.isUnderWay) {
      const checks = Math.min(left, CHECKS_A_TURN);
      this.#items.locks?.lock(ALLOCATION);
      left -= Math.max(1, this.#turn(checks, now));
      this.#items.locks?.unlock(ALLOCATION);
    }
    if (!this.isUnderWay) sums[CRAWL_AT] = now + CRAWL_EVERY_MS;
  }

  /** @returns how many looks it took */
  #turn(checksMax: number, now: Millis): number {
    const { counters, memory } = this.#items;
    const list = memory.control[CRAWLED_LIST] as number;
    const cursor = LIST_START + list * LIST_WORDS + CRAWLED;
    const slabClass = list >> 2;
    let checks = 0;
    while (checks < checksMax) {
      const ref = memory.control[cursor] as number;
      if (ref === 0) {
        this.#enter(list + 1);
        return checks;
      }
      const words = memory.words[ref >>> REGION_SHIFT] as Int32Array;
      const at = (ref & REGION_MASK) << 1;
      memory.control[cursor] = words[at + NEWER] as number;
      const hash = words[at + HASH] as number;
      counters.count(slabClass, CRAWLER_CHECKED);
      checks++;
      if (!this.#items.tryStripe(hash)) continue;
      if (this.#items.isDead(ref, now)) {
        counters.count(slabClass, CRAWLER_RECLAIMED);
        this.#items.countExpired(ref, slabClass);
        this.#items.drop(ref);
        checks += CHECKS_A_DROP - 1;
      }
      this.#items.leaveStripe(hash);
    }
    return checks;
  }

  /** Goes to the first list from `list` on that has items. */
  #enter(list: number): void {
    const { control } = this.#items.memory;
    let next = list;
    while (next < LISTS && this.#items.lists.length(next) === 0) next++;
    control[CRAWLED_LIST] = next < LISTS ? next : 0;
    if (next < LISTS) control[LIST_START + next * LIST_WORDS + CRAWLED] = this.#items.lists.oldest(next);
  }
}
