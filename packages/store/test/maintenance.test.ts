// What a store does when there is time: expired items are found, pages go where they are needed, the index grows.

import { describe, expect, test } from "vitest";
import { encodeUtf8, SlabStore, type StoreOptions } from "../src/mod.ts";
import { hashOf } from "../src/key-hash.ts";
import { expectInOrder, START, valueOf } from "./store-laws.ts";

const set = (store: SlabStore, key: string, length: number, now: number, expiresAt = Infinity): string => {
  const name = encodeUtf8(key);
  const value = encodeUtf8(`${key} `.repeat(Math.ceil(length / (key.length + 1))).slice(0, length));
  return store.set(name, 0, name.length, value, 0, length, 0, expiresAt, now);
};
const get = (store: SlabStore, key: string, now: number): string | undefined => {
  const name = encodeUtf8(key);
  return store.find(name, 0, name.length, now) ? valueOf(store) : undefined;
};
/** Lets time pass as an engine does: `maintain` whenever the store asks for it. */
const pass = (store: SlabStore, from: number, ms: number): number => {
  for (let now = from; now < from + ms; now = Math.min(from + ms, Math.max(now + 1, store.maintenanceAt))) {
    store.maintain(now);
  }
  return from + ms;
};
const small = (options: StoreOptions = {}): SlabStore =>
  new SlabStore({ bytesMax: 262_144, pageBytes: 4_096, chunkBytesMax: 2_048, ...options });

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

describe("pages", () => {
  // A value a page of 64, with a turn of the clock for each.
  const fill = (store: SlabStore, name: string, length: number, count: number, from: number): number => {
    let now = from;
    for (let i = 0; i < count; i++) {
      expect(set(store, `${name}:${i}`, length, now)).toBe("stored");
      store.maintain(now);
      now += 100;
    }
    return now;
  };

  test("go to other sizes when the mix changes: nobody starves", () => {
    const store = small();
    let now = fill(store, "small", 60, 2_500, START);
    const before = store.slabs(now).classes;
    expect(before.map(({ pages }) => pages)).toEqual([64]);
    now = fill(store, "large", 1_500, 1_000, now);
    const large = store.slabs(now).classes.at(-1);
    expect(large?.pages).toBeGreaterThan(50);
    expect(store.counters.slabsMoved).toBeGreaterThan(50);
    expect(store.counters.pageBytes).toBeLessThanOrEqual(store.bytesMax + 4_096);
    // As many as there is room for, the last ones.
    const kept = Array.from({ length: 1_000 }, (_, i) => get(store, `large:${i}`, now) !== undefined);
    expect(kept.filter(Boolean).length).toBeGreaterThan(90);
    expect(kept.lastIndexOf(false)).toBeLessThan(kept.length - 50);
    expectInOrder(store, now);
  });

  test("keep what is in them when there is room for it elsewhere", () => {
    const store = small();
    let now = START;
    for (let i = 0; i < 1_600; i++) set(store, `k:${i}`, 60, now);
    const rest = new Set<string>();
    for (let i = 0; i < 1_600; i++) {
      const key = `k:${i}`;
      const name = encodeUtf8(key);
      if (i % 4 === 0) rest.add(key);
      else store.delete(name, 0, name.length, now);
    }
    now = pass(store, now, 30_000);
    const { classes, sparePages } = store.slabs(now);
    expect(sparePages).toBe(1);
    expect(store.counters).toMatchObject({ currItems: 400, slabReassignEvictions: 0, evictions: 0 });
    expect(store.counters.slabReassignRescues).toBeGreaterThan(0);
    for (const key of rest) expect(get(store, key, now)).toContain(key);
    expect(classes).toHaveLength(1);
    expectInOrder(store, now);
  });

  test("of parts of large values move as well", () => {
    const store = small({ itemBytesMax: 20_000 });
    let now = fill(store, "huge", 9_000, 60, START);
    now = fill(store, "small", 60, 1_000, now);
    expect(store.counters.slabsMoved).toBeGreaterThan(10);
    const kept = Array.from({ length: 60 }, (_, i) => `huge:${i}`).filter((key) => {
      const value = get(store, key, now);
      if (value !== undefined) expect(value).toBe(`${key} `.repeat(1_800).slice(0, 9_000));
      return value !== undefined;
    });
    expect(kept.length).toBeGreaterThan(0);
    expectInOrder(store, now);
  });

  describe.each([1, 4, 16])("of a full store of %i MiB", (mebibytes) => {
    // A small value every 10 ms, whatever else happens.
    const live = (store: SlabStore, from: number, ms: number): number => {
      for (let now = from; now < from + ms; now += 10) {
        set(store, `small:${now}`, 100, now);
        if (now >= store.maintenanceAt) store.maintain(now);
      }
      return from + ms;
    };
    const full = (): SlabStore => {
      const store = new SlabStore({ bytesMax: mebibytes * 1_048_576 });
      for (let i = 0; store.counters.evictions < 100; i++) set(store, `first:${i}`, 100, START);
      return store;
    };

    test("come to the largest value there may be, soon after it was refused", () => {
      const store = full();
      const large = store.itemBytesMax - 100;
      expect(set(store, "large", large, START)).toBe("out-of-memory");
      let now = live(store, START, 2_000);
      expect(set(store, "large", large, now)).toBe("stored");
      // For a while in which it is not stored they are left to it.
      store.delete(encodeUtf8("large"), 0, 5, now);
      now = live(store, now, 20_000);
      expect(set(store, "large", large, now)).toBe("stored");
      expect(set(store, "large", large, now)).toBe("stored");
      expect(get(store, "large", now)).toHaveLength(large);
      if (mebibytes === 1) expectInOrder(store, now);
    });

    test("go back when nobody stores it again", () => {
      const store = full();
      expect(set(store, "large", store.itemBytesMax - 100, START)).toBe("out-of-memory");
      let now = live(store, START, 10_000);
      const smallOnes = (): number =>
        Math.max(...store.slabs(now).classes.map(({ items, pages }) => (items.number > 10 ? pages : 0)));
      const before = smallOnes();
      now = live(store, now, 60_000);
      expect(store.slabs(now).sparePages + smallOnes()).toBeGreaterThan(before);
    });
  });

  test("are not gathered for a value that no pages would do for", () => {
    const store = small({ itemBytesMax: 250_000 });
    let now = fill(store, "small", 60, 2_500, START);
    expect(set(store, "large", 200_000, now)).toBe("out-of-memory");
    now = pass(store, now, 5_000);
    expect(set(store, "large", 200_000, now)).toBe("stored");
    const { length } = encodeUtf8("large");
    const value = new Uint8Array(100_000);
    // It would need room beside the old value, which stays.
    expect(store.append(encodeUtf8("large"), 0, length, value, 0, 40_000, now)).toBe("not-stored");
    const before = store.slabs(now).classes.map(({ pages }) => pages);
    now = pass(store, now, 5_000);
    expect(store.slabs(now).classes.map(({ pages }) => pages)).toEqual(before);
  });

  test("stay where they are if that is wanted", () => {
    const store = small({ automove: false });
    let now = fill(store, "small", 60, 2_500, START);
    now = fill(store, "large", 1_500, 300, now);
    expect(store.slabs(now).classes.map(({ pages }) => pages)).toEqual([64, 1]);
  });
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
