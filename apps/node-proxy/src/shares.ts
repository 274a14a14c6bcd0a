// How a pool's keys fall on its servers, by what its distribution answers for some that look like those of people.

import { createPlacement, type PoolConfig } from "@memwire/config";

/** So many keys: `user:0`, `user:1`, ... A hash that is bad with such shows. */
export const SAMPLE_KEYS = 100_000;

/** Keys one after the other in one memory: made once for all pools, as making them takes longer than placing them. */
export interface SampleKeys {
  readonly bytes: Uint8Array;
  /** Where each ends. */
  readonly ends: Uint32Array;
}

export function sampleKeys(): SampleKeys {
  const ends = new Uint32Array(SAMPLE_KEYS);
  let text = "";
  for (let i = 0; i < SAMPLE_KEYS; i++) {
    text += `user:${i}`;
    ends[i] = text.length;
  }
  return { bytes: new TextEncoder().encode(text), ends };
}

/** The part of each server, from 0 to 1. */
export function sharesOf(pool: PoolConfig, { bytes, ends }: SampleKeys): readonly number[] {
  const distribution = createPlacement(pool, pool.servers, Math.random);
  const counts = pool.servers.map(() => 0);
  let start = 0;
  for (const end of ends) {
    const owner = distribution.owner(bytes, start, end);
    counts[owner] = (counts[owner] ?? 0) + 1;
    start = end;
  }
  return counts.map((count) => count / ends.length);
}
