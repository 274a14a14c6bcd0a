// The items of an LRU store: which are there, in which order they go, how much room they take.
//
//     ItemTable  key -> item            LruList  newest <-> ... <-> oldest
//
// Expired and flushed items go when somebody comes across them: a look-up, or a new item that needs room. Hot path.

import { type StoreCounters, zeroCounters } from "./counters.ts";
import type { Item } from "./item.ts";
import { ItemTable } from "./item-table.ts";
import { LruList } from "./lru-list.ts";
import type { Millis } from "./store.ts";

// Without evictions only dead items make room. They may be anywhere in the list: look at this many and give up.
const LOOKS_MAX = 50;

export class ItemSpace {
  readonly counters: StoreCounters = zeroCounters();
  readonly #bytesMax: number;
  readonly #evictions: boolean;
  readonly #table: ItemTable = new ItemTable();
  readonly #list: LruList = new LruList();
  /** The cas unique given out last. */
  #lastCasHigh = 0;
  #lastCasLow = 0;
  /** Items up to this cas unique are flushed. */
  #flushedHigh = 0;
  #flushedLow = 0;
  #flushAt: Millis = Infinity;

  constructor(bytesMax: number, evictions: boolean) {
    this.#bytesMax = bytesMax;
    this.#evictions = evictions;
  }

  /** The item of this key if it is there; one that no longer counts goes. Every command comes by here first. */
  live(hash: number, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): Item | undefined {
    // Everything stored so far was stored before the time of this flush.
    if (now >= this.#flushAt) this.#flushNow();
    const item = this.#table.find(hash, key, keyStart, keyEnd);
    if (item === undefined) return undefined;
    if (this.#isFlushed(item)) this.counters.getFlushed++;
    else if (item.expiresAt <= now) this.counters.getExpired++;
    else return item;
    this.remove(item);
    return undefined;
  }

  /** The key has no item. There is room, and `changed` follows. */
  insert(item: Item): void {
    this.#table.insert(item);
    this.#list.insert(item);
    this.counters.currItems++;
  }

  remove(item: Item): void {
    this.counters.currItems--;
    this.counters.bytes -= item.countedBytes;
    this.#table.remove(item);
    this.#list.remove(item);
  }

  used(item: Item): void {
    this.#list.used(item);
  }

  /** The item has a new value, and so a new cas unique. It counted for `bytesBefore`. */
  changed(item: Item, bytesBefore: number): void {
    this.counters.bytes += item.countedBytes - bytesBefore;
    item.fetched = false;
    this.#lastCasLow = (this.#lastCasLow + 1) >>> 0;
    if (this.#lastCasLow === 0) this.#lastCasHigh++;
    item.casHigh = this.#lastCasHigh;
    item.casLow = this.#lastCasLow;
    this.#list.used(item);
  }

  /**
   * Makes room for an item of `size` bytes, which may replace `kept`.
   *
   * @returns false, and `kept` is still there, if there is not enough
   */
  makeRoom(size: number, kept: Item | undefined, now: Millis): boolean {
    const { counters } = this;
    const bytesMax = this.#bytesMax - size + (kept === undefined ? 0 : kept.countedBytes);
    if (counters.bytes <= bytesMax) return true;
    if (kept !== undefined) this.#list.used(kept); // out of the way: it is the last one to be looked at
    let looks = 0;
    let item = this.#list.oldest;
    while (counters.bytes > bytesMax && item !== undefined && item !== kept && looks < LOOKS_MAX) {
      const { newer } = item;
      if (item.expiresAt <= now || this.#isFlushed(item)) {
        counters.reclaimed++;
        if (!item.fetched) counters.expiredUnfetched++;
        this.remove(item);
      } else if (this.#evictions) {
        counters.evictions++;
        if (!item.fetched) counters.evictedUnfetched++;
        this.remove(item);
      } else {
        looks++;
      }
      item = newer;
    }
    if (counters.bytes <= bytesMax) return true;
    counters.storeNoMemory++;
    return false;
  }

  flush(at: Millis, now: Millis): void {
    if (now >= this.#flushAt) this.#flushNow();
    if (at <= now) this.#flushNow();
    else this.#flushAt = at;
  }

  resetCounters(): void {
    const { currItems, bytes } = this.counters;
    Object.assign(this.counters, zeroCounters(), { currItems, bytes });
  }

  #isFlushed(item: Item): boolean {
    return (
      item.casHigh < this.#flushedHigh ||
      (item.casHigh === this.#flushedHigh && item.casLow <= this.#flushedLow)
    );
  }

  #flushNow(): void {
    this.#flushedHigh = this.#lastCasHigh;
    this.#flushedLow = this.#lastCasLow;
    this.#flushAt = Infinity;
  }
}
