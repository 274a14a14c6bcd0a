// How items are written: new ones into chunks that are found for them, others over what is there. Hot path.
//
// Everything here is about an item whose stripe is held (slab-items.ts). What was written is shown afterwards, without
// its value.

import type { CasUniques } from "./cas-uniques.ts";
import type { CurrentItem } from "./current-item.ts";
import {
  ACTIVE,
  CAS_HIGH,
  CAS_LOW,
  CLASS_MASK,
  CLASS_SHIFT,
  EXPIRES_AT,
  FETCHED,
  FLAGS,
  HASH,
  KEY,
  KEY_BYTES_MASK,
  MARKS,
  REGION_MASK,
  REGION_SHIFT,
  SPLIT,
  STATE,
  USED_AT,
  VALUE_BYTES,
  WRITING,
} from "./layout.ts";
import {
  addTo,
  type Halves,
  NUMBER_BYTES_MAX,
  readNumber,
  subtractFrom,
  writeNumber,
} from "./number-text.ts";
import type { Reclaimer } from "./reclaimer.ts";
import type { StoreSettings } from "./settings.ts";
import { NO_MEMORY, TOTAL_ITEMS } from "./slab-counters.ts";
import type { SlabItems } from "./slab-items.ts";
import type { SlabMemory } from "./slab-memory.ts";
import type { Counted, Millis, Stored } from "./store.ts";

const BLANK = 32;
const FLAGS_BYTES = 4;

export class ItemWriter {
  /** What was counted last. */
  readonly number: Halves = { high: 0, low: 0 };
  /** Bits of the state that what is written next has, besides its own. */
  marks = 0;
  readonly #items: SlabItems;
  readonly #reclaimer: Reclaimer;
  readonly #casUniques: CasUniques;
  readonly #shown: CurrentItem;
  readonly #memory: SlabMemory;
  readonly #settings: StoreSettings;
  readonly #digits: Uint8Array = new Uint8Array(NUMBER_BYTES_MAX);

  constructor(items: SlabItems, reclaimer: Reclaimer, casUniques: CasUniques, shown: CurrentItem) {
    const { memory, settings } = items;
    this.#items = items;
    this.#reclaimer = reclaimer;
    this.#casUniques = casUniques;
    this.#shown = shown;
    this.#memory = memory;
    this.#settings = settings;
  }

  /** Stores a value that is not too large, whatever was there. If there is no room, the old item is gone too. */
  set(
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): Stored {
    const keyBytes = keyEnd - keyStart;
    const { overwrites } = this.#settings;
    let old = 0;
    if (overwrites) {
      old = this.#items.live(hash, key, keyStart, keyEnd, now);
      if (old !== 0 && this.#overwrite(old, keyBytes, value, valueStart, valueEnd, flags, expiresAt, now)) {
        return "stored";
      }
    }
    const ref = this.#allocate(hash, keyBytes, valueEnd - valueStart, flags, 0, now);
    // As in memcached, the old item may have gone to make room: what there is of it is known only now.
    if (old !== 0 || !overwrites) old = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref === 0) {
      if (old !== 0) this.#items.remove(old);
      return this.#outOfMemory();
    }
    this.#fill(ref, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt);
    this.#put(ref, old, expiresAt, now);
    return "stored";
  }

  /** Stores a value that is not too large, in place of `old`, 0 for none, which stays if there is no room. */
  store(
    old: number,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): Stored {
    if (
      this.#settings.overwrites &&
      old !== 0 &&
      this.#overwrite(old, keyEnd - keyStart, value, valueStart, valueEnd, flags, expiresAt, now)
    ) {
      return "stored";
    }
    const ref = this.#allocate(hash, keyEnd - keyStart, valueEnd - valueStart, flags, old, now);
    if (ref === 0) return this.#outOfMemory();
    this.#fill(ref, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt);
    this.#put(ref, old, expiresAt, now);
    return "stored";
  }

  /** Adds bytes to a value. @returns false, and all is as it was, if it would be too large or there is no room */
  extend(
    old: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    inFront: boolean,
    now: Millis,
  ): boolean {
    const words = this.#memory.words[old >>> REGION_SHIFT] as Int32Array;
    const at = (old & REGION_MASK) << 1;
    const hash = words[at + HASH] as number;
    const keyBytes = (words[at + STATE] as number) & KEY_BYTES_MASK;
    const length = (words[at + VALUE_BYTES] as number) + valueEnd - valueStart;
    const flags = words[at + FLAGS] as number;
    if (this.sizeOf(keyBytes, length, flags) > this.#settings.itemBytesMax) return false;
    const ref = this.#allocate(hash, keyBytes, length, flags, old, now);
    if (ref === 0) return false;
    const shown = this.#shown;
    shown.show(old);
    const { expiresAt } = shown;
    const key = (at << 2) + KEY;
    const bytes = this.#memory.bytes[old >>> REGION_SHIFT] as Uint8Array;
    this.#fillHead(ref, hash, bytes, key, key + keyBytes, length, flags, expiresAt);
    shown.startWriting(ref);
    if (inFront) shown.write(ref, value, valueStart, valueEnd);
    shown.writeShown(ref);
    if (!inFront) shown.write(ref, value, valueStart, valueEnd);
    this.#put(ref, old, expiresAt, now);
    return true;
  }

  /** Adds to the number that the value is, or subtracts. */
  count(ref: number, deltaHigh: number, deltaLow: number, up: boolean, now: Millis): Counted {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const bytes = this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array;
    const at = (ref & REGION_MASK) << 1;
    const state = words[at + STATE] as number;
    const start = (at << 2) + KEY + (state & KEY_BYTES_MASK);
    const length = words[at + VALUE_BYTES] as number;
    const { number } = this;
    // No number is so long that it is in parts.
    if ((state & SPLIT) !== 0 || !readNumber(bytes, start, start + length, number)) return "non-numeric";
    if (up) addTo(number, deltaHigh, deltaLow);
    else subtractFrom(number, deltaHigh, deltaLow);
    const digits = this.#digits;
    const first = writeNumber(digits, digits.length, number);
    if (digits.length - first > length || this.#items.holds.isHeld(ref))
      return this.#renumber(ref, first, now);
    this.#casUniques.stamp(words, at);
    this.#items.kept?.keep(ref);
    words[at + STATE] = state | WRITING;
    for (let i = first; i < digits.length; i++) bytes[start + i - first] = digits[i] as number;
    for (let i = digits.length - first; i < length; i++) bytes[start + i] = BLANK;
    words[at + STATE] = state;
    this.#items.kept?.done();
    this.#items.renew(ref, now);
    this.#shown.showStored(ref);
    return "counted";
  }

  /** What was known of an item before a restart. */
  setHistory(ref: number, casHigh: number, casLow: number, usedAt: Millis, marks: number): void {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    if (this.#settings.casUniques) {
      words[at + CAS_HIGH] = casHigh;
      words[at + CAS_LOW] = casLow;
    }
    words[at + USED_AT] = this.#items.ticksAt(usedAt);
    words[at + STATE] = (words[at + STATE] as number) | marks;
  }

  setExpiry(ref: number, expiresAt: Millis): void {
    (this.#memory.floats[ref >>> REGION_SHIFT] as Float64Array)[(ref & REGION_MASK) + EXPIRES_AT] = expiresAt;
  }

  /** What the item counts for. */
  sizeOf(keyBytes: number, valueBytes: number, flags: number): number {
    return this.#settings.headerBytes + keyBytes + valueBytes + (flags === 0 ? 0 : FLAGS_BYTES);
  }

  /**
   * The size by which its chunk is chosen. Without cas unique and flags an item takes a byte more than it counts for:
   * one that would just fit goes to the next class. memcached has room for it.
   */
  chunkSizeOf(keyBytes: number, valueBytes: number, flags: number): number {
    return Math.max(this.sizeOf(keyBytes, valueBytes, flags), KEY + keyBytes + valueBytes);
  }

  #outOfMemory(): "out-of-memory" {
    this.#items.counters.count(0, NO_MEMORY);
    return "out-of-memory";
  }

  #allocate(
    hash: number,
    keyBytes: number,
    valueBytes: number,
    flags: number,
    kept: number,
    now: Millis,
  ): number {
    const size = this.chunkSizeOf(keyBytes, valueBytes, flags);
    return this.#reclaimer.allocate(size, keyBytes, valueBytes, hash, kept, now);
  }

  /**
   * Writes a value over one that needs the same chunk: no chunk, no link, no other item is touched, which is half of
   * what a set costs. Where the item is in its list it stays, as one in use.
   *
   * @returns false, and nothing happened, if it needs another chunk, as one that is held does
   */
  #overwrite(
    ref: number,
    keyBytes: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): boolean {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const state = words[at + STATE] as number;
    const chunkSize = this.chunkSizeOf(keyBytes, valueEnd - valueStart, flags);
    if ((state & SPLIT) !== 0 || chunkSize > this.#settings.chunkBytesMax) return false;
    if (this.#reclaimer.classOf(chunkSize) !== ((state >>> CLASS_SHIFT) & CLASS_MASK)) return false;
    if (this.#items.holds.isHeld(ref)) return false;
    const size = this.sizeOf(keyBytes, valueEnd - valueStart, flags);
    this.#casUniques.stamp(words, at);
    this.#items.renewWith(ref, size - this.#items.lists.bytesOf(ref), now);
    const renewed = words[at + STATE] as number;
    this.#items.kept?.keep(ref);
    words[at + STATE] = renewed | WRITING;
    words[at + FLAGS] = flags;
    words[at + VALUE_BYTES] = valueEnd - valueStart;
    this.setExpiry(ref, expiresAt);
    const start = (at << 2) + KEY + keyBytes;
    const bytes = this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array;
    this.#memory.copy(value, valueStart, valueEnd, bytes, start);
    words[at + STATE] = (renewed & ~(FETCHED | MARKS)) | ACTIVE | this.marks;
    this.#items.kept?.done();
    this.#items.counters.count(0, TOTAL_ITEMS);
    this.#shown.showStored(ref);
    return true;
  }

  /** Writes a whole item into the chunks that were allocated for it. */
  #fill(
    ref: number,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
  ): void {
    this.#fillHead(ref, hash, key, keyStart, keyEnd, valueEnd - valueStart, flags, expiresAt);
    this.#shown.startWriting(ref);
    this.#shown.write(ref, value, valueStart, valueEnd);
  }

  #fillHead(
    ref: number,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: number,
    flags: number,
    expiresAt: Millis,
  ): void {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    words[at + HASH] = hash;
    words[at + FLAGS] = flags;
    words[at + VALUE_BYTES] = valueBytes;
    words[at + STATE] = (words[at + STATE] as number) | this.marks;
    this.#casUniques.stamp(words, at);
    this.setExpiry(ref, expiresAt);
    const bytes = this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array;
    this.#memory.copy(key, keyStart, keyEnd, bytes, (at << 2) + KEY);
  }

  /** The filled chunk is the item of its key from now on. */
  #put(ref: number, old: number, expiresAt: Millis, now: Millis): void {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const state = words[((ref & REGION_MASK) << 1) + STATE] as number;
    const slabClass =
      (state & SPLIT) !== 0 ? this.#reclaimer.lastClass : (state >>> CLASS_SHIFT) & CLASS_MASK;
    this.#items.put(ref, old, this.#items.listFor(slabClass, expiresAt, now), now);
    this.#items.counters.count(0, TOTAL_ITEMS);
    this.#shown.showStored(ref);
  }

  /** A number that has grown longer, or is held, is a new item with the old one's key, flags and expiry. */
  #renumber(old: number, first: number, now: Millis): Counted {
    const bytes = this.#memory.bytes[old >>> REGION_SHIFT] as Uint8Array;
    this.#shown.show(old);
    const { flags, expiresAt } = this.#shown;
    const words = this.#memory.words[old >>> REGION_SHIFT] as Int32Array;
    const at = (old & REGION_MASK) << 1;
    const hash = words[at + HASH] as number;
    const keyBytes = (words[at + STATE] as number) & KEY_BYTES_MASK;
    const key = (at << 2) + KEY;
    const digits = this.#digits;
    const valueBytes = digits.length - first;
    if (this.sizeOf(keyBytes, valueBytes, flags) > this.#settings.itemBytesMax) return "out-of-memory";
    const ref = this.#allocate(hash, keyBytes, valueBytes, flags, old, now);
    if (ref === 0) return "out-of-memory";
    this.#fill(ref, hash, bytes, key, key + keyBytes, digits, first, digits.length, flags, expiresAt);
    this.#put(ref, old, expiresAt, now);
    return "counted";
  }
}
