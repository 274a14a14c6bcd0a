// Clears a page, a few chunks at a time, so that it can go to another class.
//
// From the start none of its chunks is given out any more. What is in use goes to a free chunk of another page; if
// there is none, the oldest item of the class goes for it. One that somebody is filling at the moment, or holds, is waited
// for. Without evictions the page stays where it is once there is no free chunk for something in it.

import {
  CLASS_MASK,
  CLASS_SHIFT,
  COLD,
  HASH,
  LINKED,
  MOVED_CHUNKS,
  MOVED_PAGE,
  MOVED_TO,
  PAGE_START,
  PAGES_TAKEN,
  PART,
  PART_OF,
  REGION_MASK,
  REGION_SHIFT,
  SPLIT,
  STATE,
} from "./layout.ts";
import type { Reclaimer } from "./reclaimer.ts";
import { BUSY, PAGES_MOVED, PART_RESCUES, RESCUES, RESCUES_DROPPED } from "./slab-counters.ts";
import { ALLOCATION, type SlabItems, STRIPES } from "./slab-items.ts";
import type { Millis } from "./store.ts";

// Chunks that are moved while others wait for the allocation; large ones take longer.
const CHUNKS_A_TURN = 64;
const BYTES_A_TURN = 262_144;
const EVICTIONS_A_CHUNK = 4;

export class PageMover {
  readonly #items: SlabItems;
  readonly #reclaimer: Reclaimer;
  /** The next chunk of the page. */
  #next = 0;

  constructor(items: SlabItems, reclaimer: Reclaimer) {
    this.#items = items;
    this.#reclaimer = reclaimer;
  }

  get isUnderWay(): boolean {
    return this.#items.memory.control[MOVED_PAGE] !== 0;
  }

  /** Begins with the page of the class that has the most free chunks, of a few. */
  start(from: number, to: number): void {
    const { locks, memory, pages } = this.#items;
    locks?.lock(ALLOCATION);
    const page = this.#pageOf(from);
    if (page !== 0 && memory.control[MOVED_PAGE] === 0) {
      memory.control[MOVED_TO] = to;
      pages.close(page);
      this.#next = 0;
    }
    locks?.unlock(ALLOCATION);
  }

  /** Moves some chunks, up to `turns` times as many as others may wait for. */
  clear(turns: number, now: Millis): void {
    const { control } = this.#items.memory;
    for (let turn = 0; turn < turns && this.isUnderWay; turn++) {
      this.#items.locks?.lock(ALLOCATION);
      if (control[MOVED_PAGE] !== 0) {
        this.#turn(now);
        if (this.isUnderWay && control[MOVED_CHUNKS] === 0) {
          this.#items.pages.move(control[MOVED_TO] as number);
          this.#items.counters.count(0, PAGES_MOVED);
        }
      }
      this.#items.locks?.unlock(ALLOCATION);
    }
  }

  #turn(now: Millis): void {
    const { memory, pages } = this.#items;
    const page = memory.control[MOVED_PAGE] as number;
    const slabClass = pages.classOf(page);
    const chunks = pages.chunksPerPage[slabClass] as number;
    const bytes = pages.chunkBytes[slabClass] as number;
    const count = Math.max(1, Math.min(CHUNKS_A_TURN, Math.floor(BYTES_A_TURN / bytes)));
    for (let i = 0; i < count && this.isUnderWay && memory.control[MOVED_CHUNKS] !== 0; i++) {
      if (this.#next >= chunks) this.#next = 0;
      this.#move(pages.chunkOf(page, slabClass, this.#next++), slabClass, now);
    }
  }

  #move(ref: number, slabClass: number, now: Millis): void {
    const items = this.#items;
    const state = this.#stateOf(ref);
    // Of a part, the item decides whether it may be moved.
    const owner = (state & PART) !== 0 ? this.#wordOf(ref, PART_OF) : ref;
    if (state === 0 || (this.#stateOf(owner) & LINKED) === 0) return;
    const hash = this.#wordOf(owner, HASH);
    if (!items.tryStripe(hash)) return items.counters.count(0, BUSY);
    if (items.holds.isHeld(owner)) {
      items.leaveStripe(hash);
      return items.counters.count(0, BUSY);
    }
    if (!this.#reclaimer.reclaim(owner, items.lists.listOf(owner) >> 2, now)) {
      const left = items.memory.control[MOVED_CHUNKS];
      const to = this.#chunk(ref, slabClass, hash, now);
      // It may itself have been what had to go.
      const stays = this.#stateOf(ref) === state;
      if (!stays && to !== 0) items.pages.give(to, slabClass);
      else if (stays && to !== 0) this.#rescue(ref, to, owner, hash);
      // What went may have been in this page, too: it comes to an end without this one's going.
      else if (stays && items.memory.control[MOVED_CHUNKS] === left) this.#giveUp(owner, now);
    }
    items.leaveStripe(hash);
  }

  /** There is no room elsewhere, and nothing that could go. */
  #giveUp(owner: number, now: Millis): void {
    const { counters, lists, pages, settings } = this.#items;
    if (!settings.evictions) return pages.reopen();
    counters.count(0, RESCUES_DROPPED);
    this.#reclaimer.evict(owner, lists.listOf(owner) >> 2, now);
  }

  #rescue(ref: number, to: number, owner: number, hash: number): void {
    const { counters, index, largeValues, lists, memory, pages } = this.#items;
    const state = this.#stateOf(ref);
    const slabClass = (state >>> CLASS_SHIFT) & CLASS_MASK;
    const start = (ref & REGION_MASK) << 3;
    const from = (memory.bytes[ref >>> REGION_SHIFT] as Uint8Array).subarray(
      start,
      start + (pages.chunkBytes[slabClass] as number),
    );
    (memory.bytes[to >>> REGION_SHIFT] as Uint8Array).set(from, (to & REGION_MASK) << 3);
    if (owner === ref) {
      index.replace(hash, ref, to);
      lists.replace(ref, to);
      if ((state & SPLIT) !== 0) largeValues.adopt(to);
    } else largeValues.moved(ref, to);
    pages.give(ref, slabClass);
    counters.count(0, owner === ref ? RESCUES : PART_RESCUES);
  }

  /** @returns a chunk in another page, or 0 */
  #chunk(ref: number, slabClass: number, hash: number, now: Millis): number {
    const { pages } = this.#items;
    const state = this.#stateOf(ref);
    this.#reclaimer.holding(hash & (STRIPES - 1));
    for (let i = 0; i < EVICTIONS_A_CHUNK && pages.freeChunks(slabClass) === 0; i++) {
      if (this.#reclaimer.pull((slabClass << 2) | COLD, true, 0, 0, now) === 0) break;
      if (this.#stateOf(ref) !== state) return 0;
    }
    return pages.freeChunks(slabClass) > 0 ? pages.take(slabClass) : 0;
  }

  #pageOf(slabClass: number): number {
    const { control } = this.#items.memory;
    const taken = control[PAGES_TAKEN] as number;
    for (let page = 1; page <= taken; page++) if (control[PAGE_START + page] === slabClass) return page;
    return 0;
  }

  #stateOf(ref: number): number {
    return this.#wordOf(ref, STATE);
  }

  #wordOf(ref: number, word: number): number {
    const words = this.#items.memory.words[ref >>> REGION_SHIFT] as Int32Array;
    return words[((ref & REGION_MASK) << 1) + word] as number;
  }
}
