// A memcached server's memory: the commands. Hot path.
//
//     KeyIndex: key -> chunk      ItemLists: who goes first      SlabPages: chunks      LargeValues: values in parts
//                \------------------------ SlabItems -----------------------/
//                                              |
//                              Reclaimer: room for new items      Maintenance: what needs no hurry
//                                              |
//                                          SlabStore
//
// Several threads can use one store, each through an instance of its own over the same shared memory. There a value is
// copied out before the item's lock is left, since anybody may overwrite it from then on.

import { CasUniques } from "./cas-uniques.ts";
import { copy, CurrentItem } from "./current-item.ts";
import { countersOf, type StoreCounters } from "./counters.ts";
import { ItemScan } from "./item-scan.ts";
import { hashOf } from "./key-hash.ts";
import {
  ACTIVE,
  CAS_HIGH,
  CAS_LOW,
  CLASS_MASK,
  CLASS_SHIFT,
  EXPIRES_AT,
  FETCHED,
  FLAGS,
  FLUSH_AT,
  HASH,
  ITEMS,
  KEY,
  KEY_BYTES_MASK,
  LISTS,
  REGION_MASK,
  REGION_SHIFT,
  SPLIT,
  STATE,
  USED_AT,
  VALUE_BYTES,
  WRITING,
} from "./layout.ts";
import { orderByAge } from "./list-order.ts";
import { Maintenance } from "./maintenance.ts";
import {
  addTo,
  type Halves,
  NUMBER_BYTES_MAX,
  readNumber,
  subtractFrom,
  writeNumber,
} from "./number-text.ts";
import type { StoreOptions } from "./options.ts";
import { Reclaimer } from "./reclaimer.ts";
import { Recovery } from "./recovery.ts";
import { settingsOf, type StoreSettings } from "./settings.ts";
import { NO_MEMORY, SlabCounters, TOO_LARGE, TOTAL_ITEMS } from "./slab-counters.ts";
import { CAS_UNIQUES, LOCKS, SlabItems, STRIPES } from "./slab-items.ts";
import { WORKERS_MAX } from "./lock-workers.ts";
import { SharedLocks } from "./shared-locks.ts";
import { type SlabStatistics, slabStatisticsOf } from "./slab-statistics.ts";
import { type SlabBuffers, SlabMemory } from "./slab-memory.ts";
import {
  type Counted,
  KEY_BYTES_MAX,
  type Millis,
  type Store,
  type Stored,
  type StoreListener,
  type StoreScan,
} from "./store.ts";

const BLANK = 32;

const LOCKS_BYTES = SharedLocks.wordsFor(LOCKS) * Int32Array.BYTES_PER_ELEMENT;

/** What a worker joins a shared store by. */
export interface SharedStore {
  readonly options: StoreOptions;
  readonly buffers: SlabBuffers;
}

/**
 * Items in slabs: chunks of memory in classes of sizes, with memcached's rules for which item goes when.
 *
 * Memory is taken as it is needed, up to `bytesMax` and a page for each class; the index takes about 7 bytes an item
 * on top. Nothing here allocates an object per item or per call.
 */
export class SlabStore extends CurrentItem implements Store {
  readonly bytesMax: number;
  readonly itemBytesMax: number;
  readonly evictions: boolean;

  numberHigh = 0;
  numberLow = 0;

  readonly #options: StoreOptions;
  readonly #settings: StoreSettings;
  readonly #memory: SlabMemory;
  readonly #counters: SlabCounters;
  readonly #locks: SharedLocks | undefined;
  readonly #items: SlabItems;
  readonly #reclaimer: Reclaimer;
  readonly #maintenance: Maintenance;
  readonly #casUniques: CasUniques;
  readonly #seed: number;
  readonly #overwrites: boolean;
  readonly #number: Halves = { high: 0, low: 0 };
  readonly #digits: Uint8Array = new Uint8Array(NUMBER_BYTES_MAX);

  /**
   * @param options Whatever is left out is as in memcached.
   * @param shared Instead of a memory of its own. Use `SlabStore.shared` and `SlabStore.join`.
   * @throws RangeError for a bound that makes no sense, alone or beside the others
   */
  constructor(options: StoreOptions = {}, shared?: SharedStore) {
    const settings = settingsOf(options);
    const memory = shared === undefined ? SlabMemory.reserve(settings, 1, 0) : new SlabMemory(shared.buffers);
    const locks =
      shared === undefined ? undefined : locksOf(shared.buffers.locks, (dead) => recovery?.recover(dead));
    const counters = new SlabCounters(memory.buffers.counts, locks?.join() ?? 0);
    const items = new SlabItems(memory, settings, counters, locks);
    const recovery = locks === undefined ? undefined : new Recovery(items, () => locks.beat());
    super(memory, items.largeValues, shared !== undefined);
    this.bytesMax = settings.bytesMax;
    this.itemBytesMax = settings.itemBytesMax;
    this.evictions = settings.evictions;
    this.#options = options;
    this.#settings = settings;
    this.#memory = memory;
    this.#counters = counters;
    this.#locks = locks;
    this.#items = items;
    this.#reclaimer = new Reclaimer(items);
    this.#maintenance = new Maintenance(items, this.#reclaimer);
    this.#casUniques = new CasUniques(memory, locks, CAS_UNIQUES, settings.casUniques);
    this.#seed = settings.hashSeed;
    // In one strict list a set moves the item to the front, and takes its new chunk before it frees the old one.
    this.#overwrites = settings.segmented && settings.temporaryTicks === 0;
  }

  /**
   * A store that several workers (threads) use. The calling one is the first of them; others `join` by what `share`
   * answers.
   */
  static shared(options: StoreOptions = {}): SlabStore {
    const { buffers } = SlabMemory.reserve(settingsOf(options), WORKERS_MAX + 1, LOCKS_BYTES);
    return new SlabStore(options, { options, buffers });
  }

  /** @throws RangeError if there are `WORKERS_MAX` workers already */
  static join(shared: SharedStore): SlabStore {
    return new SlabStore(shared.options, shared);
  }

  /** What another worker joins by; can be sent to it as a message. @throws TypeError if the store is not shared */
  share(): SharedStore {
    this.#sharedLocks();
    return { options: this.#options, buffers: this.#memory.buffers };
  }

  /**
   * Which worker this is, for `forget`. 0 for a store that is not shared.
   */
  get ticket(): number {
    return this.#locks?.ticket ?? 0;
  }

  /** This worker uses the store no more: others can have its place. */
  leave(): void {
    this.#sharedLocks().leave();
  }

  /**
   * The worker with this ticket is dead. What it left half done is put right, at once if it was not in the middle of
   * anything. Without this the others find out by themselves, after a second in which one of them waited for it.
   */
  forget(ticket: number): void {
    this.#sharedLocks().forget(ticket);
  }

  get counters(): Readonly<StoreCounters> {
    return countersOf(this.#items);
  }

  get listener(): StoreListener | undefined {
    return this.#reclaimer.listener;
  }

  set listener(listener: StoreListener | undefined) {
    this.#reclaimer.listener = listener;
  }

  find(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.show(ref);
      this.#items.use(ref, now);
    }
    this.#leave(hash);
    return ref !== 0;
  }

  inspect(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) this.show(ref);
    this.#leave(hash);
    return ref !== 0;
  }

  findAndTouch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.#setExpiry(ref, expiresAt);
      this.show(ref);
      this.#items.use(ref, now);
    }
    this.#leave(hash);
    return ref !== 0;
  }

  touch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.#setExpiry(ref, expiresAt);
      this.showStored(ref);
      this.#items.use(ref, now);
    }
    this.#leave(hash);
    return ref !== 0;
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
    const tooLarge = this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, flags);
    const hash = this.#enter(key, keyStart, keyEnd, now);
    if (this.#overwrites && !tooLarge) {
      const old = this.#items.live(hash, key, keyStart, keyEnd, now);
      if (
        old !== 0 &&
        this.#overwrite(old, keyEnd - keyStart, value, valueStart, valueEnd, flags, expiresAt, now)
      ) {
        this.#leave(hash);
        return "stored";
      }
    }
    // As in memcached, room is made before anybody looks for the old item, which may have to go for it.
    const ref = tooLarge ? 0 : this.#allocate(hash, keyEnd - keyStart, valueEnd - valueStart, flags, 0, now);
    const old = this.#items.live(hash, key, keyStart, keyEnd, now);
    let stored: Stored = "stored";
    if (ref !== 0) {
      this.#fill(ref, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt);
      this.#put(ref, old, expiresAt, now);
    } else {
      if (old !== 0) this.#items.remove(old);
      stored = tooLarge ? "too-large" : this.#outOfMemory();
    }
    this.#leave(hash);
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
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const old = this.#items.live(hash, key, keyStart, keyEnd, now);
    let stored: Stored = "not-stored";
    // As memcached: who adds in vain still shows interest in the item.
    if (old !== 0) this.#items.renew(old, now);
    else
      stored = this.#store(
        old,
        hash,
        key,
        keyStart,
        keyEnd,
        value,
        valueStart,
        valueEnd,
        flags,
        expiresAt,
        now,
      );
    this.#leave(hash);
    return stored;
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
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const old = this.#items.live(hash, key, keyStart, keyEnd, now);
    const stored =
      old === 0
        ? "not-stored"
        : this.#store(old, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
    this.#leave(hash);
    return stored;
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
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const old = this.#items.live(hash, key, keyStart, keyEnd, now);
    let stored: Stored = "not-found";
    if (old !== 0) {
      const words = this.#memory.words[old >>> REGION_SHIFT] as Int32Array;
      const at = (old & REGION_MASK) << 1;
      const same = words[at + CAS_HIGH] === (casHigh | 0) && words[at + CAS_LOW] === (casLow | 0);
      stored = same
        ? this.#store(old, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now)
        : "exists";
    }
    this.#leave(hash);
    return stored;
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
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.showStored(ref);
      this.#items.remove(ref);
    }
    this.#leave(hash);
    return ref !== 0;
  }

  incr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted {
    return this.#count(key, keyStart, keyEnd, deltaHigh, deltaLow, true, now);
  }

  decr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted {
    return this.#count(key, keyStart, keyEnd, deltaHigh, deltaLow, false, now);
  }

  flush(at: Millis, now: Millis): void {
    this.#items.flush(at, now);
  }

  /** When a flush is to come; `Infinity` if none is. */
  get flushAt(): Millis {
    return this.#memory.sums[FLUSH_AT] as Millis;
  }

  /**
   * As `set`, for an item that was there before a restart, with its cas unique and what was known of its use.
   * `restored` is to follow when all are there.
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
    fetched: boolean,
    now: Millis,
  ): Stored {
    const stored = this.set(key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
    if (stored !== "stored") return stored;
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.index.find(hash, key, keyStart, keyEnd);
    if (ref !== 0) this.#setHistory(ref, casHigh, casLow, usedAt, fetched);
    this.#leave(hash);
    this.#casUniques.skip(casHigh, casLow);
    return stored;
  }

  /** All items that were to be restored are there: puts them in the order of their use. Takes its time. */
  restored(): void {
    for (let list = 4; list < LISTS; list++) {
      if (this.#items.lists.length(list) > 1) orderByAge(this.#memory, this.#items.lists, list);
    }
  }

  scan(): StoreScan {
    return new ItemScan(this, this.#items);
  }

  get maintenanceAt(): Millis {
    return this.#memory.control[ITEMS] === 0 ? Infinity : this.#maintenance.nextAt;
  }

  maintain(now: Millis): void {
    this.#maintenance.work(now);
  }

  slabs(now: Millis): SlabStatistics {
    return slabStatisticsOf(this.#items, this.#reclaimer, now);
  }

  resetCounters(): void {
    this.#counters.reset();
  }

  /** @returns the key's hash, whose stripe is held from now on */
  #enter(key: Uint8Array, start: number, end: number, now: Millis): number {
    const hash = hashOf(key, start, end, this.#seed);
    this.#items.comeTo(now);
    if (this.#locks !== undefined) this.#locks.lock(hash & (STRIPES - 1));
    return hash;
  }

  #sharedLocks(): SharedLocks {
    if (this.#locks !== undefined) return this.#locks;
    throw new TypeError("a store that is not shared has one worker: make it with SlabStore.shared()");
  }

  #leave(hash: number): void {
    if (this.#locks !== undefined) this.#locks.unlock(hash & (STRIPES - 1));
  }

  #isTooLarge(keyBytes: number, valueBytes: number, flags: number): boolean {
    if (keyBytes < 1 || keyBytes > KEY_BYTES_MAX) {
      throw new RangeError(`a key must have 1 to ${KEY_BYTES_MAX} bytes, got ${keyBytes}`);
    }
    if (this.#sizeOf(keyBytes, valueBytes, flags) <= this.itemBytesMax) return false;
    this.#counters.count(0, TOO_LARGE);
    return true;
  }

  #sizeOf(keyBytes: number, valueBytes: number, flags: number): number {
    return this.#settings.headerBytes + keyBytes + valueBytes + (flags === 0 ? 0 : 4);
  }

  #outOfMemory(): "out-of-memory" {
    this.#counters.count(0, NO_MEMORY);
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
    // Without cas uniques and flags an item takes a byte more than it counts for: one that would just fit goes to the
    // next class. memcached has room for it.
    const size = Math.max(this.#sizeOf(keyBytes, valueBytes, flags), KEY + keyBytes + valueBytes);
    return this.#reclaimer.allocate(size, keyBytes, valueBytes, hash, kept, now);
  }

  /** Stores a value that is not too large, in place of `old`, 0 for none, which stays if there is no room. */
  #store(
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
      this.#overwrites &&
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

  /**
   * Writes a value over one that needs the same chunk: no chunk, no link, no other item is touched, which is half of
   * what a set costs. Where the item is in its list it stays, as one in use.
   *
   * @returns false, and nothing happened, if it needs another chunk
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
    const size = this.#sizeOf(keyBytes, valueEnd - valueStart, flags);
    if ((state & SPLIT) !== 0 || size > this.#settings.chunkBytesMax) return false;
    if (this.#reclaimer.classOf(size) !== ((state >>> CLASS_SHIFT) & CLASS_MASK)) return false;
    this.#casUniques.stamp(words, at);
    this.#items.renewWith(ref, size - this.#items.lists.bytesOf(ref), now);
    const kept = words[at + STATE] as number;
    words[at + STATE] = kept | WRITING;
    words[at + FLAGS] = flags;
    words[at + VALUE_BYTES] = valueEnd - valueStart;
    this.#setExpiry(ref, expiresAt);
    const start = (at << 2) + KEY + keyBytes;
    copy(value, valueStart, valueEnd, this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array, start);
    words[at + STATE] = (kept & ~FETCHED) | ACTIVE;
    this.#counters.count(0, TOTAL_ITEMS);
    this.showStored(ref);
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
    this.startWriting(ref);
    this.write(ref, value, valueStart, valueEnd);
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
    this.#casUniques.stamp(words, at);
    this.#setExpiry(ref, expiresAt);
    copy(key, keyStart, keyEnd, this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array, (at << 2) + KEY);
  }

  /** The filled chunk is the item of its key from now on. */
  #put(ref: number, old: number, expiresAt: Millis, now: Millis): void {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const state = words[((ref & REGION_MASK) << 1) + STATE] as number;
    const slabClass =
      (state & SPLIT) !== 0 ? this.#reclaimer.lastClass : (state >>> CLASS_SHIFT) & CLASS_MASK;
    this.#items.put(ref, old, this.#items.listFor(slabClass, expiresAt, now), now);
    this.#counters.count(0, TOTAL_ITEMS);
    this.showStored(ref);
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
    if (this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, 0)) return "too-large";
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const old = this.#items.live(hash, key, keyStart, keyEnd, now);
    const ref =
      old === 0 ? 0 : this.#allocateLonger(old, hash, keyEnd - keyStart, valueEnd - valueStart, now);
    if (ref !== 0) {
      this.show(old);
      const { expiresAt, flags } = this;
      const length = this.valueLength + valueEnd - valueStart;
      this.#fillHead(ref, hash, key, keyStart, keyEnd, length, flags, expiresAt);
      this.startWriting(ref);
      if (inFront) this.write(ref, value, valueStart, valueEnd);
      this.writeShown(ref);
      if (!inFront) this.write(ref, value, valueStart, valueEnd);
      this.#put(ref, old, expiresAt, now);
    }
    this.#leave(hash);
    return ref === 0 ? "not-stored" : "stored";
  }

  /** Chunks for an item whose value is to be longer; 0 if it would be too large, or there is no room. */
  #allocateLonger(old: number, hash: number, keyBytes: number, addedBytes: number, now: Millis): number {
    const words = this.#memory.words[old >>> REGION_SHIFT] as Int32Array;
    const at = (old & REGION_MASK) << 1;
    const valueBytes = (words[at + VALUE_BYTES] as number) + addedBytes;
    const flags = words[at + FLAGS] as number;
    if (this.#sizeOf(keyBytes, valueBytes, flags) > this.itemBytesMax) return 0;
    return this.#allocate(hash, keyBytes, valueBytes, flags, old, now);
  }

  #count(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    up: boolean,
    now: Millis,
  ): Counted {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    const counted = ref === 0 ? "not-found" : this.#countItem(ref, deltaHigh, deltaLow, up, now);
    this.#leave(hash);
    return counted;
  }

  #countItem(ref: number, deltaHigh: number, deltaLow: number, up: boolean, now: Millis): Counted {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const bytes = this.#memory.bytes[ref >>> REGION_SHIFT] as Uint8Array;
    const at = (ref & REGION_MASK) << 1;
    const state = words[at + STATE] as number;
    const start = (at << 2) + KEY + (state & KEY_BYTES_MASK);
    const length = words[at + VALUE_BYTES] as number;
    const number = this.#number;
    // No number is so long that it is in parts.
    if ((state & SPLIT) !== 0 || !readNumber(bytes, start, start + length, number)) return "non-numeric";
    if (up) addTo(number, deltaHigh, deltaLow);
    else subtractFrom(number, deltaHigh, deltaLow);
    this.numberHigh = number.high;
    this.numberLow = number.low;
    const digits = this.#digits;
    const first = writeNumber(digits, digits.length, number);
    if (digits.length - first > length) return this.#storeNumber(ref, first, now);
    this.#casUniques.stamp(words, at);
    words[at + STATE] = state | WRITING;
    for (let i = first; i < digits.length; i++) bytes[start + i - first] = digits[i] as number;
    for (let i = digits.length - first; i < length; i++) bytes[start + i] = BLANK;
    words[at + STATE] = state;
    this.#items.renew(ref, now);
    this.showStored(ref);
    return "counted";
  }

  /** A number that has grown longer is a new item with the old one's key, flags and expiry. */
  #storeNumber(old: number, first: number, now: Millis): Counted {
    const bytes = this.#memory.bytes[old >>> REGION_SHIFT] as Uint8Array;
    this.show(old);
    const { flags, expiresAt } = this;
    const words = this.#memory.words[old >>> REGION_SHIFT] as Int32Array;
    const at = (old & REGION_MASK) << 1;
    const hash = words[at + HASH] as number;
    const keyBytes = (words[at + STATE] as number) & KEY_BYTES_MASK;
    const key = (at << 2) + KEY;
    const digits = this.#digits;
    const valueBytes = digits.length - first;
    if (this.#sizeOf(keyBytes, valueBytes, flags) > this.itemBytesMax) return "out-of-memory";
    const ref = this.#allocate(hash, keyBytes, valueBytes, flags, old, now);
    if (ref === 0) return "out-of-memory";
    this.#fill(ref, hash, bytes, key, key + keyBytes, digits, first, digits.length, flags, expiresAt);
    this.#put(ref, old, expiresAt, now);
    return "counted";
  }

  #setHistory(ref: number, casHigh: number, casLow: number, usedAt: Millis, fetched: boolean): void {
    const words = this.#memory.words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    if (this.#settings.casUniques) {
      words[at + CAS_HIGH] = casHigh;
      words[at + CAS_LOW] = casLow;
    }
    words[at + USED_AT] = this.#items.ticksAt(usedAt);
    if (fetched) words[at + STATE] = (words[at + STATE] as number) | FETCHED;
  }

  #setExpiry(ref: number, expiresAt: Millis): void {
    (this.#memory.floats[ref >>> REGION_SHIFT] as Float64Array)[(ref & REGION_MASK) + EXPIRES_AT] = expiresAt;
  }
}

function locksOf(buffer: ArrayBufferLike, recover: (dead: number) => void): SharedLocks {
  if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError("a shared store needs shared memory");
  return new SharedLocks({ words: new Int32Array(buffer), start: 0, locks: LOCKS, recover });
}
