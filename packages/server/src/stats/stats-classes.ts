// stats items, stats slabs: what there is of each slab class, by memcached's names and in its order.

import type { Millis } from "@memwire/engine";
import type { SlabItemStatistics } from "@memwire/store";
import type { Context } from "../context.ts";
import type { StatsValues } from "./stats.ts";

/** `stats items`: of each class that has any. Lists that a segment does not have are left out, as memcached does. */
export function itemStats({ store }: Context, now: Millis): StatsValues {
  const values: Record<string, number> = {};
  for (const { slabClass, items } of store.slabs(now).classes) {
    if (items.number === 0) continue;
    const temporaries = items.numberTemporary > 0 || store.setup.temporaryTtlMs > 0;
    for (const [name, value] of itemValues(items, temporaries)) values[`items:${slabClass}:${name}`] = value;
  }
  return values;
}

function itemValues(items: SlabItemStatistics, temporaries: boolean): readonly (readonly [string, number])[] {
  return [
    ["number", items.number],
    ["number_hot", items.numberHot],
    ["number_warm", items.numberWarm],
    ["number_cold", items.numberCold],
    ...(temporaries ? [["number_temp", items.numberTemporary] as const] : []),
    ["age_hot", items.ageHot],
    ["age_warm", items.ageWarm],
    ["age", items.age],
    ["mem_requested", items.memRequested],
    ["evicted", items.evicted],
    ["evicted_nonzero", items.evictedNonzero],
    ["evicted_time", items.evictedTime],
    ["outofmemory", items.outOfMemory],
    // No item is ever left without its list: there is nothing to repair.
    ["tailrepairs", 0],
    ["reclaimed", items.reclaimed],
    ["expired_unfetched", items.expiredUnfetched],
    ["evicted_unfetched", items.evictedUnfetched],
    ["evicted_active", items.evictedActive],
    ["crawler_reclaimed", items.crawlerReclaimed],
    ["crawler_items_checked", items.crawlerItemsChecked],
    ["lrutail_reflocked", items.lruTailReflocked],
    ["moves_to_cold", items.movesToCold],
    ["moves_to_warm", items.movesToWarm],
    ["moves_within_lru", items.movesWithinLru],
    ["direct_reclaims", items.directReclaims],
    ["hits_to_hot", items.hitsToHot],
    ["hits_to_warm", items.hitsToWarm],
    ["hits_to_cold", items.hitsToCold],
    ["hits_to_temp", items.hitsToTemporary],
  ];
}

/** `stats slabs`: of each class that has a page. */
export function slabStats({ store }: Context, now: Millis): StatsValues {
  const values: Record<string, number> = {};
  const { classes, pageBytes } = store.slabs(now);
  let active = 0;
  for (const one of classes) {
    if (one.pages === 0) continue;
    active++;
    for (const [name, value] of [
      ["chunk_size", one.chunkBytes],
      ["chunks_per_page", one.chunksPerPage],
      ["total_pages", one.pages],
      ["total_chunks", one.chunks],
      ["used_chunks", one.usedChunks],
      ["free_chunks", one.freeChunks],
      // Chunks at the end of a page that were never given out: here these are free ones as all others.
      ["free_chunks_end", 0],
      ["get_hits", one.getHits],
      ["cmd_set", one.sets],
      ["delete_hits", one.deleteHits],
      ["incr_hits", one.incrHits],
      ["decr_hits", one.decrHits],
      ["cas_hits", one.casHits],
      ["cas_badval", one.casBadval],
      ["touch_hits", one.touchHits],
    ] as const) {
      values[`${one.slabClass}:${name}`] = value;
    }
  }
  return { ...values, active_slabs: active, total_malloced: pageBytes };
}
