// The item at hand: what a store shows of it, and how a value gets into its chunks. Hot path.

import { ALIGNMENT_MASK, DIRECT_BYTES_MAX } from "./copy-bytes.ts";
import {
  CAS_HIGH,
  CAS_LOW,
  CLAIMED,
  EXPIRES_AT,
  FETCHED,
  FIRST_USE,
  FLAGS,
  IN_BASE64,
  KEY,
  KEY_BYTES_MASK,
  LIST_SHIFT,
  MS_PER_TICK,
  REGION_MASK,
  REGION_SHIFT,
  SPLIT,
  STALE,
  STATE,
  USED_AT,
  VALUE_BYTES,
} from "./layout.ts";
import type { LargeValues } from "./large-values.ts";
import { HOLDS_REFUSED } from "./slab-counters.ts";
import type { SlabItems } from "./slab-items.ts";
import type { SlabMemory } from "./slab-memory.ts";
import type { Millis } from "./store.ts";

// Up to here words do.
const SHORT_BYTES_MAX = 256;

const NOTHING = new Uint8Array(0);
const COPY_BYTES_LEAST = 1_024;

export class CurrentItem {
  valueBytes: Uint8Array = NOTHING;
  valueStart = 0;
  valueEnd = 0;
  valueLength = 0;
  flags = 0;
  casHigh = 0;
  casLow = 0;
  expiresAt: Millis = Infinity;
  heldBytesLeast: number = Infinity;
  readsInPlace: boolean = false;
  /** Whether the value is shown where others can come to it: whoever has found it keeps its stripe until `letGo`. */
  protected isExposed: boolean = false;
  readonly #memory: SlabMemory;
  readonly #largeValues: LargeValues;
  readonly #items: SlabItems;
  readonly #copies: boolean;
  #copy: Uint8Array = NOTHING;
  readonly #shortWords: Int32Array = new Int32Array(SHORT_BYTES_MAX / 4 + 2);
  readonly #shortBytes: Uint8Array = new Uint8Array(this.#shortWords.buffer);
  #usedAt = 0;
  #state = 0;
  /** The item whose value is shown where it lies, 0 for none; and what it is held by until another one is shown. */
  #ref = 0;
  #ownHold = 0;
  /** The part of a large value that is shown; 0 if there is no other piece. */
  #part = 0;
  /** Where the value that is being written goes on: its part, or its byte. */
  #writePart = 0;
  #writeAt = 0;

  constructor(items: SlabItems) {
    this.#items = items;
    this.#memory = items.memory;
    this.#largeValues = items.largeValues;
    // In memory that is shared it is not safe to be read later, unless it is held.
    this.#copies = items.locks !== undefined;
  }

  get usedAt(): Millis {
    return (this.#memory.sums[FIRST_USE] as number) + this.#usedAt * MS_PER_TICK;
  }

  get fetched(): boolean {
    return (this.#state & FETCHED) !== 0;
  }

  get stale(): boolean {
    return (this.#state & STALE) !== 0;
  }

  get claimed(): boolean {
    return (this.#state & CLAIMED) !== 0;
  }

  get keyInBase64(): boolean {
    return (this.#state & IN_BASE64) !== 0;
  }

  get keyLength(): number {
    return this.#state & KEY_BYTES_MASK;
  }

  get slabClass(): number {
    return this.#state >>> (LIST_SHIFT + 2);
  }

  nextPiece(): boolean {
    if (this.#part === 0) return false;
    const part = this.#largeValues.next(this.#part);
    // The last part may hold nothing but the room for memcached's line end.
    if (part === 0 || this.#largeValues.bytesOf(part) === 0) {
      this.#part = 0;
      return false;
    }
    this.#showPart(part);
    return true;
  }

  /** Makes the value of the item that is shown stay as it is. @returns what it is let go by, or 0 */
  hold(): number {
    const hold = this.#ownHold;
    this.#ownHold = 0;
    return hold !== 0 || this.#ref === 0 || this.#copies ? hold : this.#takeHold(this.#ref);
  }

  /** The item that is shown is not looked at any more. Takes the allocation if it is held. */
  letGo(): void {
    this.#ref = 0;
    this.isExposed = false;
    if (this.#ownHold === 0) return;
    this.#items.release(this.#ownHold);
    this.#ownHold = 0;
  }

  /** Shows an item with its value, for the length of a command at least. Needs the stripe. */
  show(ref: number): void {
    this.#showInPlace(ref);
    if (this.#copies) this.#copyOut(ref);
  }

  /** The same until another one is shown, in place if it can be held, or if the stripe is kept as long. */
  showToReader(ref: number): void {
    this.#showInPlace(ref);
    if (!this.#copies) return;
    if (this.valueLength >= this.heldBytesLeast) this.#ownHold = this.#takeHold(ref);
    if (this.#ownHold !== 0) return;
    if (this.readsInPlace && (this.#memory.copiesFast || this.valueLength <= DIRECT_BYTES_MAX)) {
      this.isExposed = true;
    } else this.#copyOut(ref);
  }

  #showInPlace(ref: number): void {
    this.letGo();
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    this.#showWords(words, at);
    this.expiresAt = (this.#memory.floats[ref >>> REGION_SHIFT] as Float64Array)[
      (at >>> 1) + EXPIRES_AT
    ] as number;
    const length = words[at + VALUE_BYTES] as number;
    this.valueLength = length;
    if ((this.#state & SPLIT) !== 0) this.#showPart(this.#largeValues.first(ref));
    else {
      this.#part = 0;
      this.valueBytes = this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array;
      this.valueStart = (at << 2) + KEY + (this.#state & KEY_BYTES_MASK);
      this.valueEnd = this.valueStart + length;
    }
    this.#ref = ref;
  }

  #copyOut(ref: number): void {
    this.#ref = 0;
    if (this.#part !== 0 || this.valueLength > SHORT_BYTES_MAX) this.#takeCopy();
    else this.#takeWords(this.#memory.words[ref >>> REGION_SHIFT] as Int32Array);
  }

  #takeHold(ref: number): number {
    const hold = this.#items.holds.take(ref);
    if (hold === 0) this.#items.counters.count(0, HOLDS_REFUSED);
    return hold;
  }

  /** Shows what there is to know of an item that was stored, without its value. */
  showStored(ref: number): void {
    this.letGo();
    const at = (ref & REGION_MASK) << 1;
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    this.#showWords(words, at);
    this.expiresAt = (this.#memory.floats[ref >>> REGION_SHIFT] as Float64Array)[
      (at >>> 1) + EXPIRES_AT
    ] as number;
    this.valueBytes = NOTHING;
    this.valueStart = 0;
    this.valueEnd = 0;
    this.valueLength = words[at + VALUE_BYTES] as number;
    this.#part = 0;
  }

  /** Begins to write the value of an item whose key is there and whose `VALUE_BYTES` are set. */
  startWriting(ref: number): void {
    const at = (ref & REGION_MASK) << 1;
    const state = (this.#memory.words[ref >>> REGION_SHIFT] as Int32Array)[at + STATE] as number;
    this.#writePart = (state & SPLIT) !== 0 ? this.#largeValues.first(ref) : 0;
    this.#writeAt = (at << 2) + KEY + (state & KEY_BYTES_MASK);
  }

  write(ref: number, from: Uint8Array, start: number, end: number): void {
    if (this.#writePart !== 0) {
      if (start < end) this.#writePart = this.#largeValues.write(this.#writePart, from, start, end);
      return;
    }
    this.#memory.copy(
      from,
      start,
      end,
      this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array,
      this.#writeAt,
    );
    this.#writeAt += end - start;
  }

  /** Writes the value that is shown, all of its pieces. */
  writeShown(ref: number): void {
    do this.write(ref, this.valueBytes, this.valueStart, this.valueEnd);
    while (this.nextPiece());
  }

  #showWords(words: Int32Array, at: number): void {
    this.#state = words[at + STATE] as number;
    this.#usedAt = words[at + USED_AT] as number;
    this.flags = (words[at + FLAGS] as number) >>> 0;
    this.casHigh = (words[at + CAS_HIGH] as number) >>> 0;
    this.casLow = (words[at + CAS_LOW] as number) >>> 0;
  }

  #showPart(part: number): void {
    this.#part = part;
    this.valueBytes = this.#memory.bytes[part >>> REGION_SHIFT] as Uint8Array;
    this.valueStart = this.#largeValues.startOf(part);
    this.valueEnd = this.valueStart + this.#largeValues.bytesOf(part);
  }

  /** Copies a short value of one piece, as it lies in its words: half of what making a view and `set` take. */
  #takeWords(words: Int32Array): void {
    const into = this.#shortWords;
    const first = this.valueStart >> 2;
    const end = (this.valueEnd + 3) >> 2;
    for (let i = first; i < end; i++) into[i - first] = words[i] as number;
    this.valueBytes = this.#shortBytes;
    this.valueStart &= 3;
    this.valueEnd = this.valueStart + this.valueLength;
  }

  /** The first piece, which is most often all, so that it lies as it did: see copy-bytes.ts. */
  #takeCopy(): void {
    const length = this.valueLength;
    const first = this.valueStart & ALIGNMENT_MASK;
    if (this.#copy.length < first + length) {
      const bytes = 2 ** Math.ceil(Math.log2(ALIGNMENT_MASK + length));
      this.#copy = new Uint8Array(Math.max(COPY_BYTES_LEAST, bytes));
    }
    let at = first;
    do {
      this.#memory.copy(this.valueBytes, this.valueStart, this.valueEnd, this.#copy, at);
      at += this.valueEnd - this.valueStart;
    } while (this.nextPiece());
    this.#part = 0;
    this.valueBytes = this.#copy;
    this.valueStart = first;
    this.valueEnd = first + length;
  }
}
