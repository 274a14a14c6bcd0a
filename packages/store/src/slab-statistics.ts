// What `stats slabs` and `stats items` tell, by memcached's names where it has them.

import { COLD, HOT, TEMPORARY, TICKS_PER_SECOND, WARM } from "./layout.ts";
import type { Reclaimer } from "./reclaimer.ts";
import {
  CAS_BADVAL,
  CAS_HITS,
  DECR_HITS,
  DELETE_HITS,
  INCR_HITS,
  SETS,
  TOUCH_HITS,
} from "./class-commands.ts";
import {
  COMMANDS,
  CRAWLER_CHECKED,
  CRAWLER_RECLAIMED,
  DIRECT_RECLAIMS,
  EVICTED,
  EVICTED_ACTIVE,
  EVICTED_NONZERO,
  EVICTED_TIME,
  EVICTED_UNFETCHED,
  EXPIRED_UNFETCHED,
  HITS,
  MOVES_TO_COLD,
  MOVES_TO_WARM,
  MOVES_WITHIN,
  OUT_OF_MEMORY,
  RECLAIMED,
  REFLOCKED,
} from "./slab-counters.ts";
import type { SlabItems } from "./slab-items.ts";
import type { Millis } from "./store.ts";

/** All classes that have a page, and what they share. */
export interface SlabStatistics {
  readonly classes: readonly SlabClassStatistics[];
  /** Bytes of all pages (`total_malloced`). */
  readonly pageBytes: number;
  /** Pages that no class has (`slab_global_page_pool`). */
  readonly sparePages: number;
}

/** One class of chunks, and the items whose size belongs to it. */
export interface SlabClassStatistics {
  /** From 1, by growing chunks. */
  readonly slabClass: number;
  readonly chunkBytes: number;
  readonly chunksPerPage: number;
  readonly pages: number;
  readonly chunks: number;
  readonly usedChunks: number;
  readonly freeChunks: number;
  /** Of what found an item, or made it, and did not touch it. Those below are what `countCommand` was told. */
  readonly getHits: number;
  readonly sets: number;
  readonly deleteHits: number;
  readonly incrHits: number;
  readonly decrHits: number;
  readonly casHits: number;
  readonly casBadval: number;
  readonly touchHits: number;
  readonly items: SlabItemStatistics;
}

/** Items of a class; counters count events since the start or `resetCounters()`. */
export interface SlabItemStatistics {
  readonly number: number;
  readonly numberHot: number;
  readonly numberWarm: number;
  readonly numberCold: number;
  readonly numberTemporary: number;
  /** Seconds since the oldest cold, hot and warm item was used. */
  readonly age: number;
  readonly ageHot: number;
  readonly ageWarm: number;
  /** By `itemBytes`. */
  readonly memRequested: number;
  readonly evicted: number;
  readonly evictedNonzero: number;
  /** Seconds since the item evicted last had been used. */
  readonly evictedTime: number;
  readonly evictedUnfetched: number;
  readonly evictedActive: number;
  readonly outOfMemory: number;
  readonly reclaimed: number;
  readonly expiredUnfetched: number;
  readonly crawlerReclaimed: number;
  readonly crawlerItemsChecked: number;
  readonly lruTailReflocked: number;
  readonly movesToCold: number;
  readonly movesToWarm: number;
  readonly movesWithinLru: number;
  readonly directReclaims: number;
  readonly hitsToHot: number;
  readonly hitsToWarm: number;
  readonly hitsToCold: number;
  readonly hitsToTemporary: number;
}

/** Makes the report; reads what other workers change meanwhile without waiting for them. */
export function slabStatisticsOf(items: SlabItems, reclaimer: Reclaimer, now: Millis): SlabStatistics {
  const { pages, settings } = items;
  const classes: SlabClassStatistics[] = [];
  for (let slabClass = 1; slabClass < settings.classes.sizes.length; slabClass++) {
    const chunkBytes = settings.classes.sizes[slabClass] as number;
    const chunksPerPage = pages.chunksPerPage[slabClass] as number;
    const count = pages.pages(slabClass);
    // Items in parts are in the lists of the last class, which need not have a page of its own.
    const itemsOfClass = itemStatisticsOf(items, reclaimer, slabClass, now);
    if (count === 0 && itemsOfClass.number === 0) continue;
    const freeChunks = pages.freeChunks(slabClass);
    classes.push({
      slabClass,
      chunkBytes,
      chunksPerPage,
      pages: count,
      chunks: count * chunksPerPage,
      usedChunks: count * chunksPerPage - freeChunks,
      freeChunks,
      ...commandsOf(items, slabClass, itemsOfClass),
      items: itemsOfClass,
    });
  }
  return { classes, pageBytes: pages.bytes, sparePages: pages.sparePages };
}

function commandsOf(
  { counters }: SlabItems,
  slabClass: number,
  { hitsToHot, hitsToWarm, hitsToCold, hitsToTemporary }: SlabItemStatistics,
): Pick<
  SlabClassStatistics,
  "getHits" | "sets" | "deleteHits" | "incrHits" | "decrHits" | "casHits" | "casBadval" | "touchHits"
> {
  const sum = (command: number): number => counters.sum(slabClass, COMMANDS + command);
  return {
    getHits: hitsToHot + hitsToWarm + hitsToCold + hitsToTemporary,
    sets: sum(SETS),
    deleteHits: sum(DELETE_HITS),
    incrHits: sum(INCR_HITS),
    decrHits: sum(DECR_HITS),
    casHits: sum(CAS_HITS),
    casBadval: sum(CAS_BADVAL),
    touchHits: sum(TOUCH_HITS),
  };
}

function itemStatisticsOf(
  { lists, counters }: SlabItems,
  reclaimer: Reclaimer,
  slabClass: number,
  now: Millis,
): SlabItemStatistics {
  const list = (segment: number): number => (slabClass << 2) | segment;
  const length = (segment: number): number => lists.length(list(segment));
  const bytes = (segment: number): number => lists.bytes(list(segment));
  const age = (segment: number): number => Math.floor(reclaimer.ageOf(list(segment), now) / TICKS_PER_SECOND);
  const sum = (counter: number): number => counters.sum(slabClass, counter);
  return {
    number: length(HOT) + length(WARM) + length(COLD) + length(TEMPORARY),
    numberHot: length(HOT),
    numberWarm: length(WARM),
    numberCold: length(COLD),
    numberTemporary: length(TEMPORARY),
    age: age(COLD),
    ageHot: age(HOT),
    ageWarm: age(WARM),
    memRequested: bytes(HOT) + bytes(WARM) + bytes(COLD) + bytes(TEMPORARY),
    evicted: sum(EVICTED),
    evictedNonzero: sum(EVICTED_NONZERO),
    evictedTime: counters.most(slabClass, EVICTED_TIME),
    evictedUnfetched: sum(EVICTED_UNFETCHED),
    evictedActive: sum(EVICTED_ACTIVE),
    outOfMemory: sum(OUT_OF_MEMORY),
    reclaimed: sum(RECLAIMED),
    expiredUnfetched: sum(EXPIRED_UNFETCHED),
    crawlerReclaimed: sum(CRAWLER_RECLAIMED),
    crawlerItemsChecked: sum(CRAWLER_CHECKED),
    lruTailReflocked: sum(REFLOCKED),
    movesToCold: sum(MOVES_TO_COLD),
    movesToWarm: sum(MOVES_TO_WARM),
    movesWithinLru: sum(MOVES_WITHIN),
    directReclaims: sum(DIRECT_RECLAIMS),
    hitsToHot: sum(HITS + HOT),
    hitsToWarm: sum(HITS + WARM),
    hitsToCold: sum(HITS + COLD),
    hitsToTemporary: sum(HITS + TEMPORARY),
  };
}
