// What a memcached server remembers, as one interface.
//
//     find(bytes, keyStart, keyEnd, now)  ->  true: the store itself is the current item
//     store.valueBytes[valueStart ... valueEnd - 1], flags, casHigh, casLow, expiresAt
//
// Keys and values go in as bytes with half-open ranges and are copied; an answer is a boolean or one of a closed
// union of words; 64-bit numbers are two unsigned 32-bit halves; time is an argument. So nothing here asks an
// implementation for an object or a string per call: items may as well live in one typed array.

import type { StoreCounters } from "./counters.ts";

/** Milliseconds since the Unix epoch. */
export type Millis = number;

/** Bytes of a key, at most: memcached keeps the length in one byte. */
export const KEY_BYTES_MAX = 250;

/**
 * How a storage command went.
 *
 * - `not-stored`: its condition was not met; also an `append` or `prepend` whose result has no room
 * - `exists`, `not-found`: `cas` only: the item changed since, or is gone
 * - `too-large`: above `itemBytesMax`; `out-of-memory`: no room left and nothing may be evicted
 */
export type Stored = "stored" | "not-stored" | "exists" | "not-found" | "too-large" | "out-of-memory";

/** How `incr` and `decr` went. After `"counted"` the new value is in `numberHigh` and `numberLow`. */
export type Counted = "counted" | "not-found" | "non-numeric" | "out-of-memory";

/** What an implementation is made with. */
export interface StoreOptions {
  /** Bytes of all items by `itemBytes`, at most. Default 64 MiB. */
  readonly bytesMax?: number;
  /** Bytes of one item by `itemBytes`, at most. Default 1 MiB, or `bytesMax` if that is less. */
  readonly itemBytesMax?: number;
  /** Whether the least recently used items make room for new ones (the default), or these are refused. */
  readonly evictions?: boolean;
}

/**
 * Items by key.
 *
 * A key is 1 to `KEY_BYTES_MAX` bytes; `flags` are an unsigned 32-bit number; `expiresAt` is `Infinity` for
 * never (see `expiryOf`). `now` never goes back from call to call. An item is there while `now < expiresAt`.
 *
 * The current item is that of the last `find`, `findAndTouch`, storage command, `incr` or `decr` which
 * succeeded. It holds until the next call; its bytes are the store's: read only.
 */
export interface Store {
  readonly bytesMax: number;
  readonly itemBytesMax: number;
  readonly evictions: boolean;
  /** Live: they go on counting. */
  readonly counters: Readonly<StoreCounters>;

  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly flags: number;
  readonly casHigh: number;
  readonly casLow: number;
  readonly expiresAt: Millis;
  /** The value that `incr` or `decr` left. */
  readonly numberHigh: number;
  readonly numberLow: number;

  /** Makes the item current and the most recently used one. */
  find(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean;
  /** As `find`, and the item expires at another time from now on. Its cas unique stays. */
  findAndTouch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean;

  /** Stores whatever was there. If it fails the old value is gone too: it is no longer what was last set. */
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
  ): Stored;
  /** Stores if the key has no item. */
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
  ): Stored;
  /** Stores if the key has an item. */
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
  ): Stored;
  /** Stores if the item's cas unique is still this one. */
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
  ): Stored;
  /** Adds bytes behind the value. Flags and expiry stay, the cas unique changes. */
  append(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): Stored;
  /** Adds bytes before the value. */
  prepend(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): Stored;

  /** @returns whether there was an item */
  delete(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean;
  /** Only changes when the item expires. @returns whether there is an item */
  touch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean;
  /**
   * Adds to the decimal number that the value is, modulo 2^64. A result that is shorter than the value is padded
   * with blanks behind it, as memcached does.
   */
  incr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted;
  /** Subtracts, down to 0 at most. */
  decr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted;

  /**
   * Forgets, at `at` (at once if that is not after `now`), every item stored before then, and none stored after.
   * A flush still to come is replaced by this one.
   */
  flush(at: Millis, now: Millis): void;
  /** Sets to 0 every counter that counts events. */
  resetCounters(): void;
}
