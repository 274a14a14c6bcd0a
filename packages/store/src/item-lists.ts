// Items of a list in the order of their use. Four lists a class of chunks: hot, warm, cold, temporary. Hot path.
//
//     newest <-> ... <-> oldest

import {
  FLAGS,
  KEY_BYTES_MASK,
  LENGTH,
  LIST_BYTES,
  LIST_SHIFT,
  LIST_START,
  LIST_WORDS,
  NEWER,
  NEWEST,
  CRAWLED,
  OLDER,
  OLDEST,
  REGION_MASK,
  REGION_SHIFT,
  STATE,
  VALUE_BYTES,
} from "./layout.ts";
import type { SlabMemory } from "./slab-memory.ts";

const LIST_MASK = (1 << LIST_SHIFT) - 1;

export class ItemLists {
  readonly #words: readonly Int32Array[];
  readonly #control: Int32Array;
  readonly #sums: Float64Array;
  readonly #headerBytes: number;

  /** @param headerBytes What an item counts for besides its key, value and flags. */
  constructor(memory: SlabMemory, headerBytes: number) {
    this.#words = memory.words;
    this.#control = memory.control;
    this.#sums = memory.sums;
    this.#headerBytes = headerBytes;
  }

  oldest(list: number): number {
    return this.#control[LIST_START + list * LIST_WORDS + OLDEST] as number;
  }

  newest(list: number): number {
    return this.#control[LIST_START + list * LIST_WORDS + NEWEST] as number;
  }

  length(list: number): number {
    return this.#control[LIST_START + list * LIST_WORDS + LENGTH] as number;
  }

  /** By `itemBytes`. */
  bytes(list: number): number {
    return this.#sums[LIST_BYTES + list] as number;
  }

  /** What the item counts for. */
  bytesOf(ref: number): number {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    return (
      this.#headerBytes +
      ((words[at + STATE] as number) & KEY_BYTES_MASK) +
      (words[at + VALUE_BYTES] as number) +
      (words[at + FLAGS] === 0 ? 0 : 4)
    );
  }

  listOf(ref: number): number {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    return (words[((ref & REGION_MASK) << 1) + STATE] as number) >>> LIST_SHIFT;
  }

  /** Makes an item that is in no list the newest of this one. */
  insert(ref: number, list: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const control = this.#control;
    const head = LIST_START + list * LIST_WORDS;
    const newest = control[head + NEWEST] as number;
    words[at + STATE] = ((words[at + STATE] as number) & LIST_MASK) | (list << LIST_SHIFT);
    words[at + OLDER] = newest;
    words[at + NEWER] = 0;
    if (newest === 0) control[head + OLDEST] = ref;
    else (this.#words[newest >>> REGION_SHIFT] as Int32Array)[((newest & REGION_MASK) << 1) + NEWER] = ref;
    control[head + NEWEST] = ref;
    control[head + LENGTH] = (control[head + LENGTH] as number) + 1;
    this.#sums[LIST_BYTES + list] = (this.#sums[LIST_BYTES + list] as number) + this.bytesOf(ref);
  }

  /** The item is in a list. */
  remove(ref: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const control = this.#control;
    const list = (words[at + STATE] as number) >>> LIST_SHIFT;
    const head = LIST_START + list * LIST_WORDS;
    const older = words[at + OLDER] as number;
    const newer = words[at + NEWER] as number;
    if (newer === 0) control[head + NEWEST] = older;
    else (this.#words[newer >>> REGION_SHIFT] as Int32Array)[((newer & REGION_MASK) << 1) + OLDER] = older;
    if (older === 0) control[head + OLDEST] = newer;
    else (this.#words[older >>> REGION_SHIFT] as Int32Array)[((older & REGION_MASK) << 1) + NEWER] = newer;
    if (control[head + CRAWLED] === ref) control[head + CRAWLED] = newer;
    control[head + LENGTH] = (control[head + LENGTH] as number) - 1;
    this.#sums[LIST_BYTES + list] = (this.#sums[LIST_BYTES + list] as number) - this.bytesOf(ref);
  }

  /** An item of the list is about to count for more, or for less. */
  grow(list: number, bytes: number): void {
    this.#sums[LIST_BYTES + list] = (this.#sums[LIST_BYTES + list] as number) + bytes;
  }

  /** Puts one item in the place of another, as old and in the same list. The new one is a copy of the old one. */
  replace(ref: number, by: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const control = this.#control;
    const head = LIST_START + ((words[at + STATE] as number) >>> LIST_SHIFT) * LIST_WORDS;
    const older = words[at + OLDER] as number;
    const newer = words[at + NEWER] as number;
    if (newer === 0) control[head + NEWEST] = by;
    else (this.#words[newer >>> REGION_SHIFT] as Int32Array)[((newer & REGION_MASK) << 1) + OLDER] = by;
    if (older === 0) control[head + OLDEST] = by;
    else (this.#words[older >>> REGION_SHIFT] as Int32Array)[((older & REGION_MASK) << 1) + NEWER] = by;
    if (control[head + CRAWLED] === ref) control[head + CRAWLED] = by;
  }
}
