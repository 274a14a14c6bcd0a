// What an item was before a worker began to write over it, kept until that is done: should the worker die over it, the
// item is put back. Hot path.
//
//     a row for each worker:   the item, or 0  |  ...  |  its words, from when it expires to the end of its value
//
// The row is filled before the item says that it is being written over (`WRITING`), and empty again after it no longer
// does. No worker waits for a lock in between. So an item that says so while nobody is at work is in one row, and what
// is in a row is put back only if the item says so.

import { LINE_WORDS, WORKERS_MAX } from "./lock-workers.ts";
import {
  EXPIRES_AT,
  KEY,
  KEY_BYTES_MASK,
  REGION_MASK,
  REGION_SHIFT,
  STATE,
  VALUE_BYTES,
  WRITING,
} from "./layout.ts";
import type { SlabMemory } from "./slab-memory.ts";

const FIRST_WORD = EXPIRES_AT * 2;

// In a row.
const REF = 0;
const ITEM = 2;

// Up to here a loop beats making a view for set().
const LOOP_WORDS_MAX = 64;

/** Bytes for the rows of so many workers. Of each as much is in use as the largest item takes that it wrote over. */
export function keptBytes(workers: number, chunkBytesMax: number): number {
  const lineBytes = LINE_WORDS * Int32Array.BYTES_PER_ELEMENT;
  return workers * lineBytes * (1 + Math.ceil(chunkBytesMax / lineBytes));
}

export class KeptItems {
  readonly #words: readonly Int32Array[];
  readonly #kept: Int32Array;
  readonly #rowWords: number;
  readonly #row: number;

  /** @param workerId Who writes over items by this instance. */
  constructor(memory: SlabMemory, workerId: number) {
    this.#words = memory.words;
    this.#kept = memory.kept;
    this.#rowWords = memory.kept.length / (WORKERS_MAX + 1);
    this.#row = workerId * this.#rowWords;
  }

  /** The item is about to be written over: everything but its state, and what it says of others. */
  keep(ref: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const first = at + FIRST_WORD;
    const end = endOf(words, at);
    const kept = this.#kept;
    const into = this.#row + ITEM;
    if (end - first > LOOP_WORDS_MAX) kept.set(words.subarray(first, end), into);
    else for (let i = first; i < end; i++) kept[into + i - first] = words[i] as number;
    kept[this.#row + REF] = ref;
  }

  /** It is written, and says so. */
  done(): void {
    this.#kept[this.#row + REF] = 0;
  }

  /** Puts back what dead workers were writing over. Nobody else is at work. */
  restore(): void {
    const kept = this.#kept;
    for (let row = 0; row < kept.length; row += this.#rowWords) {
      const ref = kept[row + REF] as number;
      if (ref === 0) continue;
      const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
      const at = (ref & REGION_MASK) << 1;
      const state = words[at + STATE] as number;
      if ((state & WRITING) !== 0) {
        // First the length that the item had.
        words[at + VALUE_BYTES] = kept[row + ITEM + VALUE_BYTES - FIRST_WORD] as number;
        const from = row + ITEM;
        words.set(kept.subarray(from, from + endOf(words, at) - at - FIRST_WORD), at + FIRST_WORD);
        words[at + STATE] = state & ~WRITING;
      }
      kept[row + REF] = 0;
    }
  }
}

/** The word behind the value of an item in one piece. */
function endOf(words: Int32Array, at: number): number {
  const keyBytes = (words[at + STATE] as number) & KEY_BYTES_MASK;
  return at + ((KEY + keyBytes + (words[at + VALUE_BYTES] as number) + 3) >> 2);
}
