// Values above the largest chunk: in parts, each in a chunk of its own.
//
//     item: ... key | first part ->  part: next | of | bytes | data ...  ->  part  ->  0
//
// Sizes are memcached's: a part takes 48 bytes besides its data, the last one is a chunk of the smallest class that
// holds the rest, and the two bytes of the line end that memcached keeps count as data.

import {
  CLASS_MASK,
  CLASS_SHIFT,
  KEY,
  KEY_BYTES_MASK,
  NEXT_PART,
  PART,
  PART_BYTES,
  PART_DATA,
  PART_OF,
  REGION_MASK,
  REGION_SHIFT,
  STATE,
} from "./layout.ts";
import type { SlabMemory } from "./slab-memory.ts";
import type { SlabPages } from "./slab-pages.ts";

export class LargeValues {
  readonly #memory: SlabMemory;
  readonly #pages: SlabPages;

  constructor(memory: SlabMemory, pages: SlabPages) {
    this.#memory = memory;
    this.#pages = pages;
  }

  /** Puts a chunk behind the last part, 0 for none, of an item whose key length is set. */
  add(ref: number, last: number, part: number, slabClass: number): void {
    const words = this.#words(part);
    const at = wordOf(part);
    words[at + NEXT_PART] = 0;
    words[at + PART_OF] = ref;
    words[at + PART_BYTES] = 0;
    words[at + STATE] = PART | (slabClass << CLASS_SHIFT);
    this.#link(ref, last, part);
  }

  first(ref: number): number {
    return this.#words(ref)[this.#firstAt(ref)] as number;
  }

  next(part: number): number {
    return this.#words(part)[wordOf(part) + NEXT_PART] as number;
  }

  bytesOf(part: number): number {
    return this.#words(part)[wordOf(part) + PART_BYTES] as number;
  }

  /** Where the data of a part starts, in the bytes of its region. */
  startOf(part: number): number {
    return (wordOf(part) << 2) + PART_DATA;
  }

  /** Says that the item has no part. */
  clear(ref: number): void {
    this.#words(ref)[this.#firstAt(ref)] = 0;
  }

  /** Gives the chunks of all parts back. */
  give(ref: number): void {
    let part = this.first(ref);
    while (part !== 0) {
      const next = this.next(part);
      this.#pages.give(part, this.#classOf(part));
      part = next;
    }
    this.clear(ref);
  }

  /** Writes on behind what has been written, from `part` on. @returns the part to go on with */
  write(part: number, from: Uint8Array, start: number, end: number): number {
    let at = start;
    for (;;) {
      const words = this.#words(part);
      const row = wordOf(part) + PART_BYTES;
      const had = words[row] as number;
      const room = (this.#pages.chunkBytes[this.#classOf(part)] as number) - PART_DATA - had;
      const count = Math.min(room, end - at);
      const bytes = this.#memory.bytes[part >>> REGION_SHIFT] as Uint8Array;
      this.#memory.copy(from, at, at + count, bytes, this.startOf(part) + had);
      words[row] = had + count;
      at += count;
      if (at === end) return part;
      part = this.next(part);
    }
  }

  /** The part moved to another chunk: what led to it leads there. */
  moved(part: number, to: number): void {
    const ref = this.#words(to)[wordOf(to) + PART_OF] as number;
    let before = 0;
    for (let at = this.first(ref); at !== part; at = this.next(at)) before = at;
    this.#link(ref, before, to);
  }

  /** The item moved to another chunk: its parts belong there. */
  adopt(ref: number): void {
    for (let part = this.first(ref); part !== 0; part = this.next(part)) {
      this.#words(part)[wordOf(part) + PART_OF] = ref;
    }
  }

  #link(ref: number, before: number, part: number): void {
    if (before === 0) this.#words(ref)[this.#firstAt(ref)] = part;
    else this.#words(before)[wordOf(before) + NEXT_PART] = part;
  }

  #firstAt(ref: number): number {
    const at = wordOf(ref);
    const keyBytes = (this.#words(ref)[at + STATE] as number) & KEY_BYTES_MASK;
    return at + ((KEY + keyBytes + 3) >> 2);
  }

  #classOf(part: number): number {
    return ((this.#words(part)[wordOf(part) + STATE] as number) >>> CLASS_SHIFT) & CLASS_MASK;
  }

  #words(ref: number): Int32Array {
    return this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
  }
}

function wordOf(ref: number): number {
  return (ref & REGION_MASK) << 1;
}
