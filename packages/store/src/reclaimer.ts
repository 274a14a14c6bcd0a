// Room for new items: free chunks, then a page, then the items that are worth least. Hot path.
//
// Segmented, a class has four lists. An item starts hot; one that is used twice is active. At the end of its list an
// active item gets another round, as a warm one; any other one gets cold once there are too many, or they are too
// old. Cold items are evicted, oldest first, unless somebody asks for them again, which makes them warm. Temporary
// ones are left to expire.
//
//     stored -> HOT --active--> WARM <--used again-- COLD -> evicted
//                 \---- else -----/-----> COLD
//
// Not segmented, there is one list of cold items, used ones at its front. The rules are memcached's, so that the same
// commands evict the same items.

import {
  ACTIVE,
  CLASS_SHIFT,
  COLD,
  EXPIRES_AT,
  FETCHED,
  HOT,
  REGION_MASK,
  REGION_SHIFT,
  HASH,
  KEY,
  KEY_BYTES_MASK,
  LIST_SHIFT,
  NEWER,
  OWNER,
  SPLIT,
  STATE,
  TEMPORARY,
  USED_AT,
  VALUE_BYTES,
  TICKS_PER_SECOND,
  WARM,
} from "./layout.ts";
import { slabClassOf } from "./slab-classes.ts";
import { LINE_END_BYTES } from "./item-bytes.ts";
import {
  DIRECT_RECLAIMS,
  EVICTED,
  EVICTED_ACTIVE,
  EVICTED_NONZERO,
  EVICTED_TIME,
  EVICTED_UNFETCHED,
  MOVES_TO_COLD,
  MOVES_TO_WARM,
  MOVES_WITHIN,
  OUT_OF_MEMORY,
  RECLAIMED,
  REFLOCKED,
} from "./slab-counters.ts";
import { ALLOCATION, type SlabItems, STRIPES } from "./slab-items.ts";
import type { Millis, StoreListener } from "./store.ts";
import { WantedPages } from "./wanted-pages.ts";

/** As memcached counts a part: a chunk of ours holds as much, being smaller by what ours is. */
const PART_HEADER_BYTES = 48;

// How often a class is asked for room before it is given up, and how many items are looked at each time.
const ROUNDS_MAX = 10;
const LOOKS_MAX = 5;

/** No further item of the list is to be looked at. */
const STOP = 2;

export class Reclaimer {
  listener: StoreListener | undefined = undefined;
  /** The class of the largest chunks, whose lists have the items in parts. */
  readonly lastClass: number;
  readonly wanted: WantedPages;
  readonly #items: SlabItems;
  readonly #words: readonly Int32Array[];
  /** The stripe that is held meanwhile, -1 for none, and the item that must not go, 0 for none. */
  #stripe = -1;
  #kept = 0;

  constructor(items: SlabItems) {
    this.#items = items;
    this.#words = items.memory.words;
    this.wanted = new WantedPages(items.memory, items.settings, items.pages);
    this.lastClass = this.wanted.slabClass;
  }

  /** The class whose lists an item of this size is in. */
  classOf(size: number): number {
    return slabClassOf(this.#items.settings.classes, size);
  }

  /**
   * Finds the chunks of a new item, evicting others if need be. Takes the allocation; the stripe of `hash` is held.
   *
   * @param size By `itemBytes`.
   * @param kept An item that must not go, or 0.
   * @returns the item, with its state set and, if it needs them, its parts; or 0
   */
  allocate(
    size: number,
    keyBytes: number,
    valueBytes: number,
    hash: number,
    kept: number,
    now: Millis,
  ): number {
    const { locks, settings } = this.#items;
    this.#stripe = hash & (STRIPES - 1);
    this.#kept = kept;
    locks?.lock(ALLOCATION);
    const ref =
      size > settings.chunkBytesMax
        ? this.#allocateSplit(size, keyBytes, valueBytes, now)
        : this.#allocateWhole(size, keyBytes, now);
    if (ref === 0) this.#items.counters.count(this.classOf(size), OUT_OF_MEMORY);
    locks?.unlock(ALLOCATION);
    return ref;
  }

  /**
   * Looks at the end of a list, and moves or takes out what has no place there.
   *
   * @param evicts Whether the oldest item that lives goes too.
   * @param bytes All bytes of the class, of which hot and warm items may have a part; 0 for no part at all.
   * @returns how many items went somewhere
   */
  pull(list: number, evicts: boolean, bytes: number, ageMax: number, now: Millis): number {
    const items = this.#items;
    let moved = 0;
    let ref = items.lists.oldest(list);
    for (let looks = 0; looks < LOOKS_MAX && ref !== 0; looks++) {
      const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
      const newer = words[((ref & REGION_MASK) << 1) + NEWER] as number;
      const hash = words[((ref & REGION_MASK) << 1) + HASH] as number;
      const held = (hash & (STRIPES - 1)) === this.#stripe;
      if (ref === this.#kept || !(held || items.tryStripe(hash))) {
        items.counters.count(list >> 2, REFLOCKED);
        ref = newer;
        continue;
      }
      const went = this.#pullOne(ref, list, evicts, bytes, ageMax, now);
      if (!held) items.leaveStripe(hash);
      moved += went & 1;
      if ((went & STOP) !== 0) break;
      ref = newer;
    }
    return moved;
  }

  /** Brings the lists of a class nearer to what they should be. Needs the allocation. @returns how many items moved */
  juggle(slabClass: number, now: Millis): number {
    const { lists, settings } = this.#items;
    const base = slabClass << 2;
    let moved = this.pull(base | TEMPORARY, false, 0, 0, now);
    if (!settings.segmented) return moved + this.#flatten(slabClass, now);
    const bytes = lists.bytes(base | HOT) + lists.bytes(base | WARM) + lists.bytes(base | COLD);
    const age = this.ageOf(base | COLD, now);
    const hotAgeMax = age * settings.hotAgeFactor;
    // Twice, or a class that is full of hot items would stay so: each new one is hot as well.
    for (let i = 0; i < 2; i++) moved += this.pull(base | HOT, false, bytes, hotAgeMax, now);
    moved += this.pull(base | WARM, false, bytes, age * settings.warmAgeFactor, now);
    return moved + this.pull(base | COLD, false, bytes, 0, now);
  }

  /** Who calls `pull` or `juggle` holds no stripe but this one, -1 for none at all, and needs no item kept. */
  holding(stripe: number): void {
    this.#stripe = stripe;
    this.#kept = 0;
  }

  /** Ticks since the oldest item of a list was used. */
  ageOf(list: number, now: Millis): number {
    const ref = this.#items.lists.oldest(list);
    if (ref === 0) return 0;
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    return this.#items.ticksAt(now) - (words[((ref & REGION_MASK) << 1) + USED_AT] as number);
  }

  #allocateWhole(size: number, keyBytes: number, now: Millis): number {
    const slabClass = this.classOf(size);
    const ref = this.#chunk(slabClass, now);
    if (ref !== 0) this.#claim(ref, keyBytes | (slabClass << CLASS_SHIFT));
    return ref;
  }

  #allocateSplit(size: number, keyBytes: number, valueBytes: number, now: Millis): number {
    const { largeValues, settings } = this.#items;
    const headClass = this.classOf(size - valueBytes - LINE_END_BYTES + PART_HEADER_BYTES);
    const ref = this.#chunk(headClass, now);
    if (ref === 0) return 0;
    this.#claim(ref, keyBytes | (headClass << CLASS_SHIFT) | SPLIT);
    largeValues.clear(ref);
    let last = 0;
    for (let left = valueBytes + LINE_END_BYTES; left > 0;) {
      const wanted = Math.min(left + PART_HEADER_BYTES, settings.chunkBytesMax);
      let slabClass = this.classOf(wanted);
      let part = this.#chunk(slabClass, now);
      if (part === 0 && slabClass !== this.lastClass) {
        // A whole large item may go where no small chunk can be had.
        slabClass = this.lastClass;
        part = this.#chunk(slabClass, now);
      }
      if (part === 0) {
        this.#items.giveChunks(ref);
        const partBytes = settings.chunkBytesMax - PART_HEADER_BYTES;
        this.wanted.note(Math.ceil((valueBytes + LINE_END_BYTES) / partBytes), now);
        return 0;
      }
      largeValues.add(ref, last, part, slabClass);
      last = part;
      left -= (settings.classes.sizes[slabClass] as number) - PART_HEADER_BYTES;
    }
    return ref;
  }

  #chunk(slabClass: number, now: Millis): number {
    const { pages, settings, counters } = this.#items;
    const cold = (slabClass << 2) | COLD;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      // Expired items at the end go first, whether there is need or not: as in memcached without segments.
      if (!settings.segmented) this.pull(cold, false, 0, 0, now);
      const ref = pages.take(slabClass);
      if (ref !== 0) {
        if (round > 0) {
          counters.add(slabClass, DIRECT_RECLAIMS, round);
          if (settings.segmented) this.juggle(slabClass, now);
        }
        return ref;
      }
      if (this.pull(cold, true, 0, 0, now) > 0) continue;
      // Items may still be in the lists of a store that was segmented once.
      if (!settings.segmented && this.#flatten(slabClass, now) === 0) break;
      this.#cool(slabClass, round === ROUNDS_MAX - 2, now);
    }
    return this.#closedChunk(slabClass);
  }

  /** Out of a page that is being cleared. Where nothing may go for it, that page is needed here. */
  #closedChunk(slabClass: number): number {
    const { pages, settings } = this.#items;
    if (settings.evictions) return pages.takeVacated(slabClass);
    if (!pages.isClosing(slabClass)) return 0;
    pages.reopen();
    return pages.take(slabClass);
  }

  /** Without segments there are only cold items. */
  #flatten(slabClass: number, now: Millis): number {
    const base = slabClass << 2;
    return this.pull(base | HOT, false, 0, 0, now) + this.pull(base | WARM, false, 0, 0, now);
  }

  /** Finds cold items where there are none; in need without asking whether they are in use. */
  #cool(slabClass: number, inNeed: boolean, now: Millis): void {
    const base = slabClass << 2;
    if (this.pull(base | HOT, inNeed, 0, 0, now) === 0) this.pull(base | WARM, inNeed, 0, 0, now);
  }

  /** @returns 1 if the item went, plus `STOP` if no further one is to be looked at */
  #pullOne(ref: number, list: number, evicts: boolean, bytes: number, ageMax: number, now: Millis): number {
    const items = this.#items;
    const slabClass = list >> 2;
    if (this.reclaim(ref, slabClass, now)) return 1;
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const state = words[at + STATE] as number;
    const active = (state & ACTIVE) !== 0;
    if (evicts) {
      if (!items.settings.evictions) return STOP;
      // Its chunks would not be free. Somebody asked for it just now: it is among the last to go.
      if (items.holds.isHeld(ref)) {
        items.counters.count(slabClass, REFLOCKED);
        this.#move(ref, slabClass, list & 3);
        return 0;
      }
      this.evict(ref, slabClass, now);
      return 1 | STOP;
    }
    switch (list & 3) {
      case HOT:
      case WARM: {
        if (active) {
          words[at + STATE] = state & ~ACTIVE;
          items.counters.count(slabClass, (list & 3) === HOT ? MOVES_TO_WARM : MOVES_WITHIN);
          this.#move(ref, slabClass, WARM);
          // The next warm one gets its turn, so that active ones cannot keep the others warm.
          return (list & 3) === WARM ? 1 : 1 | STOP;
        }
        const { hotPercent, warmPercent } = items.settings;
        const bytesMax = (bytes * ((list & 3) === HOT ? hotPercent : warmPercent)) / 100;
        const age = items.ticksAt(now) - (words[at + USED_AT] as number);
        if (items.lists.bytes(list) <= bytesMax && age <= ageMax) return STOP;
        items.counters.count(slabClass, MOVES_TO_COLD);
        this.#move(ref, slabClass, COLD);
        return 1 | STOP;
      }
      case COLD:
        if (!active || !items.settings.segmented) return STOP;
        words[at + STATE] = state & ~ACTIVE;
        items.counters.count(slabClass, MOVES_TO_WARM);
        this.#move(ref, slabClass, WARM);
        return 1 | STOP;
      default:
        return STOP;
    }
  }

  #move(ref: number, slabClass: number, segment: number): void {
    this.#items.lists.remove(ref);
    this.#items.lists.insert(ref, (slabClass << 2) | segment);
  }

  /** Takes out an item that expired, or was flushed. Needs the allocation and the stripe. @returns whether it is one */
  reclaim(ref: number, slabClass: number, now: Millis): boolean {
    const items = this.#items;
    if (!items.isDead(ref, now)) return false;
    items.counters.count(slabClass, RECLAIMED);
    items.countExpired(ref, slabClass);
    this.#tell("expired", ref);
    items.drop(ref);
    return true;
  }

  /** Takes out an item that lives. Needs the allocation and the stripe. @param slabClass The one in whose lists it is. */
  evict(ref: number, slabClass: number, now: Millis): void {
    const { counters } = this.#items;
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const state = words[at + STATE] as number;
    const floats = this.#items.memory.floats[ref >>> REGION_SHIFT] as Float64Array;
    const seconds = (this.#items.ticksAt(now) - (words[at + USED_AT] as number)) / TICKS_PER_SECOND;
    counters.count(slabClass, EVICTED);
    counters.set(slabClass, EVICTED_TIME, Math.floor(seconds));
    if (floats[(ref & REGION_MASK) + EXPIRES_AT] !== Infinity) counters.count(slabClass, EVICTED_NONZERO);
    if ((state & FETCHED) === 0) counters.count(slabClass, EVICTED_UNFETCHED);
    if ((state & ACTIVE) !== 0) counters.count(slabClass, EVICTED_ACTIVE);
    this.#tell("evicted", ref);
    this.#items.drop(ref);
  }

  #tell(cause: "evicted" | "expired", ref: number): void {
    if (this.listener === undefined) return;
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const start = (at << 2) + KEY;
    const end = start + ((words[at + STATE] as number) & KEY_BYTES_MASK);
    const state = words[at + STATE] as number;
    const usedAt = words[at + USED_AT] as number;
    const floats = this.#items.memory.floats[ref >>> REGION_SHIFT] as Float64Array;
    this.listener.gone(
      cause,
      this.#items.memory.bytes[ref >>> REGION_SHIFT] as Uint8Array,
      start,
      end,
      (state & FETCHED) !== 0,
      floats[(ref & REGION_MASK) + EXPIRES_AT] as Millis,
      this.#items.timeAt(usedAt),
      state >>> (LIST_SHIFT + 2),
      words[at + VALUE_BYTES] as number,
    );
  }

  /** The chunk is in use from now on, by this worker until it is an item. */
  #claim(ref: number, state: number): void {
    const words = this.#words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    words[at + OWNER] = this.#items.workerId;
    words[at + STATE] = state;
  }
}
