// Cas uniques rise, whoever gives them out.

import { expect, test } from "vitest";
import { encodeUtf8, SlabStore } from "../src/mod.ts";
import { START } from "./store-laws.ts";

const OPTIONS = { bytesMax: 1_048_576 };
const key = encodeUtf8("k");

function uniqueOfSet(store: SlabStore): bigint {
  expect(store.set(key, 0, 1, key, 0, 1, 0, Infinity, START)).toBe("stored");
  return (BigInt(store.casHigh) << 32n) | BigInt(store.casLow);
}

const kinds: readonly [kind: string, stores: () => readonly SlabStore[]][] = [
  ["a store of one worker", () => [new SlabStore(OPTIONS)]],
  [
    "workers that share a store",
    () => {
      const one = SlabStore.shared(OPTIONS);
      return [one, SlabStore.join(one.share()), SlabStore.join(one.share())];
    },
  ],
];

test.each(kinds)("those of %s are each above the one before", (_kind, make) => {
  const stores = make();
  let before = 0n;
  for (let i = 0; i < 3_000; i++) {
    const unique = uniqueOfSet(stores[i % stores.length] as SlabStore);
    expect(unique).toBeGreaterThan(before);
    before = unique;
  }
});

test.each(kinds)("those of %s go on over the end of their lower half", (_kind, make) => {
  const stores = make();
  const [first] = stores as [SlabStore];
  for (const low of [0xfffe_fff0, 0xffff_fff0]) {
    first.restored(7, low);
    let before = (7n << 32n) | BigInt(low);
    for (let i = 0; i < 100; i++) {
      const unique = uniqueOfSet(stores[i % stores.length] as SlabStore);
      expect(unique).toBeGreaterThan(before);
      before = unique;
    }
    expect((BigInt(first.lastCasHigh) << 32n) | BigInt(first.lastCasLow)).toBeGreaterThanOrEqual(before);
  }
});
