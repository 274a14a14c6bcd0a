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
// copied out, or held, before the item's lock is left, since anybody may overwrite it from then on; or the lock is kept
// until the reader lets go (`readsInPlace`).

import { CasUniques } from "./cas-uniques.ts";
import { CurrentItem } from "./current-item.ts";
import { countersOf, type StoreCounters } from "./counters.ts";
import { ItemScan } from "./item-scan.ts";
import { ItemTerms } from "./item-terms.ts";
import { ItemWriter } from "./item-writer.ts";
import { hashOf } from "./key-hash.ts";
import {
  CAS_HIGH,
  CAS_LOW,
  CLAIMED,
  FETCHED,
  FLUSH_AT,
  IN_BASE64,
  ITEMS,
  LISTS,
  MOVED_PAGE,
  REGION_MASK,
  REGION_SHIFT,
  STALE,
} from "./layout.ts";
import { orderByAge } from "./list-order.ts";
import { Maintenance } from "./maintenance.ts";
import type { StoreOptions } from "./options.ts";
import { Prefetch } from "./prefetch.ts";
import { Reclaimer } from "./reclaimer.ts";
import { Recovery } from "./recovery.ts";
import { settingsOf } from "./settings.ts";
import { COMMANDS, GET_EXPIRED, GET_FLUSHED, SlabCounters, TOO_LARGE } from "./slab-counters.ts";
import { CAS_UNIQUES, LOCKS, SlabItems, STRIPES } from "./slab-items.ts";
import { WORKERS_MAX } from "./lock-workers.ts";
import { SharedLocks } from "./shared-locks.ts";
import { CLAIMED_MARK, FETCHED_MARK, IN_BASE64_MARK, STALE_MARK } from "./snapshot-format.ts";
import { type SlabStatistics, slabStatisticsOf } from "./slab-statistics.ts";
import { type SlabBuffers, SlabMemory } from "./slab-memory.ts";
import {
  type Counted,
  type CountedOn,
  type DeletedOn,
  type FoundOn,
  KEY_BYTES_MAX,
  type Millis,
  type PageMoved,
  type Store,
  type Stored,
  type StoreListener,
  type StoreScan,
} from "./store.ts";
import type { Terms } from "./terms.ts";
import { type StoreSetup, type StoreTuning, Tuning } from "./tuning.ts";

const LOCKS_BYTES = SharedLocks.wordsFor(LOCKS) * Int32Array.BYTES_PER_ELEMENT;

const NO_STRIPE = -1;

/** What a worker joins a shared store by. */
export interface SharedStore {
  readonly options: Omit<StoreOptions, "reserve" | "copyBytes">;
  readonly buffers: SlabBuffers;
}

/**
 * Items in slabs: chunks of memory in classes of sizes, with memcached's rules for which item goes when.
 *
 * Memory is taken as it is needed, up to `bytesMax` and a page for each class; the index takes about 8 bytes an item
 * on top. Nothing here allocates an object per item or per call.
 */
export class SlabStore extends CurrentItem implements Store {
  readonly itemBytesMax: number;
  readonly evictions: boolean;
  readonly prefetch: Prefetch;

  readonly #options: StoreOptions;
  readonly #memory: SlabMemory;
  readonly #counters: SlabCounters;
  readonly #locks: SharedLocks | undefined;
  readonly #items: SlabItems;
  readonly #reclaimer: Reclaimer;
  readonly #tuning: Tuning;
  readonly #maintenance: Maintenance;
  readonly #casUniques: CasUniques;
  readonly #seed: number;
  /** The stripe that is kept while its item is read, else `NO_STRIPE`. */
  #keptStripe = NO_STRIPE;
  readonly #writer: ItemWriter;
  readonly #terms: ItemTerms;

  /**
   * @param options Whatever is left out is as in memcached.
   * @param shared Instead of a memory of its own. Use `SlabStore.shared` and `SlabStore.join`.
   * @throws RangeError for a bound that makes no sense, alone or beside the others
   */
  constructor(options: StoreOptions = {}, shared?: SharedStore) {
    const settings = settingsOf(options);
    const memory =
      shared === undefined ? SlabMemory.reserve(settings, 1, 0) : new SlabMemory(shared.buffers, settings);
    const locks =
      shared === undefined ? undefined : locksOf(shared.buffers.locks, (dead) => recovery?.recover(dead));
    const counters = new SlabCounters(memory.buffers.counts, locks?.join() ?? 0);
    const items = new SlabItems(memory, settings, counters, locks);
    const recovery = locks === undefined ? undefined : new Recovery(items, () => locks.beat());
    super(items);
    this.itemBytesMax = settings.itemBytesMax;
    this.evictions = settings.evictions;
    this.prefetch = new Prefetch(memory, items.index, settings);
    this.#options = options;
    this.#memory = memory;
    this.#counters = counters;
    this.#locks = locks;
    this.#items = items;
    this.#reclaimer = new Reclaimer(items);
    this.#tuning = new Tuning(memory, settings, locks);
    this.#maintenance = new Maintenance(items, this.#reclaimer, this.#tuning);
    this.#casUniques = new CasUniques(memory, locks, CAS_UNIQUES, settings.casUniques);
    this.#seed = settings.hashSeed;
    this.#writer = new ItemWriter(items, this.#reclaimer, this.#casUniques, this);
    this.#terms = new ItemTerms(items, this.#writer, this.#casUniques, this);
  }

  /**
   * A store that several workers (threads) use. The calling one is the first of them; others `join` by what `share`
   * answers.
   */
  static shared(options: Omit<StoreOptions, "reserve"> = {}): SlabStore {
    const { buffers } = SlabMemory.reserve(settingsOf(options), WORKERS_MAX + 1, LOCKS_BYTES);
    return new SlabStore(options, { options, buffers });
  }

  /**
   * @param copyBytes As in `StoreOptions`: what is no message each worker has itself.
   * @throws RangeError if there are `WORKERS_MAX` workers already
   */
  static join(shared: SharedStore, { copyBytes }: Pick<StoreOptions, "copyBytes"> = {}): SlabStore {
    return new SlabStore({ ...shared.options, copyBytes }, shared);
  }

  /** What another worker joins by; can be sent to it as a message. @throws TypeError if the store is not shared */
  share(): SharedStore {
    this.#sharedLocks();
    const { copyBytes: _, reserve: _reserve, ...options } = this.#options;
    return { options, buffers: this.#memory.buffers };
  }

  /**
   * Which worker this is, for `forget`. 0 for a store that is not shared.
   */
  get ticket(): number {
    return this.#locks?.ticket ?? 0;
  }

  /** This worker uses the store no more, nor what it holds: others can have its place. */
  leave(): void {
    const locks = this.#sharedLocks();
    this.letGo();
    for (let hold = this.#items.holds.first; hold !== 0; hold = this.#items.holds.first) this.release(hold);
    locks.leave();
  }

  /**
   * The worker with this ticket is dead. What it left half done is put right, at once if it was not in the middle of
   * anything. Without this the others find out by themselves, after two seconds in which one of them waited for it.
   */
  forget(ticket: number): void {
    this.letGo();
    this.#sharedLocks().forget(ticket);
  }

  get bytesMax(): number {
    return this.#tuning.bytesMax;
  }

  get numberHigh(): number {
    return this.#writer.number.high;
  }

  get numberLow(): number {
    return this.#writer.number.low;
  }

  get itemBytes(): number {
    return this.#writer.sizeOf(this.keyLength, this.valueLength, this.flags);
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

  release(hold: number): void {
    this.#items.release(hold);
  }

  override letGo(): void {
    super.letGo();
    const stripe = this.#keptStripe;
    if (stripe === NO_STRIPE) return;
    this.#keptStripe = NO_STRIPE;
    this.#sharedLocks().unlock(stripe);
  }

  find(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.showToReader(ref);
      this.#items.use(ref, now);
    }
    this.#leave(hash);
    return ref !== 0;
  }

  inspect(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) this.showToReader(ref);
    this.#leave(hash);
    return ref !== 0;
  }

  findAndTouch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.#writer.setExpiry(ref, expiresAt);
      this.showToReader(ref);
      this.#items.use(ref, now);
    }
    this.#leave(hash);
    return ref !== 0;
  }

  touch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.#writer.setExpiry(ref, expiresAt);
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
    let stored: Stored = "too-large";
    if (tooLarge) {
      const old = this.#items.live(hash, key, keyStart, keyEnd, now);
      if (old !== 0) this.#items.remove(old);
    } else
      stored = this.#writer.set(
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
      stored = this.#writer.store(
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
        : this.#writer.store(
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
        ? this.#writer.store(
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
          )
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

  findOn(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): FoundOn {
    if (terms.vivifies) this.#checkKey(keyEnd - keyStart);
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const found = this.#terms.find(terms, hash, key, keyStart, keyEnd, now);
    this.#leave(hash);
    return found;
  }

  claim(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = hashOf(key, keyStart, keyEnd, this.#seed);
    // The current item stays at hand: if its value lies where others can come to it, so does its stripe.
    const isKept = this.#keptStripe === (hash & (STRIPES - 1));
    if (!isKept) this.#enter(key, keyStart, keyEnd, now);
    const claimed = this.#terms.claim(hash, key, keyStart, keyEnd, now);
    if (!isKept) this.#leave(hash);
    return claimed;
  }

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
  ): Stored {
    if (this.#isTooLarge(keyEnd - keyStart, valueEnd - valueStart, flags)) return "too-large";
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const stored = this.#terms.store(
      terms,
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

  deleteOn(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): DeletedOn {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const deleted = this.#terms.delete(terms, hash, key, keyStart, keyEnd, now);
    this.#leave(hash);
    return deleted;
  }

  markStale(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): DeletedOn {
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const marked = this.#terms.markStale(terms, hash, key, keyStart, keyEnd, now);
    this.#leave(hash);
    return marked;
  }

  countOn(
    terms: Terms,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    up: boolean,
    now: Millis,
  ): CountedOn {
    if (terms.vivifies) this.#checkKey(keyEnd - keyStart);
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const counted = this.#terms.count(terms, hash, key, keyStart, keyEnd, deltaHigh, deltaLow, up, now);
    this.#leave(hash);
    return counted;
  }

  flush(at: Millis, now: Millis): void {
    this.letGo();
    this.#items.flush(at, now);
  }

  /** When a flush is to come; `Infinity` if none is. */
  get flushAt(): Millis {
    return this.#memory.sums[FLUSH_AT] as Millis;
  }

  /**
   * As `set`, for an item that was there before a restart, with its cas unique and what was known of its use.
   * `marks` are as `SnapshotWriter` writes them.
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
    marks: number,
    now: Millis,
  ): Stored {
    const stored = this.set(key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
    if (stored !== "stored") return stored;
    const hash = this.#enter(key, keyStart, keyEnd, now);
    const ref = this.#items.index.find(hash, key, keyStart, keyEnd);
    if (ref !== 0) this.#writer.setHistory(ref, casHigh, casLow, usedAt, stateOf(marks));
    this.#leave(hash);
    this.#casUniques.skip(casHigh, casLow);
    return stored;
  }

  /** All items that were to be restored are there: puts them in the order of their use. Takes its time. */
  restored(): void {
    this.letGo();
    for (let list = 4; list < LISTS; list++) {
      if (this.#items.lists.length(list) > 1) orderByAge(this.#memory, this.#items.lists, list);
    }
  }

  scan(): StoreScan {
    return new ItemScan(this, this.#items);
  }

  get maintenanceAt(): Millis {
    const { control } = this.#memory;
    return control[ITEMS] === 0 && control[MOVED_PAGE] === 0 ? Infinity : this.#maintenance.nextAt;
  }

  maintain(now: Millis): void {
    this.letGo();
    this.#maintenance.work(now);
  }

  get setup(): StoreSetup {
    return this.#tuning.setup;
  }

  tune(change: Partial<StoreTuning>): void {
    this.letGo();
    this.#tuning.set(change);
  }

  crawl(now: Millis): void {
    this.#maintenance.crawlSoon(now);
  }

  movePage(from: number, to: number, now: Millis): PageMoved {
    this.letGo();
    return this.#maintenance.movePage(from, to, now);
  }

  slabClassFor(keyBytes: number, valueBytes: number, flags: number): number {
    return this.#reclaimer.classOf(this.#writer.chunkSizeOf(keyBytes, valueBytes, flags));
  }

  countCommand(slabClass: number, command: number): void {
    this.#counters.count(slabClass, COMMANDS + command);
  }

  get expiredMet(): number {
    return this.#counters.own(0, GET_EXPIRED);
  }

  get flushedMet(): number {
    return this.#counters.own(0, GET_FLUSHED);
  }

  slabs(now: Millis): SlabStatistics {
    this.letGo();
    return slabStatisticsOf(this.#items, this.#reclaimer, now);
  }

  resetCounters(): void {
    this.#counters.reset();
  }

  /** @returns the key's hash, whose stripe is held from now on */
  #enter(key: Uint8Array, start: number, end: number, now: Millis): number {
    const hash = hashOf(key, start, end, this.#seed);
    this.#items.comeTo(now);
    if (this.#locks !== undefined) {
      if (this.#keptStripe !== NO_STRIPE) this.letGo();
      this.#locks.lock(hash & (STRIPES - 1));
    }
    return hash;
  }

  #sharedLocks(): SharedLocks {
    if (this.#locks !== undefined) return this.#locks;
    throw new TypeError("a store that is not shared has one worker: make it with SlabStore.shared()");
  }

  #leave(hash: number): void {
    if (this.#locks === undefined) return;
    const stripe = hash & (STRIPES - 1);
    if (this.isExposed) this.#keptStripe = stripe;
    else this.#locks.unlock(stripe);
  }

  #checkKey(keyBytes: number): void {
    if (keyBytes >= 1 && keyBytes <= KEY_BYTES_MAX) return;
    throw new RangeError(`a key must have 1 to ${KEY_BYTES_MAX} bytes, got ${keyBytes}`);
  }

  #isTooLarge(keyBytes: number, valueBytes: number, flags: number): boolean {
    this.#checkKey(keyBytes);
    if (this.#writer.sizeOf(keyBytes, valueBytes, flags) <= this.itemBytesMax) return false;
    this.letGo();
    this.#counters.count(0, TOO_LARGE);
    return true;
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
    const extended = old !== 0 && this.#writer.extend(old, value, valueStart, valueEnd, inFront, now);
    this.#leave(hash);
    return extended ? "stored" : "not-stored";
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
    const counted = ref === 0 ? "not-found" : this.#writer.count(ref, deltaHigh, deltaLow, up, now);
    this.#leave(hash);
    return counted;
  }
}

function stateOf(marks: number): number {
  return (
    ((marks & FETCHED_MARK) === 0 ? 0 : FETCHED) |
    ((marks & STALE_MARK) === 0 ? 0 : STALE) |
    ((marks & CLAIMED_MARK) === 0 ? 0 : CLAIMED) |
    ((marks & IN_BASE64_MARK) === 0 ? 0 : IN_BASE64)
  );
}

function locksOf(buffer: ArrayBufferLike, recover: (dead: number) => void): SharedLocks {
  if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError("a shared store needs shared memory");
  return new SharedLocks({ words: new Int32Array(buffer), start: 0, locks: LOCKS, recover });
}
