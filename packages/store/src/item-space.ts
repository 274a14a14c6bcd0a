// The items of an LRU store: which are there, in which order they go, how much room they take.
//
//     ItemTable  key -> item            LruList  newest <-> ... <-> oldest
//
// An expired item goes when somebody comes across it: a look-up, or a new item that needs room. A flush takes all
// items at once. Hot path.

import { type StoreCounters, zeroCounters } from "./counters.ts";
import type { Item } from "./item.ts";
import { ItemTable } from "./item-table.ts";
import { LruList } from "./lru-list.ts";
import type { Millis } from "./store.ts";

// Without evictions only dead items make room. They may be anywhere in the list: look at this many and give up. Those
// that live go to the newest end, so that the next one that needs room looks on where this one stopped.
const LOOKS_MAX = 50;

export class ItemSpace {
  readonly counters: StoreCounters = zeroCounters();
  readonly #bytesMax: number;
  readonly #evictions: boolean;
  #table: ItemTable = new ItemTable();
  #list: LruList = new LruList();
  /** The cas unique given out last. */
  #lastCasHigh = 0;
  #lastCasLow = 0;
  #flushAt: Millis = Infinity;

  constructor(bytesMax: number, evictions: boolean) {
    this.#bytesMax = bytesMax;
    this.#evictions = evictions;
  }

  /**
   * The item of this key if it is there; one that no longer counts goes. Every command comes by here or
   * `requested` first.
   */
  live(hash: number, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): Item | undefined {
    // Everything stored so far was stored before the time of this flush.
    if (now >= this.#flushAt) this.#flushNow();
    const item = this.#table.find(hash, key, keyStart, keyEnd);
    if (item === undefined || item.expiresAt > now) return item;
    this.remove(item);
    return undefined;
  }

  /** As `live`, for somebody who asks for the item: why it is not there any more is counted. */
  requested(hash: number, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): Item | undefined {
    if (now >= this.#flushAt) this.#flushNow();
    const item = this.#table.find(hash, key, keyStart, keyEnd);
    if (item === undefined || item.expiresAt > now) return item;
    this.counters.getExpired++;
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
      if (item.expiresAt <= now) {
        counters.reclaimed++;
        if (!item.fetched) counters.expiredUnfetched++;
        this.remove(item);
      } else if (this.#evictions) {
        counters.evictions++;
        if (!item.fetched) counters.evictedUnfetched++;
        this.remove(item);
      } else {
        this.#list.used(item);
        looks++;
      }
      item = this.#list.oldest;
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

  #flushNow(): void {
    this.#table = new ItemTable();
    this.#list = new LruList();
    this.counters.currItems = 0;
    this.counters.bytes = 0;
    this.#flushAt = Infinity;
  }
}
