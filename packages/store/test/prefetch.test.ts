// What a store is told ahead. That it changes no answer is among the laws: store-laws.ts.

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeUtf8, SlabStore } from "../src/mod.ts";
import { GROUPS_MIN, ITEMS_PER_GROUP, KeyIndex } from "../src/key-index.ts";
import { settingsOf } from "../src/settings.ts";
import { SlabMemory } from "../src/slab-memory.ts";

const NOW = 1_800_000_000_000;
const ITEMS = GROUPS_MIN * ITEMS_PER_GROUP;

const indexOf = (hashes: readonly number[]): KeyIndex => {
  const index = new KeyIndex(SlabMemory.reserve(settingsOf({ bytesMax: 4_194_304 }), 1, 0));
  for (const [i, hash] of hashes.entries()) index.insert(hash, i + 1);
  return index;
};

test("guesses the item of nearly every key", () => {
  let word = 1;
  const next = (): number => (word = Math.imul(word, 1_664_525) + 1_013_904_223) ^ (word >>> 15);
  const hashes = Array.from({ length: ITEMS }, next);
  const guessed = new Int32Array(ITEMS);
  indexOf(hashes).guess(Int32Array.from(hashes), guessed, ITEMS);
  // Seven in a hundred are in a group behind the first, and one in fifty has a tag that another one has.
  expect(guessed.filter((ref, i) => ref === i + 1).length).toBeGreaterThan(ITEMS * 0.88);
});

test("guesses an item of the same group and tag, or none", () => {
  const hash = fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    // Of a few groups, with a few tags.
    fc.record({ group: fc.nat(3), tag: fc.nat(3) }).map(({ group, tag }) => (tag << 12) | group),
  );
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 100 }), fc.array(hash, { maxLength: 32 }), (hashes, asked) => {
      const guessed = new Int32Array(asked.length);
      indexOf(hashes).guess(Int32Array.from(asked), guessed, asked.length);
      for (const [i, ref] of guessed.entries()) {
        if (ref === 0) continue;
        const differs = (hashes[ref - 1] as number) ^ (asked[i] as number);
        expect(differs & (GROUPS_MIN - 1)).toBe(0);
        expect((differs >>> 10) & 0xff).toBe(0);
      }
    }),
  );
});

test("notes 32 keys, and forgets them when they are fetched", () => {
  const { prefetch } = new SlabStore();
  const key = encodeUtf8("key");
  for (let noted = 0; noted < 40; noted++) {
    expect(prefetch.room).toBe(Math.max(32 - noted, 0));
    prefetch.note(key, 0, key.length);
  }
  prefetch.fetch();
  expect(prefetch.room).toBe(32);
});

test("is worth its while from so many bytes of pages on", () => {
  const store = new SlabStore({ bytesMax: 65_536, prefetchBytesLeast: 8_192 });
  const put = (name: string, valueBytes: number): void => {
    const key = encodeUtf8(name);
    store.set(key, 0, key.length, new Uint8Array(valueBytes), 0, valueBytes, 0, Infinity, NOW);
  };
  expect(store.prefetch.isWorthwhile).toBe(false);
  put("a", 100);
  expect([store.counters.pageBytes, store.prefetch.isWorthwhile]).toEqual([4_096, false]);
  put("b", 1_000);
  expect([store.counters.pageBytes, store.prefetch.isWorthwhile]).toEqual([8_192, true]);
  expect(new SlabStore({ prefetchBytesLeast: 0 }).prefetch.isWorthwhile).toBe(true);
  expect(() => new SlabStore({ prefetchBytesLeast: -1 })).toThrow(
    "prefetchBytesLeast must be a whole number from 0 to 9007199254740991, got -1",
  );
});
