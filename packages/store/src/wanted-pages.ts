// Room for a value in parts that was refused.
//
// Where no page is left to take, a class evicts its own items alone, and of the largest chunks it may have one page. A
// value that needs more of them than there are would be refused for ever: each time it gives back what it got, and a
// class with free chunks is one that gives pages. So it is noted how many pages would do. The class gets them from the
// others, and keeps them for a while, for whoever sets the value again.
//
// In the control memory, as another worker may do the maintenance. One number: the most that was refused of late.

import { WANTED_PAGES, WANTED_UNTIL } from "./layout.ts";
import type { StoreSettings } from "./settings.ts";
import type { SlabMemory } from "./slab-memory.ts";
import type { SlabPages } from "./slab-pages.ts";
import type { Millis } from "./store.ts";

/** As long as memcached takes no page from a class that refused something. */
const WANTED_MS = 30_000;
/** A class that gives a page keeps one at least. */
export const PAGES_LEAST = 2;

export class WantedPages {
  /** The class of the largest chunks, in which the parts are. */
  readonly slabClass: number;
  readonly #memory: SlabMemory;
  readonly #settings: StoreSettings;
  readonly #pages: SlabPages;

  constructor(memory: SlabMemory, settings: StoreSettings, pages: SlabPages) {
    this.#memory = memory;
    this.#settings = settings;
    this.#pages = pages;
    this.slabClass = settings.classes.sizes.length - 1;
  }

  /**
   * A value of so many parts was refused. What is in use now did not make room for it, and will not. Of no use where not
   * even all pages that can be had would do.
   */
  note(parts: number, now: Millis): void {
    const { control, sums } = this.#memory;
    const perPage = this.#pages.chunksPerPage[this.slabClass] as number;
    const had = this.#pages.pages(this.slabClass);
    const used = had * perPage - this.#pages.freeChunks(this.slabClass);
    const wanted = Math.ceil((used + parts) / perPage);
    if (!this.#settings.automove || wanted > had + this.#given()) return;
    const before = now < (sums[WANTED_UNTIL] as number) ? (control[WANTED_PAGES] as number) : 0;
    control[WANTED_PAGES] = Math.max(before, wanted);
    sums[WANTED_UNTIL] = now + WANTED_MS;
  }

  /** Whether the class gives no page for it. */
  isNeeding(now: Millis): boolean {
    const wanted = this.#memory.control[WANTED_PAGES] as number;
    return this.#pages.pages(this.slabClass) <= wanted && this.#isNoted(now);
  }

  /** Whether the class is to have more pages for it. */
  isLacking(now: Millis): boolean {
    const wanted = this.#memory.control[WANTED_PAGES] as number;
    return this.#pages.pages(this.slabClass) < wanted && this.#isNoted(now);
  }

  /** Whether a class may be asked for a page: without evictions, nothing that is in use has to go for it. */
  canGive(slabClass: number): boolean {
    if (this.#pages.pages(slabClass) < PAGES_LEAST) return false;
    return this.#settings.evictions || this.#freePages(slabClass) > 0;
  }

  #isNoted(now: Millis): boolean {
    return now < (this.#memory.sums[WANTED_UNTIL] as number);
  }

  /** Pages that there would be if all other classes gave what they can. */
  #given(): number {
    let count = 0;
    for (let slabClass = 1; slabClass < this.slabClass; slabClass++) {
      const most = Math.max(0, this.#pages.pages(slabClass) - PAGES_LEAST + 1);
      count += this.#settings.evictions ? most : Math.min(most, this.#freePages(slabClass));
    }
    return count;
  }

  #freePages(slabClass: number): number {
    return Math.floor(this.#pages.freeChunks(slabClass) / (this.#pages.chunksPerPage[slabClass] as number));
  }
}
