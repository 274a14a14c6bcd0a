// The records of a snapshot as items in a store.
//
// They come block by block, from bytes whose checksum was right. A value that goes on in the next block is put
// together here, unless the store would not take it: what is held is one item that the store can hold.

import {
  CAS_HIGH_AT,
  CAS_LOW_AT,
  EXPIRES_AT_AT,
  FLAGS_AT,
  KEY_AT,
  MARKS_AT,
  MARKS_MAX,
  USED_AT_AT,
  VALUE_BYTES_AT,
} from "./snapshot-format.ts";
import { KEY_BYTES_MAX, type Millis, type Store, type Stored } from "./store.ts";

/** A store that takes items as they were, such as a `SlabStore`. */
export interface RestorableStore extends Pick<
  Store,
  "itemBytesMax" | "counters" | "flush" | "resetCounters"
> {
  /**
   * As `set`, for an item that was there before, with its cas unique and what was known of its use.
   *
   * @param marks 1 if it was `fetched`, 2 if it was `stale`, 4 if it was `claimed`, 8 if its key came in base64: the
   * sum.
   */
  restore(
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
    usedAt: Millis,
    marks: number,
    now: Millis,
  ): Stored;
  /** All items that were to be restored are there. What is given out from now on is above that cas unique. */
  restored(lastCasHigh: number, lastCasLow: number): void;
}

export class SnapshotRecords {
  /** Items put in, and three kinds of others. */
  items = 0;
  expired = 0;
  tooLarge = 0;
  noRoom = 0;
  readonly #store: RestorableStore;
  /** The item at hand; its key and value are here if the value goes on in the next block. */
  readonly #key: Uint8Array = new Uint8Array(KEY_BYTES_MAX);
  #keyBytes = 0;
  #value: Uint8Array = new Uint8Array(0);
  #valueBytes = 0;
  #valueHeld = 0;
  #fate: "restore" | "expired" | "too-large" = "restore";
  #flags = 0;
  #casHigh = 0;
  #casLow = 0;
  #expiresAt: Millis = Infinity;
  #usedAt: Millis = 0;
  #marks = 0;

  constructor(store: RestorableStore) {
    this.#store = store;
  }

  /** Records so far whose value is complete. */
  get seen(): number {
    return this.items + this.expired + this.tooLarge + this.noRoom;
  }

  /** Whether the next block must go on with a value. */
  get midway(): boolean {
    return this.#valueHeld < this.#valueBytes;
  }

  /**
   * Takes what is in a block, from `start` to `end - 1`. The bytes, and the view of them, are the caller's again.
   *
   * @returns where it is no record; `end` if all is well
   */
  take(bytes: Uint8Array, view: DataView, start: number, end: number, now: Millis): number {
    let at = this.midway ? this.#goOn(bytes, start, end, now) : start;
    while (at < end) {
      if (!this.#head(view, at, end, now)) return at;
      at = this.#keyAndValue(bytes, at + KEY_AT, end, now);
    }
    return end;
  }

  /** Reads all but key and value. @returns whether it can be a record */
  #head(view: DataView, at: number, end: number, now: Millis): boolean {
    if (at + KEY_AT > end) return false;
    this.#marks = view.getUint16(at + MARKS_AT, true);
    this.#keyBytes = view.getUint16(at, true);
    this.#valueBytes = view.getUint32(at + VALUE_BYTES_AT, true);
    this.#valueHeld = 0;
    this.#flags = view.getUint32(at + FLAGS_AT, true);
    this.#casHigh = view.getUint32(at + CAS_HIGH_AT, true);
    this.#casLow = view.getUint32(at + CAS_LOW_AT, true);
    this.#expiresAt = view.getFloat64(at + EXPIRES_AT_AT, true);
    const usedAt = view.getFloat64(at + USED_AT_AT, true);
    this.#usedAt = Math.min(usedAt, now); // the clock may have been put back
    this.#fate =
      this.#expiresAt <= now
        ? "expired"
        : this.#valueBytes > this.#store.itemBytesMax
          ? "too-large"
          : "restore";
    return (
      this.#keyBytes >= 1 &&
      this.#keyBytes <= KEY_BYTES_MAX &&
      at + KEY_AT + this.#keyBytes <= end &&
      this.#marks <= MARKS_MAX &&
      !Number.isNaN(this.#expiresAt) &&
      Number.isFinite(usedAt)
    );
  }

  /** @returns where the record ends in this block */
  #keyAndValue(bytes: Uint8Array, keyStart: number, end: number, now: Millis): number {
    const keyEnd = keyStart + this.#keyBytes;
    const valueEnd = keyEnd + this.#valueBytes;
    if (valueEnd <= end) {
      this.#valueHeld = this.#valueBytes;
      this.#put(bytes, keyStart, keyEnd, bytes, keyEnd, valueEnd, now);
      return valueEnd;
    }
    this.#key.set(bytes.subarray(keyStart, keyEnd));
    if (this.#fate === "restore" && this.#valueBytes > this.#value.length) {
      this.#value = new Uint8Array(this.#valueBytes);
    }
    return this.#goOn(bytes, keyEnd, end, now);
  }

  /** Takes as much of the value as there is. @returns where it ends in this block */
  #goOn(bytes: Uint8Array, start: number, end: number, now: Millis): number {
    const split = Math.min(end, start + this.#valueBytes - this.#valueHeld);
    if (this.#fate === "restore") this.#value.set(bytes.subarray(start, split), this.#valueHeld);
    this.#valueHeld += split - start;
    if (!this.midway) this.#put(this.#key, 0, this.#keyBytes, this.#value, 0, this.#valueBytes, now);
    return split;
  }

  #put(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): void {
    if (this.#fate === "expired") {
      this.expired++;
      return;
    }
    if (this.#fate === "too-large") {
      this.tooLarge++;
      return;
    }
    const stored = this.#store.restore(
      key,
      keyStart,
      keyEnd,
      value,
      valueStart,
      valueEnd,
      this.#flags,
      this.#expiresAt,
      this.#casHigh,
      this.#casLow,
      this.#usedAt,
      this.#marks,
      now,
    );
    if (stored === "stored") this.items++;
    else if (stored === "too-large") this.tooLarge++;
    else this.noRoom++;
  }
}
