// What a store does when there is time: one slice a call, most often well under a millisecond.

import { Crawler } from "./crawler.ts";
import { CLASSES_MAX, CRAWL_AT, DEMAND_AT } from "./layout.ts";
import { PageDemand } from "./page-demand.ts";
import { PageMover } from "./page-mover.ts";
import type { Reclaimer } from "./reclaimer.ts";
import { ALLOCATION, MAINTENANCE, type SlabItems } from "./slab-items.ts";
import { JUGGLES } from "./slab-counters.ts";
import type { Millis, PageMoved } from "./store.ts";
import type { Tuning } from "./tuning.ts";
import { PAGES_LEAST } from "./wanted-pages.ts";

// While there is work, and while there is none.
const BUSY_MS = 4;
const IDLE_MS = 250;

// More often or more at once takes a tenth of the CPU for the seconds after a store was filled.
const CHECKS_MAX = 1_024;
const PAGE_TURNS = 4;
const MOVES_MAX = 64;
// While others wait for the allocation.
const MOVES_A_TURN = 32;

export class Maintenance {
  nextAt: Millis = -Infinity;
  readonly #items: SlabItems;
  readonly #reclaimer: Reclaimer;
  readonly #crawler: Crawler;
  readonly #mover: PageMover;
  readonly #demand: PageDemand;
  readonly #tuning: Tuning;
  /** Where the last slice left off. */
  #juggledClass = 1;

  constructor(items: SlabItems, reclaimer: Reclaimer, tuning: Tuning) {
    this.#tuning = tuning;
    this.#items = items;
    this.#reclaimer = reclaimer;
    this.#crawler = new Crawler(items);
    this.#mover = new PageMover(items, reclaimer);
    this.#demand = new PageDemand(items, reclaimer);
  }

  /** How a class can be made to give a page: see `Store.movePage`. */
  movePage(from: number, to: number, now: Millis): PageMoved {
    const { pages, settings } = this.#items;
    const last = settings.classes.sizes.length - 1;
    this.#tuning.follow();
    if (!settings.automove) return "disabled";
    if (this.#mover.isUnderWay) return "busy";
    if (from === to) return "same-class";
    const source = from === -1 ? this.#demand.spareClass(to) : from;
    const named = (slabClass: number): boolean => slabClass >= 0 && slabClass <= last;
    if (!named(source) || !named(to)) return "bad-class";
    const isSpare = source === 0 ? pages.sparePages >= PAGES_LEAST : this.#reclaimer.wanted.canGive(source);
    if (!isSpare) return "no-spare";
    // What a lowered `bytesMax` leaves no use for is nobody's to have.
    if (!this.#begin(source, to)) return "no-spare";
    this.nextAt = now;
    return "started";
  }

  /** Sets out to look for expired items at the next call of `work`. */
  crawlSoon(now: Millis): void {
    this.#items.memory.sums[CRAWL_AT] = 0;
    this.nextAt = now;
  }

  /** A slice of everything. Does nothing while another worker is at it. */
  work(now: Millis): void {
    const { locks, settings } = this.#items;
    this.nextAt = now + IDLE_MS;
    this.#items.comeTo(now);
    this.#tuning.follow();
    if (locks !== undefined && !locks.tryLock(MAINTENANCE)) return;
    if (this.#juggle(now)) this.nextAt = now + BUSY_MS;
    if (settings.crawler) this.#crawler.crawl(CHECKS_MAX, now);
    if (settings.automove) this.#movePages(now);
    if (this.#crawler.isUnderWay || this.#mover.isUnderWay) this.nextAt = now + BUSY_MS;
    locks?.unlock(MAINTENANCE);
  }

  /** @returns whether there is more to do at once */
  #juggle(now: Millis): boolean {
    const { lists } = this.#items;
    this.#items.counters.count(0, JUGGLES);
    let left = MOVES_MAX;
    for (let i = 0; i < CLASSES_MAX; i++) {
      const slabClass = this.#juggledClass;
      const base = slabClass << 2;
      if (lists.oldest(base) !== 0 || lists.oldest(base + 1) !== 0 || lists.oldest(base + 3) !== 0) {
        let moved = MOVES_A_TURN;
        while (left > 0 && moved >= MOVES_A_TURN) left -= moved = this.#juggleClass(slabClass, now);
        if (left <= 0) return true;
      }
      this.#juggledClass = slabClass === CLASSES_MAX ? 1 : slabClass + 1;
    }
    return false;
  }

  /** @returns how many items moved: `MOVES_A_TURN` or a few more, or all there was to move */
  #juggleClass(slabClass: number, now: Millis): number {
    const { locks } = this.#items;
    locks?.lock(ALLOCATION);
    this.#reclaimer.holding(-1);
    let moved = 0;
    let last = 1;
    while (moved < MOVES_A_TURN && last > 0) moved += last = this.#reclaimer.juggle(slabClass, now);
    locks?.unlock(ALLOCATION);
    return moved;
  }

  #movePages(now: Millis): void {
    if (!this.#mover.isUnderWay) this.#beginNext(now);
    this.#mover.clear(PAGE_TURNS, now);
    // One page after the other: somebody may be waiting.
    if (!this.#mover.isUnderWay && this.#reclaimer.wanted.isLacking(now)) this.#beginNext(now);
  }

  #beginNext(now: Millis): void {
    const { sums } = this.#items.memory;
    const moves = this.#items.settings.automoveLevel > 0;
    let move = this.#demand.excess() ?? (moves ? this.#demand.forWanted(now) : undefined);
    if (now >= (sums[DEMAND_AT] as number)) {
      sums[DEMAND_AT] = now + IDLE_MS;
      if (moves) move ??= this.#demand.look(now);
    }
    if (move !== undefined) this.#begin(move.from, move.to);
  }

  /** @returns false if the page was one that no class has, and may not be had */
  #begin(from: number, to: number): boolean {
    const { locks, pages } = this.#items;
    if (from > 0) {
      this.#mover.start(from, to);
      return true;
    }
    locks?.lock(ALLOCATION);
    const taken = pages.takePage(to);
    locks?.unlock(ALLOCATION);
    return taken;
  }
}
