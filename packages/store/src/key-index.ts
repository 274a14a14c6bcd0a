// Which chunk has the item of a key. Hot path.
//
// An open-addressing table of groups: a key's hash names one group of 16 words, a line of the processor's cache, and
// its item is in one of the 12 places there. A place has 8 bits of the hash beside its reference, a tag, so that an
// item in memory is looked at for no other key but once in 256 times:
//
//     word    0  1  2   |  3 ... 14           |  15
//             12 tags   |  12 references      |  the group with those that found this one full, or 0
//
// Groups that others overflow into come from the second half of the table. Were these items chained one by one instead,
// who looks for a key that is not there would have to look at each of them, more than one on average.
//
// The table grows by one group at a time (linear hashing): when there are more than nine items a group, the next group
// in line gives up those of its items that belong to the new one at the end. So no call ever waits for the whole table,
// there is never a second one, and what it takes follows the number of items.
//
// A group at level n was chosen by n bits of the hash, and the next bit says who goes when it is divided. At an even
// level the tags begin with that bit; what comes of it keeps them, and goes by their second bit when it is divided in
// turn. So it is only every other time that a division has to look for the hashes of a dozen items all over the memory,
// which takes longer than to store one.
//
// Of two groups between which items move, the lowest ten bits are the same: a lock for each value of those guards both.

import {
  FREE_OVERFLOW,
  GROUP_MASK,
  GROUPS,
  HASH,
  ITEMS,
  KEY,
  KEY_BYTES_MASK,
  OVERFLOWS,
  OVERFLOWS_TAKEN,
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
/** No group: there is one at 0. */
const NONE = -1;

export class KeyIndex {
  readonly #words: readonly Int32Array[];
  readonly #bytes: readonly Uint8Array[];
  readonly #table: Int32Array;
  readonly #control: Int32Array;
  readonly #groupsMax: number;
  readonly #refs: Int32Array = new Int32Array(PLACES);
  /** Of the items in `#refs`: what is known of the hash, from the tag's bits on. */
  readonly #bits: Int32Array = new Int32Array(PLACES);
  /** What `guess` has read: without it a compiler could leave the reading out. */
  #read = 0;

  constructor(memory: SlabMemory) {
    this.#words = memory.words;
    this.#bytes = memory.bytes;
    this.#table = memory.table;
    this.#control = memory.control;
    this.#groupsMax = memory.table.length / GROUP_WORDS / 2;
  }

  get groups(): number {
    return this.#control[GROUPS] as number;
  }

  get bytes(): number {
    return (this.groups + (this.#control[OVERFLOWS] as number)) * GROUP_WORDS * Int32Array.BYTES_PER_ELEMENT;
  }

  /** @returns the item of this key, or 0 */
  find(hash: number, key: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const first = this.#groupOf(hash);
    const tags = Math.imul(tagOf(hash, this.#levelOf(first)), 0x0101_0101);
    let group = first << GROUP_SHIFT;
    do {
      for (let i = 0; i < TAG_WORDS; i++) {
        // A byte of `differs` is 0 where the tag is ours; the sum below sets the high bit of such bytes, and rarely
        // that of one above them. An empty place has the tag 0, which may be ours as well.
        const differs = (table[group + i] as number) ^ tags;
        let hits = (differs - 0x0101_0101) & ~differs & 0x8080_8080;
        while (hits !== 0) {
          const place = (i << 2) + ((31 - Math.clz32(hits & -hits)) >> 3);
          const ref = table[group + REFS + place] as number;
          if (ref !== 0 && this.#has(ref, hash, key, start, end)) return ref;
          hits &= hits - 1;
        }
      }
      group = (table[group + CHAIN] as number) << GROUP_SHIFT;
    } while (group !== 0);
    return 0;
  }

  /**
   * The items that the keys of these hashes are likely to have, or 0, into `refs`: the first one in its group that has
   * the tag. Waits for all groups together, where `find` waits for one after the other. Needs no lock.
   */
  guess(hashes: Int32Array, refs: Int32Array, count: number): void {
    const table = this.#table;
    let read = this.#read;
    for (let i = 0; i < count; i++) {
      const group = this.#groupOf(hashes[i] as number);
      refs[i] = group;
      read ^= table[group << GROUP_SHIFT] as number;
    }
    this.#read = read;
    for (let i = 0; i < count; i++) {
      const group = refs[i] as number;
      const tags = Math.imul(tagOf(hashes[i] as number, this.#levelOf(group)), 0x0101_0101);
      const start = group << GROUP_SHIFT;
      // Without a branch, since which place it is cannot be foreseen.
      const places =
        zeroBytesOf((table[start] as number) ^ tags) |
        (zeroBytesOf((table[start + 1] as number) ^ tags) << 4) |
        (zeroBytesOf((table[start + 2] as number) ^ tags) << 8);
      refs[i] = places === 0 ? 0 : (table[start + REFS + 31 - Math.clz32(places & -places)] as number);
    }
  }

  /** The item's key is not in the index. */
  insert(hash: number, ref: number): void {
    const group = this.#groupOf(hash);
    this.#append(group << GROUP_SHIFT, tagOf(hash, this.#levelOf(group)), ref);
  }

  /** The item is in the index; `by` has the same key and is not. @throws Error if it is not there */
  replace(hash: number, ref: number, by: number): void {
    const table = this.#table;
    let group = this.#groupOf(hash) << GROUP_SHIFT;
    let place = this.#placeOf(group, ref);
    while (place < 0) {
      group = this.#behind(group, ref);
      place = this.#placeOf(group, ref);
    }
    table[group + REFS + place] = by;
  }

  /** The item is in the index. @throws Error if it is not there */
  remove(hash: number, ref: number): void {
    const table = this.#table;
    let group = this.#groupOf(hash) << GROUP_SHIFT;
    let before = NONE;
    let place = this.#placeOf(group, ref);
    while (place < 0) {
      before = group;
      group = this.#behind(group, ref);
      place = this.#placeOf(group, ref);
    }
    // Places are filled from the first on: the last one moves into the gap.
    let last = group;
    while (table[last + CHAIN] !== 0) {
      before = last;
      last = (table[last + CHAIN] as number) << GROUP_SHIFT;
    }
    let lastPlace = PLACES - 1;
    while (table[last + REFS + lastPlace] === 0) lastPlace--;
    this.#set(group, place, this.#tagAt(last, lastPlace), table[last + REFS + lastPlace] as number);
    this.#set(last, lastPlace, 0, 0);
    if (lastPlace === 0 && before !== NONE) {
      table[before + CHAIN] = 0;
      this.#giveOverflow(last);
    }
  }

  /**
   * Forgets all items, as far as it was in use: what was never written to takes no room. There are as many groups as
   * before, which whoever goes through them counts on.
   */
  clear(): void {
    const control = this.#control;
    const overflows = this.#groupsMax << GROUP_SHIFT;
    const groups = control[GROUPS] as number;
    this.#table.fill(0, 0, groups << GROUP_SHIFT);
    this.#table.fill(0, overflows, overflows + ((control[OVERFLOWS_TAKEN] as number) << GROUP_SHIFT));
    // Who died may have added a group, but not yet said so here.
    control[GROUP_MASK] = (2 << (31 - Math.clz32(groups))) - 1;
    control[FREE_OVERFLOW] = 0;
    control[OVERFLOWS] = 0;
    control[OVERFLOWS_TAKEN] = 0;
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
    const control = this.#control;
    const added = control[GROUPS] as number;
    const half = ((control[GROUP_MASK] as number) + 1) >>> 1;
    control[GROUPS] = added + 1;
    if (added >= (control[GROUP_MASK] as number)) control[GROUP_MASK] = added * 2 + 1;
    const level = 31 - Math.clz32(half);
    const decidingBit = level - tagStartOf(level);
    const tagStart = tagStartOf(level + 1) - tagStartOf(level);
    const from = (added - half) << GROUP_SHIFT;
    const to = added << GROUP_SHIFT;
    let group = from;
    do {
      const next = (this.#table[group + CHAIN] as number) << GROUP_SHIFT;
      const count = this.#empty(group, level);
      if (group !== from) this.#giveOverflow(group);
      for (let i = 0; i < count; i++) {
        const bits = this.#bits[i] as number;
        const stays = ((bits >>> decidingBit) & 1) === 0;
        this.#append(stays ? from : to, (bits >>> tagStart) & 0xff, this.#refs[i] as number);
      }
      group = next;
    } while (group !== 0);
  }

  /** The reference at a place of a group, for who goes through all. @returns 0 for none */
  at(group: number, place: number): number {
    let at = group << GROUP_SHIFT;
    for (let i = place; ; i -= PLACES) {
      if (i < PLACES) return this.#table[at + REFS + i] as number;
      at = (this.#table[at + CHAIN] as number) << GROUP_SHIFT;
      if (at === 0) return 0;
    }
  }

  #groupOf(hash: number): number {
    const control = this.#control;
    const mask = control[GROUP_MASK] as number;
    const group = hash & mask;
    return group < (control[GROUPS] as number) ? group : group & (mask >>> 1);
  }

  /** By how many bits of the hash a group is chosen. */
  #levelOf(group: number): number {
    const control = this.#control;
    const half = ((control[GROUP_MASK] as number) + 1) >>> 1;
    const divided = (group & (half - 1)) < (control[GROUPS] as number) - half;
    return 31 - Math.clz32(half) + (divided ? 1 : 0);
  }

  /** Takes everything out of a group that was chosen by so many bits. @returns how many items that were */
  #empty(group: number, level: number): number {
    const table = this.#table;
    const refs = this.#refs;
    const bits = this.#bits;
    let count = 0;
    for (; count < PLACES && table[group + REFS + count] !== 0; count++) {
      refs[count] = table[group + REFS + count] as number;
      bits[count] = this.#tagAt(group, count);
    }
    const tagStart = tagStartOf(level);
    if (tagStartOf(level + 1) !== tagStart) {
      // All of them first, one behind the other: the processor waits for these items once, not a dozen times.
      for (let i = 0; i < count; i++) bits[i] = this.#wordOf(refs[i] as number, HASH) >>> tagStart;
    }
    for (let i = 0; i < GROUP_WORDS; i++) table[group + i] = 0;
    return count;
  }

  /** Puts an item behind those that are there. */
  #append(first: number, tag: number, ref: number): void {
    const table = this.#table;
    let group = first;
    while (table[group + CHAIN] !== 0) group = (table[group + CHAIN] as number) << GROUP_SHIFT;
    let place = 0;
    while (place < PLACES && table[group + REFS + place] !== 0) place++;
    if (place === PLACES) {
      const more = this.#takeOverflow();
      table[group + CHAIN] = more >>> GROUP_SHIFT;
      group = more;
      place = 0;
    }
    this.#set(group, place, tag, ref);
  }

  /** @returns an empty group */
  #takeOverflow(): number {
    const control = this.#control;
    control[OVERFLOWS] = (control[OVERFLOWS] as number) + 1;
    const free = control[FREE_OVERFLOW] as number;
    if (free !== 0) {
      control[FREE_OVERFLOW] = this.#table[free << GROUP_SHIFT] as number;
      return free << GROUP_SHIFT;
    }
    const taken = control[OVERFLOWS_TAKEN] as number;
    control[OVERFLOWS_TAKEN] = taken + 1;
    return (this.#groupsMax + taken) << GROUP_SHIFT;
  }

  /** It is empty. */
  #giveOverflow(group: number): void {
    const control = this.#control;
    control[OVERFLOWS] = (control[OVERFLOWS] as number) - 1;
    this.#table[group] = control[FREE_OVERFLOW] as number;
    control[FREE_OVERFLOW] = group >>> GROUP_SHIFT;
  }

  /** The next group of a chain in which the item must be: a worker that went on from its end would turn for ever. */
  #behind(group: number, ref: number): number {
    const next = this.#table[group + CHAIN] as number;
    if (next === 0) throw new Error(`item ${ref} is not where its key leads: the index is broken`);
    return next << GROUP_SHIFT;
  }

  /** @returns where the group has this item, or -1 */
  #placeOf(group: number, ref: number): number {
    for (let place = 0; place < PLACES; place++) if (this.#table[group + REFS + place] === ref) return place;
    return -1;
  }

  #tagAt(group: number, place: number): number {
    return ((this.#table[group + (place >> 2)] as number) >>> ((place & 3) << 3)) & 0xff;
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
}

/** Which bytes of a word are 0, as four bits; rarely one above such a byte as well. */
function zeroBytesOf(word: number): number {
  const high = (word - 0x0101_0101) & ~word & 0x8080_8080;
  return Math.imul(high >>> 7, 0x1020_4080) >>> 28;
}

/** 8 bits of the hash that have no part in choosing a group at this level, but for the first of them if it is odd. */
function tagOf(hash: number, level: number): number {
  return (hash >>> tagStartOf(level)) & 0xff;
}

function tagStartOf(level: number): number {
  return level & ~1;
}
