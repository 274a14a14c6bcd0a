// What a store does when there is time: expired items are found, the index grows.

import { describe, expect, test } from "vitest";
import { encodeUtf8, SlabStore } from "../src/mod.ts";
import { hashOf } from "../src/key-hash.ts";
import { get, pass, set, small } from "./small-store.ts";
import { expectInOrder, START } from "./store-laws.ts";

describe("the crawler", () => {
  test("finds items that expired though nobody asks for them", () => {
    const store = small();
    for (let i = 0; i < 500; i++) set(store, `brief:${i}`, 30, START, START + 5_000);
    for (let i = 0; i < 100; i++) set(store, `lasting:${i}`, 30, START);
    expect(store.counters.currItems).toBe(600);
    pass(store, START, 70_000);
    expect(store.counters).toMatchObject({ currItems: 100, crawlerReclaimed: 500, expiredUnfetched: 500 });
    expectInOrder(store, START + 70_000);
  });

  test("takes to pieces what was flushed, at once", () => {
    const store = small();
    for (let i = 0; i < 500; i++) set(store, `old:${i}`, 30, START);
    store.flush(0, START);
    set(store, "new", 30, START);
    expect(store.counters.currItems).toBe(501);
    pass(store, START, 1_000);
    const { currItems, crawlerReclaimed, reclaimed } = store.counters;
    expect([currItems, crawlerReclaimed + reclaimed]).toEqual([1, 500]);
    expect(get(store, "new", START + 1_000)).toBe("new new new new new new new ne");
  });

  test("sleeps when it is not wanted, and while there is nothing", () => {
    const store = small({ crawler: false });
    expect(store.maintenanceAt).toBe(Infinity);
    set(store, "k", 30, START, START + 1);
    expect(store.maintenanceAt).toBeLessThan(START);
    pass(store, START, 70_000);
    expect(store.counters).toMatchObject({ currItems: 1, crawlerStarts: 0 });
  });
});

test.each([
  ["expired", 2_000],
  ["flushed", 0],
])("a slice takes out few of the items that are %s, of whatever sizes", (_, ttl) => {
  const store = new SlabStore({ bytesMax: 64 * 1_048_576 });
  for (let i = 0; i < 20_000; i++) set(store, `k:${i}`, 20 + (i % 30) * 20, START, START + (ttl || Infinity));
  if (ttl === 0) store.flush(0, START);
  let now = START + ttl;
  for (let before = 20_000; before > 0;) {
    now = Math.max(now, store.maintenanceAt);
    store.maintain(now);
    const { currItems } = store.counters;
    // Those at the ends of lists, and those that the crawler comes across.
    expect(before - currItems).toBeLessThan(1_200);
    before = currItems;
  }
  expect(now - START - ttl).toBeLessThan(70_000);
});

describe("the index", () => {
  test("grows a group at a time, and loses nothing", () => {
    const store = new SlabStore({ bytesMax: 64 * 1_048_576 });
    const name = new Uint8Array(4);
    const view = new DataView(name.buffer);
    let grown = store.counters.hashBytes;
    let steps = 0;
    let longest = 0;
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(0, i);
      store.set(name, 0, 4, name, 0, 4, 0, Infinity, START);
      const { hashBytes } = store.counters;
      longest = Math.max(longest, hashBytes - grown);
      if (hashBytes > grown) steps++;
      grown = hashBytes;
    }
    // A group, and one that it, or the one that the item goes to, overflows into.
    expect(longest).toBeLessThanOrEqual(192);
    expect(steps).toBeGreaterThan(10_000);
    expect(grown / 100_000).toBeLessThan(9);
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(0, i);
      if (!store.find(name, 0, 4, START)) throw new Error(`${i} is lost`);
    }
  });

  test("is right about every key, whatever came and went where groups are full", () => {
    const store = new SlabStore({ bytesMax: 64 * 1_048_576 });
    const name = new Uint8Array(4);
    const view = new DataView(name.buffer);
    const each = (visit: (i: number) => void): void => {
      for (let i = 0; i < 20_000; i++) {
        view.setUint32(0, i);
        visit(i);
      }
    };
    const isIn: boolean[] = [];
    const bytes: number[] = [];
    for (const modulus of [1, 2, 3, 5, 7]) {
      each((i) => {
        const wanted = i % modulus === 0 || i % 4 === 1;
        if (wanted) store.set(name, 0, 4, name, 0, 4, 0, Infinity, START);
        else expect(store.delete(name, 0, 4, START)).toBe(isIn[i]);
        isIn[i] = wanted;
      });
      each((i) => expect(store.find(name, 0, 4, START)).toBe(isIn[i]));
      bytes.push(store.counters.hashBytes);
    }
    // Groups stay; what they overflowed into does not.
    expect(bytes[4]).toBeLessThan(bytes[0] as number);
  });

  test("keeps keys with the same hash apart", () => {
    // Found by search: these have the same 32 bits of MurmurHash3 under seed 0.
    const store = small();
    const colliding = collisions();
    expect(colliding.length).toBeGreaterThan(3);
    for (const [one, other] of colliding) {
      set(store, one, 60, START);
      set(store, other, 60, START);
      expect(get(store, one, START)).toContain(one);
      expect(get(store, other, START)).toContain(other);
      const name = encodeUtf8(one);
      expect(store.delete(name, 0, name.length, START)).toBe(true);
      expect(get(store, other, START)).toContain(other);
    }
  });

  test("serves any number of keys in one group", () => {
    // 40 keys whose hashes end alike: twelve have a place, the others are chained.
    const store = small();
    const keys: string[] = [];
    for (let i = 0; keys.length < 40; i++) if ((hash(`key:${i}`) & 1_023) === 7) keys.push(`key:${i}`);
    for (const key of keys) set(store, key, 60, START);
    for (const key of keys) expect(get(store, key, START)).toContain(key);
    for (const [i, key] of keys.entries()) {
      const name = encodeUtf8(key);
      if (i % 3 === 0) expect(store.delete(name, 0, name.length, START)).toBe(true);
      if (i % 3 === 1) set(store, key, 90, START);
    }
    const found = keys.filter((key) => get(store, key, START) !== undefined);
    expect(found).toEqual(keys.filter((_, i) => i % 3 !== 0));
    expectInOrder(store, START);
  });
});

function hash(key: string): number {
  const bytes = encodeUtf8(key);
  return hashOf(bytes, 0, bytes.length, 0);
}

function collisions(): [string, string][] {
  const seen = new Map<number, string>();
  const pairs: [string, string][] = [];
  for (let i = 0; i < 300_000; i++) {
    const key = `key:${i}`;
    const before = seen.get(hash(key));
    if (before === undefined) seen.set(hash(key), key);
    else pairs.push([before, key]);
  }
  return pairs;
}
