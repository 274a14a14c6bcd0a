// Memory that the next commands read, asked for all at once. Hot path.
//
//     note(key) note(key) ... fetch()      reads: all groups of the index, then all items, a word of each line
//     find(key) find(key) ...              finds them in the processor's cache
//
// A look-up waits for memory two or three times, one after the other: for its group of the index, for its item, for
// the rest of the value. Of a million items of 100 bytes that is four fifths of what it takes. Who knows which keys are
// next can have the processor wait for all of them together, which takes a quarter of it.

import { PAGES_TAKEN, REGION_MASK, REGION_SHIFT } from "./layout.ts";
import { hashOf } from "./key-hash.ts";
import type { KeyIndex } from "./key-index.ts";
import type { StoreSettings } from "./settings.ts";
import type { SlabMemory } from "./slab-memory.ts";
import type { KeyPrefetch } from "./store.ts";

/** Keys of one `fetch`: their lines are a fifth of a processor's nearest cache. */
const PREFETCH_KEYS_MAX = 32;

/** Of an item that is longer, only the lines that its first 192 bytes lie in are asked for. */
const LINES_WORDS = 48;

export class Prefetch implements KeyPrefetch {
  readonly #memory: SlabMemory;
  readonly #index: KeyIndex;
  readonly #seed: number;
  readonly #pagesLeast: number;
  readonly #hashes: Int32Array = new Int32Array(PREFETCH_KEYS_MAX);
  readonly #refs: Int32Array = new Int32Array(PREFETCH_KEYS_MAX);
  #noted = 0;
  /** What was read: without it a compiler could leave the reading out. */
  #read = 0;

  constructor(
    memory: SlabMemory,
    index: KeyIndex,
    {
      hashSeed,
      pageBytes,
      prefetchBytesLeast,
    }: Pick<StoreSettings, "hashSeed" | "pageBytes" | "prefetchBytesLeast">,
  ) {
    this.#memory = memory;
    this.#index = index;
    this.#seed = hashSeed;
    this.#pagesLeast = prefetchBytesLeast / pageBytes;
  }

  get isWorthwhile(): boolean {
    return (this.#memory.control[PAGES_TAKEN] as number) >= this.#pagesLeast;
  }

  get room(): number {
    return PREFETCH_KEYS_MAX - this.#noted;
  }

  note(key: Uint8Array, keyStart: number, keyEnd: number): void {
    if (this.#noted === PREFETCH_KEYS_MAX) return;
    this.#hashes[this.#noted++] = hashOf(key, keyStart, keyEnd, this.#seed);
  }

  fetch(): void {
    const count = this.#noted;
    this.#noted = 0;
    if (count < 2) return; // what is needed next is not there sooner for it
    const refs = this.#refs;
    this.#index.guess(this.#hashes, refs, count);
    let read = this.#read;
    for (let i = 0; i < count; i++) {
      const ref = refs[i] as number;
      if (ref === 0) continue;
      const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
      const at = Math.min((ref & REGION_MASK) << 1, words.length - LINES_WORDS);
      read ^=
        (words[at] as number) ^
        (words[at + 16] as number) ^
        (words[at + 32] as number) ^
        (words[at + LINES_WORDS - 1] as number);
    }
    this.#read = read;
  }
}
