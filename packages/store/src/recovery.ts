// Puts a shared memory right after a worker died while it changed it.
//
// What such a worker left half done is a link, a count, a list: all of these can be made again from the chunks. A chunk
// says by one word, its state, what it is, and that word is written last when an item comes, and first when it goes:
//
//     linked               an item: it stays; if it was being written over, as it was before (kept-items.ts)
//     neither, not a part  not yet or no longer an item: of a worker that lives, who goes on afterwards, or of a dead
//                          one: free, unless somebody holds it (holds.ts)
//     a part               stays with what leads to it
//     0                    free
//
// Called with all locks held, so nobody else does anything; those that wait for a lock hold nothing that is not in
// order. Takes a second or so for some millions of items, and the memory of a list of them.

import {
  CLASS_START,
  CLASS_WORDS,
  CLASSES_MAX,
  CRAWLED_LIST,
  HASH,
  ITEMS,
  KEY,
  KEY_BYTES_MASK,
  LINKED,
  LIST_BYTES,
  LIST_START,
  LIST_WORDS,
  LISTS,
  MOVED_PAGE,
  NEXT_PART,
  NOBODY,
  OWNER,
  PAGE_START,
  PAGES_TAKEN,
  PART,
  PART_OF,
  REGION_MASK,
  REGION_SHIFT,
  SPARE_PAGE,
  SPARE_PAGES,
  SPLIT,
  STATE,
} from "./layout.ts";
import { orderByAge } from "./list-order.ts";
import type { SlabItems } from "./slab-items.ts";

/** A part that something leads to. Only while this goes on. */
const REACHED = 0x40_0000;

const CHUNKS_A_BEAT = 1_024;

export class Recovery {
  readonly #items: SlabItems;
  readonly #beat: () => void;
  #steps = 0;

  /** @param beat To be called every few milliseconds. */
  constructor(items: SlabItems, beat: () => void) {
    this.#items = items;
    this.#beat = beat;
  }

  /** @param dead The worker that died: what it was filling is free. */
  recover(dead: number): void {
    this.#items.kept?.restore();
    this.#items.holds.forget(dead);
    this.#clear();
    this.#eachChunk((ref) => this.#judge(ref, dead));
    this.#eachChunk((ref) => this.#freePart(ref));
    this.#eachChunk((ref, slabClass) => {
      if (this.#word(ref, STATE) === 0) this.#items.pages.give(ref, slabClass);
    });
    this.#spare();
    const { index, lists, memory } = this.#items;
    while (index.isCrowded) {
      index.split();
      this.#step();
    }
    for (let list = 4; list < LISTS; list++) {
      if (lists.length(list) > 1) orderByAge(memory, lists, list, () => this.#step());
    }
  }

  /** Empties the index, the lists, and those of free chunks and pages. */
  #clear(): void {
    const { control, sums } = this.#items.memory;
    this.#items.index.clear();
    control[ITEMS] = 0;
    control[SPARE_PAGE] = 0;
    control[SPARE_PAGES] = 0;
    control[MOVED_PAGE] = 0;
    control[CRAWLED_LIST] = 0;
    control.fill(0, CLASS_START, CLASS_START + (CLASSES_MAX + 1) * CLASS_WORDS);
    control.fill(0, LIST_START, LIST_START + LISTS * LIST_WORDS);
    sums.fill(0, LIST_BYTES, LIST_BYTES + LISTS);
    this.#items.pages.recount();
  }

  /** What is an item is put back into the index and its list; what leads to parts marks them. */
  #judge(ref: number, dead: number): void {
    const state = this.#word(ref, STATE);
    if (state === 0 || (state & PART) !== 0) return;
    if ((state & LINKED) === 0) {
      // Somebody is filling it, and is waiting meanwhile, or is dead; or it is there for those alone that hold it.
      const owner = this.#word(ref, OWNER);
      if (owner === dead || owner === NOBODY) this.#freeItem(ref);
      else if ((state & SPLIT) !== 0) this.#reach(ref);
      return;
    }
    const { index, lists, memory } = this.#items;
    const hash = this.#word(ref, HASH);
    const bytes = memory.bytes[ref >>> REGION_SHIFT] as Uint8Array;
    const start = ((ref & REGION_MASK) << 3) + KEY;
    const end = start + (state & KEY_BYTES_MASK);
    // Of two items with one key, one was about to go for the other; either of them may be it.
    if (index.find(hash, bytes, start, end) !== 0) return this.#freeItem(ref);
    index.insert(hash, ref);
    lists.insert(ref, lists.listOf(ref));
    const { control } = memory;
    control[ITEMS] = (control[ITEMS] as number) + 1;
    if ((state & SPLIT) !== 0) this.#reach(ref);
    if (index.isCrowded) index.split();
  }

  #reach(ref: number): void {
    const { largeValues } = this.#items;
    for (let part = largeValues.first(ref); part !== 0; part = this.#word(part, NEXT_PART)) {
      this.#set(part, STATE, this.#word(part, STATE) | REACHED);
      this.#set(part, PART_OF, ref);
    }
  }

  #freePart(ref: number): void {
    const state = this.#word(ref, STATE);
    if ((state & PART) === 0) return;
    if ((state & REACHED) === 0) this.#free(ref);
    else this.#set(ref, STATE, state & ~REACHED);
  }

  /** Not the item of its key, whoever held it before: its chunks are free when nobody holds it. */
  #freeItem(ref: number): void {
    if (!this.#items.holds.isHeld(ref)) return this.#free(ref);
    const state = this.#word(ref, STATE) & ~LINKED;
    this.#set(ref, OWNER, NOBODY);
    this.#set(ref, STATE, state);
    if ((state & SPLIT) !== 0) this.#reach(ref);
  }

  /** For the pass that gives all free chunks back. */
  #free(ref: number): void {
    this.#set(ref, STATE, 0);
  }

  /** Pages that belong to no class are spare. */
  #spare(): void {
    const { control } = this.#items.memory;
    const taken = control[PAGES_TAKEN] as number;
    for (let page = 1; page <= taken; page++) {
      if ((control[PAGE_START + page] as number) > 0) continue;
      control[PAGE_START + page] = -(control[SPARE_PAGE] as number);
      control[SPARE_PAGE] = page;
      control[SPARE_PAGES] = (control[SPARE_PAGES] as number) + 1;
    }
  }

  #eachChunk(visit: (ref: number, slabClass: number) => void): void {
    const { memory, pages } = this.#items;
    const taken = memory.control[PAGES_TAKEN] as number;
    for (let page = 1; page <= taken; page++) {
      const slabClass = pages.classOf(page);
      const chunks = slabClass === 0 ? 0 : (pages.chunksPerPage[slabClass] as number);
      for (let i = 0; i < chunks; i++) {
        visit(pages.chunkOf(page, slabClass, i), slabClass);
        this.#step();
      }
    }
  }

  #step(): void {
    if (++this.#steps % CHUNKS_A_BEAT === 0) this.#beat();
  }

  #word(ref: number, word: number): number {
    const words = this.#items.memory.words[ref >>> REGION_SHIFT] as Int32Array;
    return words[((ref & REGION_MASK) << 1) + word] as number;
  }

  #set(ref: number, word: number, value: number): void {
    const words = this.#items.memory.words[ref >>> REGION_SHIFT] as Int32Array;
    words[((ref & REGION_MASK) << 1) + word] = value;
  }
}
