// Which chunk has the item of a key. Hot path.
//
// An open-addressing table of groups: a key's hash names one group of 16 words, a line of the processor's cache, and its
// item is in one of the 12 places there. A place has 8 bits of the hash beside its reference, so that an item in memory
// is looked at for no other key but once in 256 times:
//
//     word    0  1  2   |  3 ... 14           |  15
//             12 tags   |  12 references      |  first of those that found the group full, chained by their items
//
// The table grows by one group at a time (linear hashing): when there are more than nine items a group, the next group
// in line gives up those of its items that belong to the new one at the end. So no call ever waits for the whole table,
// there is never a second one, and what it takes follows the number of items.
//
// Of two groups between which items move, the lowest ten bits are the same: a lock for each value of those guards both.

import {
  CHAINED,
  GROUP_MASK,
  GROUPS,
  HASH,
  ITEMS,
  KEY,
  KEY_BYTES_MASK,
  REGION_MASK,
  REGION_SHIFT,
  STATE,
} from "./layout.ts";
import type { SlabMemory } from "./slab-memory.ts";

export const GROUP_WORDS = 16;
/** How many groups there are at first, and how many locks can guard them. */
export const GROUPS_MIN = 1_024;
/** Items a group, on average. Twelve would make most groups full. */
export const ITEMS_PER_GROUP = 9;

const GROUP_SHIFT = 4;
const PLACES = 12;
const REFS = 3;
const CHAIN = 15;
const TAG_WORDS = 3;

export class KeyIndex {
  readonly #words: readonly Int32Array[];
  readonly #bytes: readonly Uint8Array[];
  readonly #table: Int32Array;
  readonly #control: Int32Array;
  readonly #groupsMax: number;
  readonly #moving: Int32Array = new Int32Array(PLACES);
  readonly #hashes: Int32Array = new Int32Array(PLACES);

  constructor(memory: SlabMemory) {
    this.#words = memory.words;
    this.#bytes = memory.bytes;
    this.#table = memory.table;
    this.#control = memory.control;
    this.#groupsMax = memory.table.length / GROUP_WORDS;
  }

  get groups(): number {
    return this.#control[GROUPS] as number;
  }

  get bytes(): number {
    return this.groups * GROUP_WORDS * Int32Array.BYTES_PER_ELEMENT;
  }

  /** @returns the item of this key, or 0 */
  find(hash: number, key: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const group = this.#groupOf(hash) << GROUP_SHIFT;
    const tags = Math.imul(tagOf(hash), 0x0101_0101);
    for (let i = 0; i < TAG_WORDS; i++) {
      // A byte of `differs` is 0 where the tag is ours; the sum below sets the high bit of such bytes, and rarely
      // that of one above them.
      const differs = (table[group + i] as number) ^ tags;
      let hits = (differs - 0x0101_0101) & ~differs & 0x8080_8080;
      while (hits !== 0) {
        const place = (i << 2) + ((31 - Math.clz32(hits & -hits)) >> 3);
        const ref = table[group + REFS + place] as number;
        if (ref !== 0 && this.#has(ref, hash, key, start, end)) return ref;
        hits &= hits - 1;
      }
    }
    let ref = table[group + CHAIN] as number;
    while (ref !== 0 && !this.#has(ref, hash, key, start, end)) ref = this.#wordOf(ref, CHAINED);
    return ref;
  }

  /** The item's key is not in the index. */
  insert(hash: number, ref: number): void {
    this.#place(this.#groupOf(hash) << GROUP_SHIFT, hash, ref);
  }

  /** The item is in the index; `by` has the same key and is not. */
  replace(hash: number, ref: number, by: number): void {
    const group = this.#groupOf(hash) << GROUP_SHIFT;
    const place = this.#placeOf(group, ref);
    if (place >= 0) {
      this.#table[group + REFS + place] = by;
      return;
    }
    this.#setWordOf(by, CHAINED, this.#wordOf(ref, CHAINED));
    this.#relink(group, ref, by);
  }

  /** The item is in the index. */
  remove(hash: number, ref: number): void {
    const table = this.#table;
    const group = this.#groupOf(hash) << GROUP_SHIFT;
    const place = this.#placeOf(group, ref);
    if (place < 0) return this.#relink(group, ref, this.#wordOf(ref, CHAINED));
    const chained = table[group + CHAIN] as number;
    if (chained !== 0) {
      table[group + CHAIN] = this.#wordOf(chained, CHAINED);
      this.#set(group, place, tagOf(this.#wordOf(chained, HASH)), chained);
      return;
    }
    // Places are filled from the first on: the last one moves into the gap.
    let last = place;
    while (last + 1 < PLACES && table[group + REFS + last + 1] !== 0) last++;
    if (last > place) {
      const tag = ((table[group + (last >> 2)] as number) >>> ((last & 3) << 3)) & 0xff;
      this.#set(group, place, tag, table[group + REFS + last] as number);
    }
    this.#set(group, last, 0, 0);
  }

  get isCrowded(): boolean {
    const groups = this.#control[GROUPS] as number;
    return (this.#control[ITEMS] as number) > groups * ITEMS_PER_GROUP && groups < this.#groupsMax;
  }

  /** The group that the next `split` divides: it belongs to the lock of its lowest bits. */
  get nextSplit(): number {
    const half = ((this.#control[GROUP_MASK] as number) + 1) >>> 1;
    return (this.#control[GROUPS] as number) - half;
  }

  /** Adds a group. */
  split(): void {
    const table = this.#table;
    const control = this.#control;
    const moving = this.#moving;
    const hashes = this.#hashes;
    const group = this.nextSplit << GROUP_SHIFT;
    const added = control[GROUPS] as number;
    let count = 0;
    for (; count < PLACES && table[group + REFS + count] !== 0; count++) {
      moving[count] = table[group + REFS + count] as number;
    }
    // All of them first, one behind the other: the processor waits for these items once, not a dozen times.
    for (let i = 0; i < count; i++) hashes[i] = this.#wordOf(moving[i] as number, HASH);
    let chained = table[group + CHAIN] as number;
    table.fill(0, group, group + GROUP_WORDS);
    control[GROUPS] = added + 1;
    if (added >= (control[GROUP_MASK] as number)) control[GROUP_MASK] = added * 2 + 1;
    for (let i = 0; i < count; i++) this.insert(hashes[i] as number, moving[i] as number);
    while (chained !== 0) {
      const ref = chained;
      chained = this.#wordOf(ref, CHAINED);
      this.insert(this.#wordOf(ref, HASH), ref);
    }
  }

  /** The reference at a place of a group, for who goes through all: 0 to 11, then the chain. @returns 0 for none */
  at(group: number, place: number): number {
    if (place < PLACES) return this.#table[(group << GROUP_SHIFT) + REFS + place] as number;
    let ref = this.#table[(group << GROUP_SHIFT) + CHAIN] as number;
    for (let i = PLACES; i < place && ref !== 0; i++) ref = this.#wordOf(ref, CHAINED);
    return ref;
  }

  #groupOf(hash: number): number {
    const control = this.#control;
    const mask = control[GROUP_MASK] as number;
    const group = hash & mask;
    return group < (control[GROUPS] as number) ? group : group & (mask >>> 1);
  }

  #place(group: number, hash: number, ref: number): void {
    const table = this.#table;
    for (let place = 0; place < PLACES; place++) {
      if (table[group + REFS + place] === 0) return this.#set(group, place, tagOf(hash), ref);
    }
    this.#setWordOf(ref, CHAINED, table[group + CHAIN] as number);
    table[group + CHAIN] = ref;
  }

  /** @returns where the group has this item, or -1 if it is chained */
  #placeOf(group: number, ref: number): number {
    for (let place = 0; place < PLACES; place++) if (this.#table[group + REFS + place] === ref) return place;
    return -1;
  }

  /** Lets what leads to a chained item lead to another. */
  #relink(group: number, ref: number, to: number): void {
    let before = this.#table[group + CHAIN] as number;
    if (before === ref) {
      this.#table[group + CHAIN] = to;
      return;
    }
    while (this.#wordOf(before, CHAINED) !== ref) before = this.#wordOf(before, CHAINED);
    this.#setWordOf(before, CHAINED, to);
  }

  #set(group: number, place: number, tag: number, ref: number): void {
    const table = this.#table;
    const at = group + (place >> 2);
    const shift = (place & 3) << 3;
    table[at] = ((table[at] as number) & ~(0xff << shift)) | (tag << shift);
    table[group + REFS + place] = ref;
  }

  #has(ref: number, hash: number, key: Uint8Array, start: number, end: number): boolean {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    if (words[at + HASH] !== hash) return false;
    if (((words[at + STATE] as number) & KEY_BYTES_MASK) !== end - start) return false;
    const bytes = this.#bytes[ref >>> REGION_SHIFT] as Uint8Array;
    const own = (at << 2) + KEY - start;
    for (let i = start; i < end; i++) if (bytes[own + i] !== key[i]) return false;
    return true;
  }

  #wordOf(ref: number, word: number): number {
    return (this.#words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + word] as number;
  }

  #setWordOf(ref: number, word: number, value: number): void {
    (this.#words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + word] = value;
  }
}

/** 8 bits of the hash that have no part in choosing the group of a small table; never 0, which is an empty place. */
function tagOf(hash: number): number {
  return hash >>> 24 || 1;
}
