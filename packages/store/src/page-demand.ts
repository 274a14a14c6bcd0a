// Which class should give a page to which other one.
//
// Looked at a few times a second. A class that has had pages of free chunks to spare for a while gives one to all. Else
// the class in which items are evicted youngest gets one of that in which they get oldest, as long as the ages differ
// much: then a page does more good there. Ages and evictions are those of the last few looks, so that a passing burst moves
// nothing. Before all of that comes a value that was refused though there is room for it (wanted-pages.ts).

import { COLD, TICKS_PER_SECOND } from "./layout.ts";
import type { Reclaimer } from "./reclaimer.ts";
import { EVICTED, OUT_OF_MEMORY } from "./slab-counters.ts";
import type { SlabItems } from "./slab-items.ts";
import type { Millis } from "./store.ts";
import { PAGES_LEAST } from "./wanted-pages.ts";

const WINDOW = 8;
// Free chunks that a class may keep, in pages; and for how many looks in a row it has more: ten seconds, as in
// memcached. Else whoever replaces a large value by a small one gives up what the next large one needs.
const SPARE_PAGES_KEPT = 2.5;
const SPARE_LOOKS = 40;
// How young the evicted must be compared with the oldest of the class that gives.
const AGE_RATIO = 0.8;

/** `from` is 0 for a page that no class has, `to` is 0 where a page is to be free for whoever needs it. */
export interface PageMove {
  readonly from: number;
  readonly to: number;
}

export class PageDemand {
  readonly #items: SlabItems;
  readonly #reclaimer: Reclaimer;
  /** Of each class: in how many of the last looks, a bit each, items had been evicted, or refused. */
  readonly #evicting: Uint8Array;
  /** Of each class: how many looks in a row it has had more free chunks than it may keep, up to `SPARE_LOOKS`. */
  readonly #sparing: Uint8Array;
  readonly #evicted: Float64Array;

  constructor(items: SlabItems, reclaimer: Reclaimer) {
    const classes = items.settings.classes.sizes.length;
    this.#items = items;
    this.#reclaimer = reclaimer;
    this.#evicting = new Uint8Array(classes);
    this.#sparing = new Uint8Array(classes);
    this.#evicted = new Float64Array(classes);
  }

  /** @returns the move that would do most good, if any would do much */
  look(now: Millis): PageMove | undefined {
    this.#record();
    const { pages } = this.#items;
    const { wanted } = this.#reclaimer;
    const spared = wanted.isNeeding(now) ? wanted.slabClass : 0;
    let young = 0;
    let youngAge = Infinity;
    let old = 0;
    let oldAge = -1;
    for (let slabClass = 1; slabClass < this.#evicting.length; slabClass++) {
      const count = pages.pages(slabClass);
      const isSpared = slabClass === spared;
      if (!isSpared && (this.#sparing[slabClass] as number) >= SPARE_LOOKS) {
        return pages.sparePages > 0 ? undefined : { from: slabClass, to: 0 };
      }
      const age = this.#reclaimer.ageOf((slabClass << 2) | COLD, now);
      const wanting = isMostly(this.#evicting[slabClass] as number);
      if (wanting && age < youngAge) {
        youngAge = age;
        young = slabClass;
      }
      if (!isSpared && count >= PAGES_LEAST && age > oldAge) {
        oldAge = age;
        old = slabClass;
      }
    }
    if (young === 0 || old === 0 || young === old || !this.#items.settings.evictions) return undefined;
    // Ages below a second say little.
    const differs = youngAge < oldAge * AGE_RATIO && oldAge - youngAge >= TICKS_PER_SECOND;
    return differs ? { from: old, to: young } : undefined;
  }

  /**
   * A page for a value that was refused: one that no class has, one of a class with as many free chunks, or one of that
   * in which items get oldest.
   */
  forWanted(now: Millis): PageMove | undefined {
    const { wanted } = this.#reclaimer;
    if (!wanted.isLacking(now)) return undefined;
    const { pages } = this.#items;
    const to = wanted.slabClass;
    if (pages.canTakePage(to)) return { from: 0, to };
    let from = 0;
    let oldAge = -1;
    for (let slabClass = 1; slabClass < to; slabClass++) {
      if (!wanted.canGive(slabClass)) continue;
      const isFree = pages.freeChunks(slabClass) >= (pages.chunksPerPage[slabClass] as number);
      const age = isFree ? Infinity : this.#reclaimer.ageOf((slabClass << 2) | COLD, now);
      if (age <= oldAge) continue;
      oldAge = age;
      from = slabClass;
    }
    return from > 0 ? { from, to } : undefined;
  }

  /** What has to go since `bytesMax` was lowered below what the pages in use count for. */
  excess(): PageMove | undefined {
    const { pages, settings } = this.#items;
    if (!settings.lowered || pages.usedBytes <= settings.bytesMax) return undefined;
    const from = this.spareClass(0);
    return from > 0 ? { from, to: 0 } : undefined;
  }

  /** The class that has most pages and can give one to `to`; -1 if none can. */
  spareClass(to: number): number {
    let found = -1;
    let most = 0;
    for (let slabClass = 1; slabClass < this.#evicting.length; slabClass++) {
      const count = this.#items.pages.pages(slabClass);
      if (slabClass === to || count <= most || !this.#reclaimer.wanted.canGive(slabClass)) continue;
      most = count;
      found = slabClass;
    }
    return found;
  }

  #record(): void {
    const { counters, pages } = this.#items;
    for (let slabClass = 1; slabClass < this.#evicting.length; slabClass++) {
      const evicted = counters.sum(slabClass, EVICTED) + counters.sum(slabClass, OUT_OF_MEMORY);
      const more = evicted > (this.#evicted[slabClass] as number) ? 1 : 0;
      this.#evicted[slabClass] = evicted;
      this.#evicting[slabClass] = ((this.#evicting[slabClass] as number) << 1) | more;
      const kept = SPARE_PAGES_KEPT * (pages.chunksPerPage[slabClass] as number);
      const spares = pages.pages(slabClass) > 1 && pages.freeChunks(slabClass) >= kept;
      this.#sparing[slabClass] = spares ? Math.min(SPARE_LOOKS, (this.#sparing[slabClass] as number) + 1) : 0;
    }
  }
}

/** Whether at least half of the last `WINDOW` looks saw evictions. */
function isMostly(looks: number): boolean {
  let count = 0;
  for (let i = 0; i < WINDOW; i++) count += (looks >>> i) & 1;
  return count * 2 >= WINDOW;
}
