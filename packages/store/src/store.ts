// What a memcached server remembers, as one interface.
//
//     find(bytes, keyStart, keyEnd, now)  ->  true: the store itself is the current item
//     store.valueBytes[valueStart ... valueEnd - 1], flags, casHigh, casLow, expiresAt
//
// Keys and values go in as bytes with half-open ranges and are copied; an answer is a boolean or one of a closed
// union of words; 64-bit numbers are two unsigned 32-bit halves; time is an argument. So nothing here asks an
// implementation for an object or a string per call: the items live in one memory, cut into chunks.

import type { StoreCounters } from "./counters.ts";
import type { SlabStatistics } from "./slab-statistics.ts";
import type { Terms } from "./terms.ts";
import type { StoreSetup, StoreTuning } from "./tuning.ts";

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

/** How it went on terms. `done`: deleted, or marked stale; `created`: there was none, and now there is; `exists`: the
 * cas unique is another one. */
export type FoundOn = "found" | "created" | "not-found";
export type DeletedOn = "done" | "exists" | "not-found";
export type CountedOn = Counted | "exists" | "created";

/**
 * What comes of the wish that a page goes to another class: it is on its way; another one is; the class to give it has
 * none to spare; the classes are the same; there is no such class; the store was made with `automove: false`.
 */
export type PageMoved = "started" | "busy" | "no-spare" | "same-class" | "bad-class" | "disabled";

/**
 * Told of what goes without having been deleted. Called in the middle of a command: it must not use the store. What it
 * throws is thrown again in a microtask, where nobody catches it, and the command goes on.
 */
export interface StoreListener {
  /**
   * An item went to make room, or expired and was come across.
   *
   * @param bytes The key is `bytes[keyStart]` to `bytes[keyEnd - 1]`, valid during the call only. What else is said of
   * the item is as in `Store`.
   */
  gone(
    cause: "evicted" | "expired",
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    fetched: boolean,
    expiresAt: Millis,
    usedAt: Millis,
    slabClass: number,
    valueLength: number,
  ): void;
}

/**
 * Items by key.
 *
 * A key is 1 to `KEY_BYTES_MAX` bytes; `flags` are an unsigned 32-bit number; `expiresAt` is `Infinity` for
 * never (see `expiryOf`). `now` never goes back from call to call. An item is there while `now < expiresAt`.
 *
 * The current item is that of the last `find`, `findAndTouch` or `inspect` that found one, or of the last step of a
 * scan. It holds until the next call; its bytes are the store's: read only. Its value is one or more pieces, in order:
 * the first is at hand at once, and `nextPiece()` moves on. A storage command, `touch`, `incr` or `decr` that succeeds
 * leaves what there is to know of its item, without the value; `delete` what there was. What is done on terms does the
 * same, but where it touches an item `expiresAt` is still the one before.
 */
export interface Store {
  readonly bytesMax: number;
  readonly itemBytesMax: number;
  readonly evictions: boolean;
  /** What has been counted so far; a store that nobody shares goes on counting in the same object. */
  readonly counters: Readonly<StoreCounters>;
  listener: StoreListener | undefined;

  /** The piece of the value at hand, half open. */
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Bytes of the whole value. */
  readonly valueLength: number;
  readonly flags: number;
  readonly casHigh: number;
  readonly casLow: number;
  readonly expiresAt: Millis;
  /** When it was last used, to a tenth of a second; a use within a minute of another may not count. */
  readonly usedAt: Millis;
  /** Whether anybody asked for it since it was stored, before this call. */
  readonly fetched: boolean;
  /** Whether it is no longer right: `markStale` said so, or it was stored too late. */
  readonly stale: boolean;
  /** Whether somebody has claimed to renew it. */
  readonly claimed: boolean;
  /** Whether its key came in base64 when it was stored. */
  readonly keyInBase64: boolean;
  /** Its slab class, from 1. */
  readonly slabClass: number;
  /** What it counts for: header, key, value, flags. */
  readonly itemBytes: number;
  /** The value that `incr` or `decr` left. */
  readonly numberHigh: number;
  readonly numberLow: number;

  /** Moves `valueBytes`, `valueStart` and `valueEnd` to the next piece. @returns false if there is none */
  nextPiece(): boolean;

  /**
   * Values from so many bytes on are going to be held: where several workers share the store, they are not copied out
   * when they are found. Default: `Infinity`.
   */
  heldBytesLeast: number;
  /**
   * Whether whoever finds an item reads it at once and then calls `letGo`. Where several workers share the store,
   * smaller values are shown where they lie then instead of being copied out, and others wait who want a key of the same stripe
   * (one of 1,024): until `letGo` or the next call. So one has to come before anything is waited for. Default: false.
   */
  readsInPlace: boolean;
  /** The current item is not looked at any more. */
  letGo(): void;
  /**
   * Holds the value of the current item: all its pieces stay where and as they are until `release`, whatever becomes of
   * the item, so that they can be read outside of any call. To be called right after it was found, before its last
   * piece was moved on from. What is held takes room that nothing else can have, hence a bound: a quarter of
   * `bytesMax`, where a value counts once a worker however often that one holds it, and 256 holds a worker.
   *
   * @returns what it is let go by, from 1; 0 if it cannot be held: then it is as it was
   */
  hold(): number;
  /** Lets go of what `hold` answered. @throws RangeError for anything else */
  release(hold: number): void;

  /** Tells the store which keys are next. */
  readonly prefetch: KeyPrefetch;

  /** Makes the item current and the most recently used one. */
  find(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean;
  /** As `find`, but nobody is the wiser: the item is as old, and as little asked for, as before. */
  inspect(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean;
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

  /** As `find`, on terms. What it creates is empty, and claimed by whoever asked. */
  findOn(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): FoundOn;
  /**
   * Claims the current item, which is this key's: whoever does that is to renew it. The current item stays at hand.
   *
   * @returns false if somebody has claimed it before, or there is another one by now
   */
  claim(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean;
  /** As the method that the terms' mode names, or `cas` if it compares. Flags of what is there stay as they were. */
  storeOn(
    terms: Terms,
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
  deleteOn(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): DeletedOn;
  /** The item is no longer right, whoever claimed it: it gets another cas unique, and can be claimed. */
  markStale(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): DeletedOn;
  /** As `incr` or `decr`, on terms. */
  countOn(
    terms: Terms,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    up: boolean,
    now: Millis,
  ): CountedOn;

  /**
   * Forgets, at `at` (at once if that is not after `now`), every item stored before then, and none stored after.
   * A flush still to come is replaced by this one. Takes no time: the room of what was flushed is found bit by bit.
   */
  flush(at: Millis, now: Millis): void;
  /** When a flush is to come; `Infinity` if none is. */
  readonly flushAt: Millis;
  /** The largest cas unique that was given out, or one not far above it: unsigned halves. */
  readonly lastCasHigh: number;
  readonly lastCasLow: number;

  /** Goes through all items, in no order. Any number of them may be under way while the store is used. */
  scan(): StoreScan;

  /**
   * When `maintain` wants to be called next; `Infinity` while there is nothing to maintain.
   */
  readonly maintenanceAt: Millis;
  /**
   * Does a little of what needs no hurry: finds expired and flushed items, moves pages of memory to the sizes in
   * demand. Takes less than a millisecond or two. Without it the store keeps its bounds, but is worse at its work.
   */
  maintain(now: Millis): void;

  /** How the store is set up now. */
  readonly setup: StoreSetup;
  /** Changes how it is set up, for all workers; what is left out stays. @throws RangeError for what makes no sense */
  tune(change: Partial<StoreTuning>): void;
  /** Lets `maintain` look for expired items soon. */
  crawl(now: Millis): void;
  /**
   * Lets `maintain` clear a page of one class, which then goes to another one. Class 0 are the pages that no class has;
   * -1 is any class that has some to spare.
   */
  movePage(from: number, to: number, now: Millis): PageMoved;

  /** The slab class of an item of this size, whether there is one or not. */
  slabClassFor(keyBytes: number, valueBytes: number, flags: number): number;
  /** Counts a command for a class: which of class-commands.ts it is. */
  countCommand(slabClass: number, command: number): void;
  /** How often a command of this worker came across an item that had expired, or was flushed: counters of events. */
  readonly expiredMet: number;
  readonly flushedMet: number;

  /** What `stats slabs` and `stats items` report, made for this call. */
  slabs(now: Millis): SlabStatistics;
  /** Sets to 0 every counter that counts events. */
  resetCounters(): void;
}

/**
 * For who knows the keys of several commands before the first of them: notes them, and what those commands wait for in
 * memory is asked for together. A hint, which changes nothing but how long they take; to be given right before them.
 */
export interface KeyPrefetch {
  /** Whether there is so much memory in use that it saves more than it takes. */
  readonly isWorthwhile: boolean;
  /** How many more keys can be noted before `fetch`: at most 32. */
  readonly room: number;
  /** A command for this key comes soon. Without room it is forgotten. */
  note(key: Uint8Array, keyStart: number, keyEnd: number): void;
  /** Asks for what the commands for the noted keys need, and forgets these. */
  fetch(): void;
}

/**
 * One way through all items. Whatever is there from the first step to the last is seen exactly once, unless it is
 * stored anew meanwhile: then it may be seen once more, or as it is stored last.
 */
export interface StoreScan {
  /** The key of the item at hand, half open. */
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  /**
   * Makes the next item the store's current one.
   *
   * @param groupsMax How many groups of the index are looked at for it, of a dozen items or none each.
   * @returns false when there are no more, or none was in those groups: `isOver` tells
   */
  next(now: Millis, groupsMax?: number): boolean;
  readonly isOver: boolean;
}
