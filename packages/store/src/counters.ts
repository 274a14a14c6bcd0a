// What a store counts, named as memcached's `stats` names it.

import { CRAWLED_LIST, ITEMS, LISTS, MOVED_PAGE } from "./layout.ts";
import {
  BUMPS_DROPPED,
  BUSY,
  CRAWLER_CHECKED,
  CRAWLER_RECLAIMED,
  CRAWLS,
  DIRECT_RECLAIMS,
  EVICTED,
  EVICTED_ACTIVE,
  EVICTED_UNFETCHED,
  EXPIRED_UNFETCHED,
  GET_EXPIRED,
  GET_FLUSHED,
  HOLDS_REFUSED,
  JUGGLES,
  MOVES_TO_COLD,
  MOVES_TO_WARM,
  MOVES_WITHIN,
  NO_MEMORY,
  PAGES_MOVED,
  PART_RESCUES,
  RECLAIMED,
  REFLOCKED,
  RESCUES,
  RESCUES_DROPPED,
  TOO_LARGE,
  TOTAL_ITEMS,
} from "./slab-counters.ts";
import type { SlabItems } from "./slab-items.ts";

/** The first nine say what is there now; the others count events since the start or `resetCounters()`. */
export interface StoreCounters {
  /** Items held, expired and flushed ones that nobody has come across included. */
  readonly currItems: number;
  /** Their bytes by `itemBytes`. */
  readonly bytes: number;
  /** What the pages of all classes count for, of `bytesMax`. */
  readonly pageBytes: number;
  /** Bytes of the index. */
  readonly hashBytes: number;
  /** How many groups the index has, as a power of two. */
  readonly hashPower: number;
  /** Whether expired items are looked for, and a page is on its way to another class: 1 or 0. */
  readonly crawlerRunning: number;
  readonly slabReassignRunning: number;
  /** Values that are held, and their bytes, each rounded up to whole KiB. */
  readonly held: number;
  readonly heldBytes: number;
  /** Items stored, each overwriting included. */
  readonly totalItems: number;
  /** Items that had to go for new ones; of those, never found since they were stored, and found a lot. */
  readonly evictions: number;
  readonly evictedUnfetched: number;
  readonly evictedActive: number;
  /** Expired or flushed items whose room was taken for new ones, or that were looked for; of all those, never found. */
  readonly reclaimed: number;
  readonly crawlerReclaimed: number;
  readonly expiredUnfetched: number;
  /** Items that a command came across by their key, and that had expired, or were flushed. */
  readonly getExpired: number;
  readonly getFlushed: number;
  /** Values refused for their size, and for want of room. */
  readonly storeTooLarge: number;
  readonly storeNoMemory: number;
  /** How often the crawler went through the items, and how many it looked at. */
  readonly crawlerStarts: number;
  readonly crawlerItemsChecked: number;
  /** Moves between hot, warm and cold; how often room was made at the moment it was needed. */
  readonly movesToCold: number;
  readonly movesToWarm: number;
  readonly movesWithinLru: number;
  readonly directReclaims: number;
  /** Items at the end of a list that were in use, and uses that did not warm a cold item, both by other workers. */
  readonly lruTailReflocked: number;
  readonly lruBumpsDropped: number;
  /** How often the lists of all classes were looked after. */
  readonly juggles: number;
  /**
   * Pages that changed classes; items and parts of items that went to another page for it, that had to go, and that
   * another worker was at.
   */
  readonly slabsMoved: number;
  readonly slabReassignRescues: number;
  readonly slabReassignChunkRescues: number;
  readonly slabReassignEvictions: number;
  readonly slabReassignBusyItems: number;
  /** Values that were to be held and could not be, as too many were: they are copied instead. */
  readonly holdsRefused: number;
}

/** Adds up what has been counted. */
export function countersOf({ memory, counters, holds, index, lists, pages }: SlabItems): StoreCounters {
  let bytes = 0;
  for (let list = 0; list < LISTS; list++) bytes += lists.bytes(list);
  return {
    currItems: memory.control[ITEMS] as number,
    bytes,
    pageBytes: pages.bytes,
    hashBytes: index.bytes,
    hashPower: Math.floor(Math.log2(index.groups)),
    crawlerRunning: memory.control[CRAWLED_LIST] === 0 ? 0 : 1,
    slabReassignRunning: memory.control[MOVED_PAGE] === 0 ? 0 : 1,
    held: holds.count,
    heldBytes: holds.bytes,
    totalItems: counters.sum(0, TOTAL_ITEMS),
    evictions: counters.total(EVICTED),
    evictedUnfetched: counters.total(EVICTED_UNFETCHED),
    evictedActive: counters.total(EVICTED_ACTIVE),
    reclaimed: counters.total(RECLAIMED),
    crawlerReclaimed: counters.total(CRAWLER_RECLAIMED),
    expiredUnfetched: counters.total(EXPIRED_UNFETCHED),
    getExpired: counters.sum(0, GET_EXPIRED),
    getFlushed: counters.sum(0, GET_FLUSHED),
    storeTooLarge: counters.sum(0, TOO_LARGE),
    storeNoMemory: counters.sum(0, NO_MEMORY),
    crawlerStarts: counters.sum(0, CRAWLS),
    crawlerItemsChecked: counters.total(CRAWLER_CHECKED),
    movesToCold: counters.total(MOVES_TO_COLD),
    movesToWarm: counters.total(MOVES_TO_WARM),
    movesWithinLru: counters.total(MOVES_WITHIN),
    directReclaims: counters.total(DIRECT_RECLAIMS),
    lruTailReflocked: counters.total(REFLOCKED),
    lruBumpsDropped: counters.sum(0, BUMPS_DROPPED),
    juggles: counters.sum(0, JUGGLES),
    slabsMoved: counters.sum(0, PAGES_MOVED),
    slabReassignRescues: counters.sum(0, RESCUES),
    slabReassignChunkRescues: counters.sum(0, PART_RESCUES),
    slabReassignEvictions: counters.sum(0, RESCUES_DROPPED),
    slabReassignBusyItems: counters.sum(0, BUSY),
    holdsRefused: counters.sum(0, HOLDS_REFUSED),
  };
}
