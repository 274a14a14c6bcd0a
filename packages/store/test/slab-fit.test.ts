// Items that just fit their chunks, beside others: nobody writes into a neighbour.

import { expect, test } from "vitest";
import { type SlabStatistics, SlabStore } from "../src/mod.ts";
import { START } from "./store-laws.ts";

const PAGE_BYTES = 4_096;

/** Stores three items of one size, and again, so that chunks are taken, given back and taken by others. */
function fill(store: SlabStore, valueBytes: number, flags: number): void {
  const value = new Uint8Array(valueBytes).fill(0xff);
  for (const key of [1, 2, 3, 2, 1, 3, 3]) {
    store.set(Uint8Array.of(key), 0, 1, value, 0, valueBytes, flags, Infinity, START);
  }
  for (const key of [1, 2, 3]) {
    expect(store.find(Uint8Array.of(key), 0, 1, START)).toBe(true);
    expect(store.valueLength).toBe(valueBytes);
    expect(store.flags).toBe(flags);
    expect(store.valueBytes.subarray(store.valueStart, store.valueEnd).every((byte) => byte === 0xff)).toBe(
      true,
    );
  }
}

test.each([
  [true, 0, 59],
  [true, 7, 63],
  [false, 0, 51],
  [false, 7, 55],
])("an item stays within its chunk, cas uniques %s, flags %i", (casUniques, flags, headerBytes) => {
  for (let valueBytes = 0; valueBytes < 200; valueBytes++) {
    const store = new SlabStore({
      bytesMax: PAGE_BYTES * 4,
      pageBytes: PAGE_BYTES,
      casUniques,
      segmented: false,
    });
    fill(store, valueBytes, flags);
    const { classes }: SlabStatistics = store.slabs(START);
    expect(classes.map(({ pages, usedChunks }) => [pages, usedChunks])).toEqual([[1, 3]]);
    expect(store.counters.bytes).toBe(3 * (headerBytes + 1 + valueBytes));
  }
});

test.each([true, false])("one that grows over its old value does too, cas uniques %s", (casUniques) => {
  for (let valueBytes = 10; valueBytes < 200; valueBytes++) {
    const store = new SlabStore({ bytesMax: PAGE_BYTES * 4, pageBytes: PAGE_BYTES, casUniques });
    fill(store, valueBytes - 5, 0);
    fill(store, valueBytes, 0);
    expect(store.find(Uint8Array.of(1), 0, 1, START)).toBe(true);
    const own = store.slabs(START).classes.find(({ slabClass }) => slabClass === store.slabClass);
    // 48 bytes before the key, and 8 less than the class says with cas uniques: layout.ts, slab-pages.ts.
    expect(own?.chunkBytes).toBeGreaterThanOrEqual(48 + 1 + valueBytes + (casUniques ? 8 : 0));
  }
});
