// Items that somebody reads outside of any command: until they are let go their chunks stay as they are.
//
//     words   holds of all | KiB of all | of each worker: end, and HOLDS_MAX slots: what it holds, or 0
//
// A value that is held is not written over, not moved and not evicted; it can be deleted, or another one takes its
// place, and then its chunks are kept until nobody holds it (`SlabItems.giveChunks`). Its KiB count once a worker,
// however often that one holds it: many clients that read one large value slowly keep no more from others than one.
//
// An item is held by who has its stripe, and whether it is held matters to others with that stripe; it is let go by who
// has the allocation, where chunks are given back. So a worker may write its own slots at any time. Those of one that
// dies are cleared (recovery.ts).

import { REGION_MASK, REGION_SHIFT, VALUE_BYTES } from "./layout.ts";
import type { StoreSettings } from "./settings.ts";
import type { SlabMemory } from "./slab-memory.ts";

/** Holds of one worker at a time, at most. */
const HOLDS_MAX = 256;
/** Of `bytesMax`, one part in so many may be held. */
const HELD_PART = 4;

const HOLDS = 0;
const KIB = 1;
const BLOCKS = 2;
const BLOCK = 1 + HOLDS_MAX;
const KIB_BYTES = 1_024;

/** Bytes for the holds of so many workers. */
export function holdsBytes(workers: number): number {
  return (BLOCKS + workers * BLOCK) * Int32Array.BYTES_PER_ELEMENT;
}

export class Holds {
  readonly #memory: SlabMemory;
  readonly #settings: StoreSettings;
  readonly #words: Int32Array;
  readonly #own: number;

  /** @param worker From 0: whose block this one's are in. */
  constructor(memory: SlabMemory, settings: StoreSettings, worker: number) {
    this.#memory = memory;
    this.#settings = settings;
    this.#words = new Int32Array(memory.buffers.holds);
    this.#own = BLOCKS + worker * BLOCK;
  }

  /** Of all workers. */
  get count(): number {
    return this.#words[HOLDS] as number;
  }

  /** Bytes of what all workers hold, each value once a worker, rounded up to whole KiB. */
  get bytes(): number {
    return (this.#words[KIB] as number) * KIB_BYTES;
  }

  /** Needs the stripe. @returns what it is let go by, from 1; 0 if too much is held */
  take(ref: number): number {
    const words = this.#words;
    const first = this.#own + 1;
    let slot = 0;
    while (slot < HOLDS_MAX && words[first + slot] !== 0) slot++;
    if (slot === HOLDS_MAX) return 0;
    const kib = this.#blockHolds(this.#own, ref) ? 0 : this.#kibOf(ref);
    const heldKib = Atomics.add(words, KIB, kib) + kib;
    if (kib > 0 && heldKib * KIB_BYTES > this.#settings.bytesMax / HELD_PART) {
      Atomics.sub(words, KIB, kib);
      return 0;
    }
    words[first + slot] = ref;
    if (slot >= (words[this.#own] as number)) words[this.#own] = slot + 1;
    Atomics.add(words, HOLDS, 1);
    return slot + 1;
  }

  /** What this worker holds by it, or 0. */
  of(hold: number): number {
    return hold >= 1 && hold <= HOLDS_MAX ? (this.#words[this.#own + hold] ?? 0) : 0;
  }

  /** Lets go of what is held. Needs the allocation. */
  release(hold: number): void {
    const words = this.#words;
    const ref = this.of(hold);
    words[this.#own + hold] = 0;
    let end = words[this.#own] as number;
    while (end > 0 && words[this.#own + end] === 0) end--;
    words[this.#own] = end;
    if (!this.#blockHolds(this.#own, ref)) Atomics.sub(words, KIB, this.#kibOf(ref));
    Atomics.sub(words, HOLDS, 1);
  }

  /** By whomever. Needs the stripe, or the allocation if it is no item any more. */
  isHeld(ref: number): boolean {
    const words = this.#words;
    if (words[HOLDS] === 0) return false;
    for (let block = BLOCKS; block < words.length; block += BLOCK) {
      if (this.#blockHolds(block, ref)) return true;
    }
    return false;
  }

  /** What this worker holds first, by what it is let go by; 0 if it holds nothing. */
  get first(): number {
    const end = this.#words[this.#own] as number;
    for (let slot = 1; slot <= end; slot++) if (this.#words[this.#own + slot] !== 0) return slot;
    return 0;
  }

  /** A worker is dead. With all locks held. */
  forget(worker: number): void {
    const words = this.#words;
    const own = BLOCKS + worker * BLOCK;
    words.fill(0, own, own + BLOCK);
    let count = 0;
    let kib = 0;
    for (let block = BLOCKS; block < words.length; block += BLOCK) {
      for (let slot = 1; slot <= HOLDS_MAX; slot++) {
        const ref = words[block + slot] as number;
        if (ref === 0) continue;
        count++;
        if (words.indexOf(ref, block + 1) === block + slot) kib += this.#kibOf(ref);
      }
    }
    words[HOLDS] = count;
    words[KIB] = kib;
  }

  #blockHolds(block: number, ref: number): boolean {
    const words = this.#words;
    const end = words[block] as number;
    for (let slot = 1; slot <= end; slot++) if (words[block + slot] === ref) return true;
    return false;
  }

  /** What is held keeps its length. */
  #kibOf(ref: number): number {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    return Math.ceil((words[((ref & REGION_MASK) << 1) + VALUE_BYTES] as number) / KIB_BYTES);
  }
}
