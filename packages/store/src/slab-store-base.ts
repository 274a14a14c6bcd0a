// What a store is made of, and what is done with it that is no command for a key: workers come and go, it is looked
// after, tuned, gone through and told of. Hot path: `enter`, `leaveStripe` and `letGo`.

import { CasUniques } from "./cas-uniques.ts";
import { countersOf, type StoreCounters } from "./counters.ts";
import { CurrentItem } from "./current-item.ts";
import { ItemScan } from "./item-scan.ts";
import { ItemTerms } from "./item-terms.ts";
import { ItemWriter } from "./item-writer.ts";
import { hashOf } from "./key-hash.ts";
import { FLUSH_AT, ITEMS, LISTS, MOVED_PAGE, SETUP } from "./layout.ts";
import { orderByAge } from "./list-order.ts";
import { Maintenance } from "./maintenance.ts";
import type { StoreOptions } from "./options.ts";
import { Prefetch } from "./prefetch.ts";
import { Reclaimer } from "./reclaimer.ts";
import { Recovery } from "./recovery.ts";
import { settingsOf, setupSum } from "./settings.ts";
import { SharedLocks } from "./shared-locks.ts";
import { COMMANDS, GET_EXPIRED, GET_FLUSHED, SlabCounters } from "./slab-counters.ts";
import { CAS_UNIQUES, LOCKS, SlabItems, STRIPES } from "./slab-items.ts";
import { type SlabBuffers, SlabMemory } from "./slab-memory.ts";
import { type SlabStatistics, slabStatisticsOf } from "./slab-statistics.ts";
import type { Millis, PageMoved, StoreListener, StoreScan } from "./store.ts";
import { type StoreSetup, type StoreTuning, Tuning } from "./tuning.ts";
import { unthrowing } from "./unthrowing-listener.ts";

/** A `keptStripe`. */
const NO_STRIPE = -1;

/** What a worker joins a shared store by. */
export interface SharedStore {
  readonly options: Omit<StoreOptions, "reserve" | "copyBytes">;
  readonly buffers: SlabBuffers;
}

export abstract class SlabStoreBase extends CurrentItem {
  readonly itemBytesMax: number;
  readonly evictions: boolean;
  readonly prefetch: Prefetch;

  readonly #options: StoreOptions;
  protected readonly memory: SlabMemory;
  readonly #counters: SlabCounters;
  readonly #locks: SharedLocks | undefined;
  protected readonly items: SlabItems;
  readonly #reclaimer: Reclaimer;
  readonly #tuning: Tuning;
  readonly #maintenance: Maintenance;
  protected readonly casUniques: CasUniques;
  protected readonly seed: number;
  #listener: StoreListener | undefined = undefined;
  /** The stripe that is kept while its item is read, else `NO_STRIPE`. */
  protected keptStripe: number = NO_STRIPE;
  protected readonly writer: ItemWriter;
  protected readonly terms: ItemTerms;

  /**
   * @param options Whatever is left out is as in memcached.
   * @param shared Instead of a memory of its own. Use `SlabStore.shared` and `SlabStore.join`.
   * @throws RangeError for an option that there is not, or a bound that makes no sense, alone or beside the others
   */
  constructor(options: StoreOptions = {}, shared?: SharedStore) {
    const settings = settingsOf(options);
    const memory =
      shared === undefined ? SlabMemory.reserve(settings, 1, 0) : new SlabMemory(shared.buffers, settings);
    if (memory.control[SETUP] !== setupSum(settings)) {
      throw new TypeError("a store is joined with the options that share() answered, as they are");
    }
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
    this.memory = memory;
    this.#counters = counters;
    this.#locks = locks;
    this.items = items;
    this.#reclaimer = new Reclaimer(items);
    this.#tuning = new Tuning(memory, settings, locks);
    this.#maintenance = new Maintenance(items, this.#reclaimer, this.#tuning);
    this.casUniques = new CasUniques(memory, locks, CAS_UNIQUES, settings.casUniques);
    this.seed = settings.hashSeed;
    this.writer = new ItemWriter(items, this.#reclaimer, this.casUniques, this);
    this.terms = new ItemTerms(items, this.writer, this.casUniques, this);
  }

  /** What another worker joins by; can be sent to it as a message. @throws TypeError if the store is not shared */
  share(): SharedStore {
    this.#sharedLocks();
    const { copyBytes: _, reserve: _reserve, ...options } = this.#options;
    return { options, buffers: this.memory.buffers };
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
    for (let hold = this.items.holds.first; hold !== 0; hold = this.items.holds.first) this.release(hold);
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
    return this.writer.number.high;
  }

  get numberLow(): number {
    return this.writer.number.low;
  }

  get itemBytes(): number {
    return this.writer.sizeOf(this.keyLength, this.valueLength, this.flags);
  }

  get counters(): Readonly<StoreCounters> {
    return countersOf(this.items);
  }

  get listener(): StoreListener | undefined {
    return this.#listener;
  }

  set listener(listener: StoreListener | undefined) {
    this.#listener = listener;
    this.#reclaimer.listener = listener === undefined ? undefined : unthrowing(listener);
  }

  release(hold: number): void {
    this.items.release(hold);
  }

  override letGo(): void {
    super.letGo();
    const stripe = this.keptStripe;
    if (stripe === NO_STRIPE) return;
    this.keptStripe = NO_STRIPE;
    this.#sharedLocks().unlock(stripe);
  }

  flush(at: Millis, now: Millis): void {
    this.letGo();
    this.items.flush(at, now);
  }

  /** When a flush is to come; `Infinity` if none is. */
  get flushAt(): Millis {
    return this.memory.sums[FLUSH_AT] as Millis;
  }

  get lastCasHigh(): number {
    return this.casUniques.lastHigh;
  }

  get lastCasLow(): number {
    return this.casUniques.lastLow;
  }

  /**
   * All items that were to be restored are there: puts them in the order of their use, which takes its time. Cas uniques
   * go on above those of the items, and above that one.
   */
  restored(lastCasHigh: number, lastCasLow: number): void {
    this.letGo();
    this.casUniques.skip(lastCasHigh, lastCasLow);
    for (let list = 4; list < LISTS; list++) {
      if (this.items.lists.length(list) > 1) orderByAge(this.memory, this.items.lists, list);
    }
  }

  scan(): StoreScan {
    return new ItemScan(this, this.items);
  }

  get maintenanceAt(): Millis {
    const { control } = this.memory;
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
    return this.#reclaimer.classOf(this.writer.chunkSizeOf(keyBytes, valueBytes, flags));
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
    return slabStatisticsOf(this.items, this.#reclaimer, now);
  }

  resetCounters(): void {
    this.#counters.reset();
  }

  /** Before a command. @returns the key's hash, whose stripe is held from now on */
  protected enter(key: Uint8Array, start: number, end: number, now: Millis): number {
    const hash = hashOf(key, start, end, this.seed);
    this.items.comeTo(now);
    if (this.#locks !== undefined) {
      if (this.keptStripe !== NO_STRIPE) this.letGo();
      this.#locks.lock(hash & (STRIPES - 1));
    }
    return hash;
  }

  /** After a command: but if the item it shows lies where others can come to it, its stripe is kept. */
  protected leaveStripe(hash: number): void {
    if (this.#locks === undefined) return;
    const stripe = hash & (STRIPES - 1);
    if (this.isExposed) this.keptStripe = stripe;
    else this.#locks.unlock(stripe);
  }

  #sharedLocks(): SharedLocks {
    if (this.#locks !== undefined) return this.#locks;
    throw new TypeError("a store that is not shared has one worker: make it with SlabStore.shared()");
  }
}

function locksOf(buffer: ArrayBufferLike, recover: (dead: number) => void): SharedLocks {
  if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError("a shared store needs shared memory");
  return new SharedLocks({ words: new Int32Array(buffer), start: 0, locks: LOCKS, recover });
}
