// Chunks of memory: pages cut into chunks of one size each. Hot path.
//
// A class of chunks takes a page when it has no free chunk: a spare one, or a new one while those there are do not
// count for more than `bytesMax`. Its first page it always gets, as in memcached, so that no size is shut out.

import {
  CLASS_PAGES,
  CLASS_START,
  CLASS_WORDS,
  FREE_CHUNK,
  FREE_CHUNKS,
  MOVED_CHUNKS,
  MOVED_PAGE,
  NEW_CHUNK,
  NEW_CHUNKS,
  NEWER,
  OLDER,
  PAGE_START,
  PAGES_BYTES,
  PAGES_TAKEN,
  REGION_MASK,
  REGION_SHIFT,
  SPARE_PAGE,
  SPARE_PAGES,
  STATE,
} from "./layout.ts";
import type { StoreSettings } from "./settings.ts";
import type { SlabMemory } from "./slab-memory.ts";

const SPARED_BYTES = 8;

export class SlabPages {
  /** Of each class from 1: bytes of a chunk as they lie in memory, and how many chunks a page has. */
  readonly chunkBytes: Uint32Array;
  readonly chunksPerPage: Uint32Array;
  readonly #memory: SlabMemory;
  readonly #words: readonly Int32Array[];
  readonly #control: Int32Array;
  readonly #sums: Float64Array;
  readonly #settings: StoreSettings;
  /** The chunk of a page being cleared that was given back last, by this worker. */
  #vacated = 0;

  constructor(memory: SlabMemory, settings: StoreSettings) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#control = memory.control;
    this.#sums = memory.sums;
    this.#settings = settings;
    const { sizes } = settings.classes;
    // Our items are 11 bytes shorter than memcached's, or 3 without cas uniques: of a chunk that counts as `sizes` has
    // it, 8 are not needed.
    this.chunkBytes = settings.casUniques ? sizes.map((bytes) => Math.max(0, bytes - SPARED_BYTES)) : sizes;
    this.chunksPerPage = sizes.map((bytes) => Math.floor(settings.pageBytes / bytes));
  }

  /** @returns a chunk of the class, or 0 if there is none and no page may be taken */
  take(slabClass: number): number {
    const control = this.#control;
    const row = CLASS_START + slabClass * CLASS_WORDS;
    const ref = control[row + FREE_CHUNK] as number;
    if (ref === 0) return this.#takeNew(slabClass, row);
    const next = (this.#words[ref >>> REGION_SHIFT] as Int32Array)[
      ((ref & REGION_MASK) << 1) + OLDER
    ] as number;
    control[row + FREE_CHUNK] = next;
    if (next !== 0)
      (this.#words[next >>> REGION_SHIFT] as Int32Array)[((next & REGION_MASK) << 1) + NEWER] = 0;
    control[row + FREE_CHUNKS] = (control[row + FREE_CHUNKS] as number) - 1;
    return ref;
  }

  /** Gives a chunk back: the next `take` of its class has it, unless its page is being cleared. */
  give(ref: number, slabClass: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const control = this.#control;
    const row = CLASS_START + slabClass * CLASS_WORDS;
    words[at + STATE] = 0;
    if (control[MOVED_PAGE] !== 0 && this.pageOf(ref) === control[MOVED_PAGE]) {
      control[MOVED_CHUNKS] = (control[MOVED_CHUNKS] as number) - 1;
      this.#vacated = ref;
      return;
    }
    const next = control[row + FREE_CHUNK] as number;
    words[at + OLDER] = next;
    words[at + NEWER] = 0;
    if (next !== 0)
      (this.#words[next >>> REGION_SHIFT] as Int32Array)[((next & REGION_MASK) << 1) + NEWER] = ref;
    control[row + FREE_CHUNK] = ref;
    control[row + FREE_CHUNKS] = (control[row + FREE_CHUNKS] as number) + 1;
  }

  /** Begins to clear a page: none of its chunks is given out any more. */
  close(page: number): void {
    const control = this.#control;
    const slabClass = this.classOf(page);
    const chunks = this.chunksPerPage[slabClass] as number;
    this.#freeNew(slabClass);
    let used = 0;
    for (let i = 0; i < chunks; i++) {
      const ref = this.chunkOf(page, slabClass, i);
      const state = (this.#words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + STATE];
      if (state === 0) this.#withdraw(ref, slabClass);
      else used++;
    }
    control[MOVED_PAGE] = page;
    control[MOVED_CHUNKS] = used;
  }

  /** Whether a page of the class is being cleared. */
  isClosing(slabClass: number): boolean {
    const page = this.#control[MOVED_PAGE] as number;
    return page !== 0 && this.classOf(page) === slabClass;
  }

  /**
   * A chunk of the page that is being cleared, for who made room just there and found none elsewhere. What is put there
   * has to move once more.
   *
   * @returns 0 if there is none
   */
  takeVacated(slabClass: number): number {
    const ref = this.#vacated;
    const control = this.#control;
    if (ref === 0 || !this.isClosing(slabClass) || this.pageOf(ref) !== control[MOVED_PAGE]) return 0;
    if ((this.#words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + STATE] !== 0) return 0;
    control[MOVED_CHUNKS] = (control[MOVED_CHUNKS] as number) + 1;
    this.#vacated = 0;
    return ref;
  }

  /** The page is not to be cleared after all: what is free of it is given out again. */
  reopen(): void {
    const control = this.#control;
    const page = control[MOVED_PAGE] as number;
    const slabClass = this.classOf(page);
    control[MOVED_PAGE] = 0;
    for (let i = 0; i < (this.chunksPerPage[slabClass] as number); i++) {
      const ref = this.chunkOf(page, slabClass, i);
      const state = (this.#words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + STATE];
      if (state === 0) this.give(ref, slabClass);
    }
  }

  /** Takes a free chunk out of the list of its class. */
  #withdraw(ref: number, slabClass: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const control = this.#control;
    const row = CLASS_START + slabClass * CLASS_WORDS;
    const next = words[at + OLDER] as number;
    const before = words[at + NEWER] as number;
    if (before === 0) control[row + FREE_CHUNK] = next;
    else (this.#words[before >>> REGION_SHIFT] as Int32Array)[((before & REGION_MASK) << 1) + OLDER] = next;
    if (next !== 0)
      (this.#words[next >>> REGION_SHIFT] as Int32Array)[((next & REGION_MASK) << 1) + NEWER] = before;
    control[row + FREE_CHUNKS] = (control[row + FREE_CHUNKS] as number) - 1;
  }

  freeChunks(slabClass: number): number {
    const row = CLASS_START + slabClass * CLASS_WORDS;
    return (this.#control[row + FREE_CHUNKS] as number) + (this.#control[row + NEW_CHUNKS] as number);
  }

  pages(slabClass: number): number {
    return this.#control[CLASS_START + slabClass * CLASS_WORDS + CLASS_PAGES] as number;
  }

  get sparePages(): number {
    return this.#control[SPARE_PAGES] as number;
  }

  /** What all pages count for. */
  get bytes(): number {
    return this.#sums[PAGES_BYTES] as number;
  }

  /** What those pages count for that some class has. */
  get usedBytes(): number {
    return this.bytes - this.sparePages * this.#settings.pageBytes;
  }

  /** Whether a class that has pages could take another one. */
  canTakePage(slabClass: number): boolean {
    if (this.#control[SPARE_PAGES] !== 0 && this.#mayUseSpare(slabClass)) return true;
    return this.bytes + this.#pageCost(slabClass) <= this.#settings.bytesMax;
  }

  /** The page that a chunk is in, from 1. */
  pageOf(ref: number): number {
    return Math.floor((ref >>> 0) / (this.#settings.pageBytes / 8));
  }

  /** The first chunk of a page; the others follow. */
  chunkOf(page: number, slabClass: number, index: number): number {
    return (page * (this.#settings.pageBytes / 8) + index * ((this.chunkBytes[slabClass] as number) / 8)) | 0;
  }

  /** The class that a page, from 1, belongs to; 0 if to none. */
  classOf(page: number): number {
    return Math.max(0, this.#control[PAGE_START + page] as number);
  }

  /** The page that was closed has no chunk in use any more: it goes to another class, or for 0 becomes a spare one. */
  move(to: number): void {
    const control = this.#control;
    const page = control[MOVED_PAGE] as number;
    const from = this.classOf(page);
    control[MOVED_PAGE] = 0;
    const row = CLASS_START + from * CLASS_WORDS;
    control[row + CLASS_PAGES] = (control[row + CLASS_PAGES] as number) - 1;
    if (to !== 0) {
      this.#sums[PAGES_BYTES] = this.bytes - this.#pageCost(from) + this.#pageCost(to);
      return this.#cut(page, to, true);
    }
    control[PAGE_START + page] = -(control[SPARE_PAGE] as number);
    control[SPARE_PAGE] = page;
    control[SPARE_PAGES] = (control[SPARE_PAGES] as number) + 1;
  }

  /** Counts the pages again, by what the page table says. */
  recount(): void {
    const control = this.#control;
    const taken = control[PAGES_TAKEN] as number;
    let bytes = 0;
    for (let page = 1; page <= taken; page++) {
      const slabClass = this.classOf(page);
      const row = CLASS_START + slabClass * CLASS_WORDS;
      // A spare page goes on counting for what it counted for, which is all of it: else no page ever gets spare.
      bytes += slabClass === 0 ? this.#settings.pageBytes : this.#pageCost(slabClass);
      if (slabClass !== 0) control[row + CLASS_PAGES] = (control[row + CLASS_PAGES] as number) + 1;
    }
    this.#sums[PAGES_BYTES] = bytes;
  }

  /** Gives a class a page: a spare one, or a new one. @returns false if it may not have one */
  takePage(slabClass: number): boolean {
    const control = this.#control;
    const spare = control[SPARE_PAGE] as number;
    if (spare !== 0 && this.#mayUseSpare(slabClass)) {
      control[SPARE_PAGE] = -(control[PAGE_START + spare] as number);
      control[SPARE_PAGES] = (control[SPARE_PAGES] as number) - 1;
      this.#cut(spare, slabClass, true);
      return true;
    }
    const cost = this.#pageCost(slabClass);
    const taken = control[PAGES_TAKEN] as number;
    if (this.bytes + cost > this.#settings.bytesMax && this.pages(slabClass) > 0) return false;
    if (taken === this.#settings.pagesMax) return false;
    control[PAGES_TAKEN] = taken + 1;
    this.#sums[PAGES_BYTES] = this.bytes + cost;
    this.#cut(taken + 1, slabClass, false);
    return true;
  }

  /** `bytesMax` may have been lowered: then pages that were given up are not to be used again. */
  #mayUseSpare(slabClass: number): boolean {
    const { bytesMax, pageBytes } = this.#settings;
    return this.usedBytes + pageBytes <= bytesMax || this.pages(slabClass) === 0;
  }

  /** @returns a chunk that was never used, or 0 */
  #takeNew(slabClass: number, row: number): number {
    const control = this.#control;
    if (control[row + NEW_CHUNKS] === 0 && !this.takePage(slabClass)) return 0;
    const ref = control[row + NEW_CHUNK] as number;
    const left = (control[row + NEW_CHUNKS] as number) - 1;
    control[row + NEW_CHUNKS] = left;
    control[row + NEW_CHUNK] = left === 0 ? 0 : (ref + (this.chunkBytes[slabClass] as number) / 8) | 0;
    return ref;
  }

  /** The chunks of a page, which may have been in use before, are new ones of the class. */
  #cut(page: number, slabClass: number, used: boolean): void {
    const control = this.#control;
    const row = CLASS_START + slabClass * CLASS_WORDS;
    const chunks = this.chunksPerPage[slabClass] as number;
    const { pageBytes, pagesMax } = this.#settings;
    this.#memory.reach((page + 1) * pageBytes, (pagesMax + 1) * pageBytes);
    this.#freeNew(slabClass);
    // What is in its chunks means something only once they are cut.
    control[PAGE_START + page] = 0;
    for (let i = 0; used && i < chunks; i++) {
      const ref = this.chunkOf(page, slabClass, i);
      (this.#words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + STATE] = 0;
    }
    control[PAGE_START + page] = slabClass;
    control[row + CLASS_PAGES] = (control[row + CLASS_PAGES] as number) + 1;
    control[row + NEW_CHUNK] = this.chunkOf(page, slabClass, 0);
    control[row + NEW_CHUNKS] = chunks;
  }

  /** Makes new chunks free ones like all others. */
  #freeNew(slabClass: number): void {
    const row = CLASS_START + slabClass * CLASS_WORDS;
    while ((this.#control[row + NEW_CHUNKS] as number) > 0)
      this.give(this.#takeNew(slabClass, row), slabClass);
  }

  /** As memcached: where pages can move all count alike, else only what of them can be used. */
  #pageCost(slabClass: number): number {
    const { pageBytes, chunkBytesMax, automove } = this.#settings;
    if (automove || chunkBytesMax !== pageBytes) return pageBytes;
    return (this.#settings.classes.sizes[slabClass] as number) * (this.chunksPerPage[slabClass] as number);
  }
}
