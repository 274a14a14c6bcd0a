// The items of a store: which are there, and how they come and go. Hot path.
//
// Everything that is known of an item is in its chunk (layout.ts); the index leads to it by its key, and it is in one
// list. Where the memory is shared, two locks guard it:
//
//     stripe       one of 1,024, by the lowest bits of the key's hash: the groups of the index, the items' own words
//     allocation   lists, free chunks, pages: the links of all items, whoever has their stripes
//
// A stripe first, then the allocation; who has the allocation only tries other stripes and goes on without. A lock is
// only waited for while what is already held is in order.

import { Holds } from "./holds.ts";
import { GROUPS_MIN, KeyIndex } from "./key-index.ts";
import { ItemLists } from "./item-lists.ts";
import { KeptItems } from "./kept-items.ts";
import { LargeValues } from "./large-values.ts";
import {
  ACTIVE,
  CLASS_MASK,
  CLASS_SHIFT,
  COLD,
  EXPIRES_AT,
  FETCHED,
  FIRST_USE,
  FLUSH_AT,
  FLUSHES,
  GENERATION,
  HASH,
  HOT,
  ITEMS,
  LINKED,
  LIST_SHIFT,
  MS_PER_TICK,
  NOBODY,
  OWNER,
  REGION_MASK,
  REGION_SHIFT,
  SPLIT,
  STATE,
  TEMPORARY,
  TICKS_PER_SECOND,
  USED_AT,
  WARM,
} from "./layout.ts";
import type { StoreSettings } from "./settings.ts";
import type { SharedLocks } from "./shared-locks.ts";
import {
  BUMPS_DROPPED,
  EXPIRED_UNFETCHED,
  GET_EXPIRED,
  GET_FLUSHED,
  HITS,
  MOVES_TO_WARM,
  type SlabCounters,
} from "./slab-counters.ts";
import type { SlabMemory } from "./slab-memory.ts";
import { SlabPages } from "./slab-pages.ts";
import type { Millis } from "./store.ts";

export const STRIPES: number = GROUPS_MIN;
/** The lock behind those of the stripes. */
export const ALLOCATION: number = STRIPES;
/** And behind that, never waited for with it: that of the cas unique given out last. */
export const CAS_UNIQUES: number = STRIPES + 1;
/** Only tried: who has it does the maintenance. */
export const MAINTENANCE: number = STRIPES + 2;
export const LOCKS: number = STRIPES + 3;

// In one strict list an item that is used moves to the front at most this often, as in memcached.
const MOVE_TICKS = 60 * TICKS_PER_SECOND;

export class SlabItems {
  readonly memory: SlabMemory;
  readonly settings: StoreSettings;
  readonly counters: SlabCounters;
  readonly locks: SharedLocks | undefined;
  readonly index: KeyIndex;
  readonly lists: ItemLists;
  readonly pages: SlabPages;
  readonly largeValues: LargeValues;
  /** Where several workers share the memory. */
  readonly kept: KeptItems | undefined;
  readonly holds: Holds;
  readonly #words: readonly Int32Array[];
  readonly #floats: readonly Float64Array[];
  readonly #control: Int32Array;
  readonly #sums: Float64Array;

  /** 0 for the only one. */
  get workerId(): number {
    return this.locks === undefined ? 0 : this.locks.workerId;
  }

  constructor(
    memory: SlabMemory,
    settings: StoreSettings,
    counters: SlabCounters,
    locks: SharedLocks | undefined,
  ) {
    this.memory = memory;
    this.settings = settings;
    this.counters = counters;
    this.locks = locks;
    this.index = new KeyIndex(memory);
    this.lists = new ItemLists(memory, settings.headerBytes);
    this.pages = new SlabPages(memory, settings);
    this.largeValues = new LargeValues(memory, this.pages);
    this.kept = locks === undefined ? undefined : new KeptItems(memory, locks.workerId);
    this.holds = new Holds(memory, settings, this.workerId);
    this.#words = memory.words;
    this.#floats = memory.floats;
    this.#control = memory.control;
    this.#sums = memory.sums;
  }

  /** Ticks since the first use of the store. */
  ticksAt(now: Millis): number {
    if ((this.#sums[FIRST_USE] as number) < 0) this.#sums[FIRST_USE] = now;
    return Math.floor((now - (this.#sums[FIRST_USE] as number)) / MS_PER_TICK);
  }

  /** The time of so many ticks. */
  timeAt(ticks: number): Millis {
    return (this.#sums[FIRST_USE] as number) + ticks * MS_PER_TICK;
  }

  /** Carries a flush out whose time has come. First thing of every command. */
  comeTo(now: Millis): void {
    if (now >= (this.#sums[FLUSH_AT] as number)) this.#flushDue(now);
  }

  /** Forgets everything at once: it is taken to pieces bit by bit. */
  flush(at: Millis, now: Millis): void {
    this.comeTo(now);
    this.locks?.lock(ALLOCATION);
    if (at <= now) {
      this.#control[FLUSHES] = ((this.#control[FLUSHES] as number) + 1) | 0;
      this.#sums[FLUSH_AT] = Infinity;
    } else this.#sums[FLUSH_AT] = at;
    this.locks?.unlock(ALLOCATION);
  }

  /** The item of this key if it is there; one that no longer counts goes, and is counted. Needs the stripe. */
  live(hash: number, key: Uint8Array, start: number, end: number, now: Millis): number {
    const ref = this.index.find(hash, key, start, end);
    if (ref === 0) return 0;
    const at = ref & REGION_MASK;
    const expired = ((this.#floats[ref >>> REGION_SHIFT] as Float64Array)[at + EXPIRES_AT] as number) <= now;
    if (!expired && !this.#isFlushed(ref)) return ref;
    this.counters.count(0, expired ? GET_EXPIRED : GET_FLUSHED);
    this.remove(ref);
    return 0;
  }

  isDead(ref: number, now: Millis): boolean {
    const floats = this.#floats[ref >>> REGION_SHIFT] as Float64Array;
    return (floats[(ref & REGION_MASK) + EXPIRES_AT] as number) <= now || this.#isFlushed(ref);
  }

  /**
   * Keeps an item the longer for its use, which is a hit unless it touches it. Needs the stripe.
   *
   * @param touches Whether its expiry was set: memcached counts that as a touch, and not among the hits.
   */
  use(ref: number, now: Millis, touches: boolean): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const state = words[at + STATE] as number;
    const list = state >>> LIST_SHIFT;
    if (!touches) this.counters.count(list >> 2, HITS + (list & 3));
    if (!this.settings.segmented) {
      words[at + STATE] = state | FETCHED;
      return this.#moveToFront(ref, list, now);
    }
    // One that was written over is active before anybody asks for it.
    if ((state & FETCHED) === 0) words[at + STATE] = state | FETCHED;
    else if ((state & ACTIVE) !== 0) return;
    else if ((list & 3) === COLD) this.#warm(ref, list, now);
    else {
      words[at + STATE] = state | ACTIVE;
      words[at + USED_AT] = this.ticksAt(now);
    }
  }

  /** As if it had been stored anew: who counts up keeps the item. Needs the stripe. */
  renew(ref: number, now: Millis): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    if (this.settings.segmented) words[at + USED_AT] = this.ticksAt(now);
    else this.#moveToFront(ref, (words[at + STATE] as number) >>> LIST_SHIFT, now);
  }

  /**
   * An item is about to get another value in its place, of so many bytes more: it is as young as a new one, and out of
   * the list whose items go first. Needs the stripe.
   */
  renewWith(ref: number, moreBytes: number, now: Millis): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    let list = (words[at + STATE] as number) >>> LIST_SHIFT;
    words[at + USED_AT] = this.ticksAt(now);
    words[at + GENERATION] = this.#control[FLUSHES] as number;
    if (moreBytes === 0 && (list & 3) !== COLD) return;
    this.locks?.lock(ALLOCATION);
    if ((list & 3) === COLD) {
      list = list - COLD + HOT;
      this.lists.remove(ref);
      this.lists.insert(ref, list);
    }
    this.lists.grow(list, moreBytes);
    this.locks?.unlock(ALLOCATION);
  }

  /**
   * Lets a chunk that is filled be the item of its key from now on, in place of `old` (0 for none), whose chunk is
   * free then. Needs the stripe.
   */
  put(ref: number, old: number, list: number, now: Millis): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const hash = words[at + HASH] as number;
    const ticks = this.ticksAt(now);
    words[at + GENERATION] = this.#control[FLUSHES] as number;
    this.locks?.lock(ALLOCATION);
    // With its list, by which it is found again if this worker dies before it is there.
    words[at + STATE] = (words[at + STATE] as number) | LINKED | (list << LIST_SHIFT);
    // In place of who has it, which has to be known until it is an item.
    words[at + USED_AT] = ticks;
    if (old === 0) {
      this.index.insert(hash, ref);
      this.#control[ITEMS] = (this.#control[ITEMS] as number) + 1;
    } else {
      this.#retire(old);
      this.lists.remove(old);
      this.index.replace(hash, old, ref);
      this.giveChunks(old);
    }
    this.lists.insert(ref, list);
    if (this.index.isCrowded) this.#grow(hash);
    this.locks?.unlock(ALLOCATION);
  }

  /** Needs the stripe. */
  remove(ref: number): void {
    this.locks?.lock(ALLOCATION);
    this.drop(ref);
    this.locks?.unlock(ALLOCATION);
  }

  /** Needs the stripe and the allocation. */
  drop(ref: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    this.#retire(ref);
    this.lists.remove(ref);
    this.index.remove(words[((ref & REGION_MASK) << 1) + HASH] as number, ref);
    this.#control[ITEMS] = (this.#control[ITEMS] as number) - 1;
    this.giveChunks(ref);
  }

  /** Gives back the chunks of what is not an item, or no longer; of what is held, later. Needs the allocation. */
  giveChunks(ref: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    if (this.holds.isHeld(ref)) {
      words[at + OWNER] = NOBODY;
      return;
    }
    const state = words[at + STATE] as number;
    if ((state & SPLIT) !== 0) this.largeValues.give(ref);
    this.pages.give(ref, (state >>> CLASS_SHIFT) & CLASS_MASK);
  }

  /** Lets go of what this worker holds. If it is no item any more and nobody else holds it, its chunks are free. */
  release(hold: number): void {
    const ref = this.holds.of(hold);
    if (ref === 0) throw new RangeError(`only what is held can be let go, got ${hold}`);
    this.locks?.lock(ALLOCATION);
    this.holds.release(hold);
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const isGone = ((words[at + STATE] as number) & LINKED) === 0 && words[at + OWNER] === NOBODY;
    if (isGone) this.giveChunks(ref);
    this.locks?.unlock(ALLOCATION);
  }

  /** The list that a new item of this class goes to. */
  listFor(slabClass: number, expiresAt: Millis, now: Millis): number {
    const { segmented, temporaryTicks } = this.settings;
    if (temporaryTicks > 0 && (expiresAt - now) / MS_PER_TICK <= temporaryTicks) {
      return (slabClass << 2) | TEMPORARY;
    }
    return (slabClass << 2) | (segmented ? HOT : COLD);
  }

  /** Counts an item that nobody asked for, as it goes for being expired. */
  countExpired(ref: number, slabClass: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    if (((words[((ref & REGION_MASK) << 1) + STATE] as number) & FETCHED) === 0) {
      this.counters.count(slabClass, EXPIRED_UNFETCHED);
    }
  }

  /** Takes the stripe of a hash if it is free. */
  tryStripe(hash: number): boolean {
    return this.locks === undefined || this.locks.tryLock(hash & (STRIPES - 1));
  }

  leaveStripe(hash: number): void {
    if (this.locks !== undefined) this.locks.unlock(hash & (STRIPES - 1));
  }

  /** An item that is about to go is none any more: whatever happens, it is not found half gone. */
  #retire(ref: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    words[at + OWNER] = this.workerId;
    words[at + STATE] = (words[at + STATE] as number) & ~LINKED;
  }

  #isFlushed(ref: number): boolean {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    return words[((ref & REGION_MASK) << 1) + GENERATION] !== this.#control[FLUSHES];
  }

  /** Everything stored so far was stored before the time of this flush. */
  #flushDue(now: Millis): void {
    this.locks?.lock(ALLOCATION);
    if (now >= (this.#sums[FLUSH_AT] as number)) {
      this.#control[FLUSHES] = ((this.#control[FLUSHES] as number) + 1) | 0;
      this.#sums[FLUSH_AT] = Infinity;
    }
    this.locks?.unlock(ALLOCATION);
  }

  #moveToFront(ref: number, list: number, now: Millis): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const ticks = this.ticksAt(now);
    if ((words[at + USED_AT] as number) + MOVE_TICKS >= ticks) return;
    words[at + USED_AT] = ticks;
    this.locks?.lock(ALLOCATION);
    this.lists.remove(ref);
    this.lists.insert(ref, list);
    this.locks?.unlock(ALLOCATION);
  }

  /** A cold item that is asked for again is warm. It is not worth waiting for: it may get warm at the next use. */
  #warm(ref: number, list: number, now: Millis): void {
    const slabClass = list >> 2;
    if (this.locks !== undefined && !this.locks.tryLock(ALLOCATION)) {
      return this.counters.count(0, BUMPS_DROPPED);
    }
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    words[((ref & REGION_MASK) << 1) + USED_AT] = this.ticksAt(now);
    this.lists.remove(ref);
    this.lists.insert(ref, (slabClass << 2) | WARM);
    this.counters.count(slabClass, MOVES_TO_WARM);
    this.locks?.unlock(ALLOCATION);
  }

  /** One group more, if nobody uses the one that is to be divided. Needs the allocation. */
  #grow(own: number): void {
    const group = this.index.nextSplit;
    const held = (group & (STRIPES - 1)) === (own & (STRIPES - 1));
    if (!held && !this.tryStripe(group)) return;
    this.index.split();
    if (!held) this.leaveStripe(group);
  }
}
