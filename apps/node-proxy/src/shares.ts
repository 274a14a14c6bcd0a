// How a pool's keys fall on its servers, by what its distribution answers for some that look like those of people.

import { createPlacement, type PoolConfig } from "@memwire/config";

/** So many keys: `user:0`, `user:1`, ... A hash that is bad with such shows. */
export const SAMPLE_KEYS = 100_000;

/** The part of each server, from 0 to 1. */
export function sharesOf(pool: PoolConfig): readonly number[] {
  const distribution = createPlacement(pool, pool.servers, Math.random);
  const counts = pool.servers.map(() => 0);
  const encoder = new TextEncoder();
  for (let i = 0; i < SAMPLE_KEYS; i++) {
    const key = encoder.encode(`user:${i}`);
    const owner = distribution.owner(key, 0, key.length);
    counts[owner] = (counts[owner] ?? 0) + 1;
  }
  return counts.map((count) => count / SAMPLE_KEYS);
}
