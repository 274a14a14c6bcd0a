// What memcached and the store count, under memcached's names, so that one can be held against the other.

import type { SlabStore } from "@memwire/store";
import type { TextClient } from "../src/mod.ts";

const BATCH = 200;

/** What is compared of a class. memcached tells nothing of items while it has none. */
const CHUNK_COUNTS = [
  ["chunk_size", "chunkBytes"],
  ["chunks_per_page", "chunksPerPage"],
  ["total_pages", "pages"],
  ["total_chunks", "chunks"],
  ["used_chunks", "usedChunks"],
  ["free_chunks", "freeChunks"],
] as const;
const ITEM_COUNTS = [
  ["number", "number"],
  ["mem_requested", "memRequested"],
  ["evicted", "evicted"],
  ["evicted_nonzero", "evictedNonzero"],
  ["evicted_unfetched", "evictedUnfetched"],
  ["outofmemory", "outOfMemory"],
  ["reclaimed", "reclaimed"],
  ["expired_unfetched", "expiredUnfetched"],
] as const;
const TOTALS = [
  ["curr_items", "currItems"],
  ["total_items", "totalItems"],
  ["bytes", "bytes"],
  ["evictions", "evictions"],
  ["evicted_unfetched", "evictedUnfetched"],
  ["reclaimed", "reclaimed"],
  ["expired_unfetched", "expiredUnfetched"],
  ["get_expired", "getExpired"],
  ["store_no_memory", "storeNoMemory"],
  ["store_too_large", "storeTooLarge"],
] as const;

export type Counts = Record<string, number | undefined>;

export async function countsOfPeer(peer: StorePeer): Promise<Counts> {
  const [general, slabs, items] = [
    await peer.stats(),
    await peer.stats(" slabs"),
    await peer.stats(" items"),
  ];
  const counts: Counts = { total_malloced: slabs.get("total_malloced") };
  for (const [name] of TOTALS) counts[name] = general.get(name);
  for (let slabClass = 1; slabClass <= 63; slabClass++) {
    if (!slabs.has(`${slabClass}:chunk_size`)) continue;
    for (const [name] of CHUNK_COUNTS) counts[`${slabClass} ${name}`] = slabs.get(`${slabClass}:${name}`);
    if (!items.has(`items:${slabClass}:number`)) continue;
    for (const [name] of ITEM_COUNTS)
      counts[`${slabClass} ${name}`] = items.get(`items:${slabClass}:${name}`);
  }
  return counts;
}

export function countsOfStore(store: SlabStore, now: number): Counts {
  const slabs = store.slabs(now);
  const counts: Counts = { total_malloced: slabs.pageBytes };
  for (const [name, ours] of TOTALS) counts[name] = store.counters[ours];
  for (const each of slabs.classes) {
    for (const [name, ours] of CHUNK_COUNTS) counts[`${each.slabClass} ${name}`] = each[ours];
    if (each.items.number === 0) continue;
    for (const [name, ours] of ITEM_COUNTS) counts[`${each.slabClass} ${name}`] = each.items[ours];
  }
  return counts;
}

/** A memcached that is asked and counted. */
export class StorePeer {
  readonly #client: TextClient;

  constructor(client: TextClient) {
    this.#client = client;
  }

  /** Pipelined, but nothing behind a `get`: it holds its item until the answer is out, and so changes what can be evicted. */
  async take(commands: readonly string[]): Promise<string[]> {
    const lines: string[] = [];
    for (let start = 0, end = 0; start < commands.length; start = end) {
      while (end < Math.min(start + BATCH, commands.length) && !commands[end++]?.startsWith("mg ")) continue;
      const text = await this.#client.ask(`${commands.slice(start, end).join("")}mn\r\n`, "MN\r\n");
      lines.push(...text.split("\r\n").slice(0, -2));
    }
    return lines;
  }

  async stats(of = ""): Promise<Map<string, number>> {
    const text = await this.#client.ask(`stats${of}\r\n`, "END\r\n");
    return new Map(
      [...text.matchAll(/^STAT (\S+) (\d+)\r$/gm)].map(([, name, value]) => [`${name}`, Number(value)]),
    );
  }
}
