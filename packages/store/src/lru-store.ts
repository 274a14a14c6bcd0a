// The first store: a Map from hashes to items, and one list of them in the order of use.
//
// An item is an object with an array for its key and one for its value. A hit allocates nothing; storing allocates
// those. Hot path.

import type { StoreCounters } from "./counters.ts";
import { Item, itemBytes } from "./item.ts";
import { ItemSpace } from "./item-space.ts";
import { hashOf } from "./item-table.ts";
import {
  addTo,
  type Halves,
  NUMBER_BYTES_MAX,
  readNumber,
  subtractFrom,
  writeNumber,
} from "./number-text.ts";
import {
  type Counted,
  KEY_BYTES_MAX,
  type Millis,
  type Store,
  type Stored,
  type StoreOptions,
} from "./store.ts";

const BYTES_MAX_DEFAULT = 64 * 1024 * 1024;
const ITEM_BYTES_MAX_DEFAULT = 1024 * 1024;

const BLANK = 32;

// Below this a loop beats making a view for set().
const LOOP_BYTES_MAX = 64;

/** A store with strict LRU eviction: the item used longest ago goes first, whatever its size. */
export class LruStore implements Store {
  readonly bytesMax: number;
  readonly itemBytesMax: number;
  readonly evictions: boolean;
  readonly counters: Readonly<StoreCounters>;

  valueBytes: Uint8Array = new Uint8Array(0);
  valueStart = 0;
  valueEnd = 0;
  flags = 0;
  casHigh = 0;
  casLow = 0;
  expiresAt: Millis = Infinity;
  numberHigh = 0;
  numberLow = 0;

  readonly #space: ItemSpace;
  readonly #number: Halves = { high: 0, low: 0 };
  readonly #digits: Uint8Array = new Uint8Array(NUMBER_BYTES_MAX);
  /** @throws RangeError for a bound that is not a whole number from 1, or an item's bound above that of all */
  constructor(options: StoreOptions = {}) {
    const { bytesMax = BYTES_MAX_DEFAULT, evictions = true } = options;
    const { itemBytesMax = Math.min(ITEM_BYTES_MAX_DEFAULT, bytesMax) } = options;
    for (const [name, value] of [
      ["bytesMax", bytesMax],
      ["itemBytesMax", itemBytesMax],
    ] as const) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new RangeError(`${name} must be a whole number from 1, got ${value}`);
      }
    }
    if (itemBytesMax > bytesMax) {
      throw new RangeError(`itemBytesMax must not be above bytesMax, ${bytesMax}, got ${itemBytesMax}`);
    }
    this.bytesMax = bytesMax;
    this.itemBytesMax = itemBytesMax;
    this.evictions = evictions;
    this.#space = new ItemSpace(bytesMax, evictions);
    this.counters = this.#space.counters;
  }

  find(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const item = this.#space.requested(hashOf(key, keyStart, keyEnd), key, keyStart, keyEnd, now);
    if (item === undefined) return false;
    this.#use(item);
    return true;
  }

  findAndTouch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const item = this.#space.requested(hashOf(key, keyStart, keyEnd), key, keyStart, keyEnd, now);
    if (item === undefined) return false;
    item.expiresAt = expiresAt;
    this.#use(item);
    return true;
  }

  touch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    return this.findAndTouch(key, keyStart, keyEnd, expiresAt, now);
  }

  set(
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
    const hash = hashOf(key, keyStart, keyEnd);
    const item = this.#space.live(hash, key, keyStart, keyEnd, now);
    const stored = this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, flags)
      ? "too-large"
      : this.#put(item, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
    if (stored !== "stored" && item !== undefined) this.#space.remove(item);
    return stored;
  }

  add(
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
    if (this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, flags)) return "too-large";
    const hash = hashOf(key, keyStart, keyEnd);
    const item = this.#space.live(hash, key, keyStart, keyEnd, now);
    if (item !== undefined) {
      this.#space.used(item); // as memcached: who adds in vain still shows interest in the item
      return "not-stored";
    }
    return this.#put(item, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
  }

  replace(
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
    if (this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, flags)) return "too-large";
    const hash = hashOf(key, keyStart, keyEnd);
    const item = this.#space.live(hash, key, keyStart, keyEnd, now);
    if (item === undefined) return "not-stored";
    return this.#put(item, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
  }

  cas(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    casHigh: number,
    casLow: number,
    now: Millis,
  ): Stored {
    if (this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, flags)) return "too-large";
    const hash = hashOf(key, keyStart, keyEnd);
    const item = this.#space.live(hash, key, keyStart, keyEnd, now);
    if (item === undefined) return "not-found";
    if (item.casHigh !== casHigh || item.casLow !== casLow) return "exists";
    return this.#put(item, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
  }

  append(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): Stored {
    return this.#extend(key, keyStart, keyEnd, value, valueStart, valueEnd, false, now);
  }

  prepend(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): Stored {
    return this.#extend(key, keyStart, keyEnd, value, valueStart, valueEnd, true, now);
  }

  delete(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const item = this.#space.live(hashOf(key, keyStart, keyEnd), key, keyStart, keyEnd, now);
    if (item === undefined) return false;
    this.#space.remove(item);
    return true;
  }

  incr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted {
    const item = this.#space.live(hashOf(key, keyStart, keyEnd), key, keyStart, keyEnd, now);
    if (item === undefined) return "not-found";
    if (!readNumber(item.value, 0, item.value.length, this.#number)) return "non-numeric";
    addTo(this.#number, deltaHigh, deltaLow);
    return this.#count(item, now);
  }

  decr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted {
    const item = this.#space.live(hashOf(key, keyStart, keyEnd), key, keyStart, keyEnd, now);
    if (item === undefined) return "not-found";
    if (!readNumber(item.value, 0, item.value.length, this.#number)) return "non-numeric";
    subtractFrom(this.#number, deltaHigh, deltaLow);
    return this.#count(item, now);
  }

  flush(at: Millis, now: Millis): void {
    this.#space.flush(at, now);
  }

  resetCounters(): void {
    this.#space.resetCounters();
  }

  #isTooLarge(keyBytes: number, valueBytes: number, flags: number): boolean {
    if (keyBytes < 1 || keyBytes > KEY_BYTES_MAX) {
      throw new RangeError(`a key must have 1 to ${KEY_BYTES_MAX} bytes, got ${keyBytes}`);
    }
    if (itemBytes(keyBytes, valueBytes, flags) <= this.itemBytesMax) return false;
    this.#space.counters.storeTooLarge++;
    return true;
  }

  /** Stores a value that is not too large, in place of `item` if there is one. */
  #put(
    item: Item | undefined,
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
  ): "stored" | "out-of-memory" {
    const size = itemBytes(keyEnd - keyStart, valueEnd - valueStart, flags);
    if (!this.#space.makeRoom(size, item, now)) return "out-of-memory";
    const bytes = copyOf(value, valueStart, valueEnd);
    if (item === undefined) {
      const fresh = new Item(hash, copyOf(key, keyStart, keyEnd), bytes);
      this.#space.insert(fresh);
      this.#stored(fresh, bytes, flags, expiresAt, 0);
    } else {
      this.#stored(item, bytes, flags, expiresAt, item.countedBytes);
    }
    return "stored";
  }

  #extend(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    inFront: boolean,
    now: Millis,
  ): Stored {
    const keyBytes = keyEnd - keyStart;
    if (this.#isTooLarge(keyBytes, valueEnd - valueStart, 0)) return "too-large";
    const item = this.#space.live(hashOf(key, keyStart, keyEnd), key, keyStart, keyEnd, now);
    if (item === undefined) return "not-stored";
    const old = item.value;
    const added = valueEnd - valueStart;
    const size = itemBytes(keyBytes, old.length + added, item.flags);
    if (size > this.itemBytesMax || !this.#space.makeRoom(size, item, now)) return "not-stored";
    const bytes = new Uint8Array(old.length + added);
    bytes.set(old, inFront ? added : 0);
    copy(value, valueStart, valueEnd, bytes, inFront ? 0 : old.length);
    this.#stored(item, bytes, item.flags, item.expiresAt, item.countedBytes);
    return "stored";
  }

  #stored(item: Item, value: Uint8Array, flags: number, expiresAt: Millis, bytesBefore: number): void {
    item.value = value;
    item.flags = flags;
    item.expiresAt = expiresAt;
    this.#space.changed(item, bytesBefore);
    this.#space.counters.totalItems++;
    this.#makeCurrent(item);
  }

  /** Writes the number into the item, in place if it fits: blanks take what room it leaves. */
  #count(item: Item, now: Millis): Counted {
    const digits = this.#digits;
    const first = writeNumber(digits, NUMBER_BYTES_MAX, this.#number);
    const length = NUMBER_BYTES_MAX - first;
    const bytesBefore = item.countedBytes;
    if (length > item.value.length) {
      const size = itemBytes(item.key.length, length, item.flags);
      if (size > this.itemBytesMax || !this.#space.makeRoom(size, item, now)) return "out-of-memory";
      item.value = new Uint8Array(length);
    }
    copy(digits, first, NUMBER_BYTES_MAX, item.value, 0);
    item.value.fill(BLANK, length);
    this.#space.changed(item, bytesBefore);
    this.#makeCurrent(item);
    this.numberHigh = this.#number.high;
    this.numberLow = this.#number.low;
    return "counted";
  }

  #use(item: Item): void {
    item.fetched = true;
    this.#space.used(item);
    this.#makeCurrent(item);
  }

  #makeCurrent(item: Item): void {
    this.valueBytes = item.value;
    this.valueStart = 0;
    this.valueEnd = item.value.length;
    this.flags = item.flags;
    this.casHigh = item.casHigh;
    this.casLow = item.casLow;
    this.expiresAt = item.expiresAt;
  }
}

function copy(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (end - start <= LOOP_BYTES_MAX)
    for (let i = start; i < end; i++) into[at + i - start] = from[i] as number;
  else into.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
}

function copyOf(from: Uint8Array, start: number, end: number): Uint8Array {
  const own = new Uint8Array(end - start);
  copy(from, start, end, own, 0);
  return own;
}
