import { describe, expect, test } from "vitest";
import {
  decodeUtf8,
  encodeUtf8,
  itemBytes,
  type SlabClassStatistics,
  SlabStore,
  type Stored,
  type StoreOptions,
  Terms,
} from "../src/mod.ts";
import { START, storeLaws, valueOf } from "./store-laws.ts";

storeLaws("SlabStore", (options) => new SlabStore(options));

const set = (
  store: SlabStore,
  key: string,
  value: string,
  { flags = 0, expiresAt = Infinity, now = START } = {},
): Stored => {
  const [name, bytes] = [encodeUtf8(key), encodeUtf8(value)];
  return store.set(name, 0, name.length, bytes, 0, bytes.length, flags, expiresAt, now);
};
const has = (store: SlabStore, key: string, now = START): boolean => {
  const name = encodeUtf8(key);
  return store.find(name, 0, name.length, now);
};

describe("item size", () => {
  test("is memcached's: a key of 3 leaves 1,048,514 bytes without flags, 4 less with", () => {
    const store = new SlabStore();
    expect(set(store, "key", "v".repeat(1_048_514))).toBe("stored");
    expect(set(store, "key", "v".repeat(1_048_515))).toBe("too-large");
    expect(set(store, "key", "v".repeat(1_048_510), { flags: 1 })).toBe("stored");
    expect(set(store, "key", "v".repeat(1_048_511), { flags: 1 })).toBe("too-large");
    expect(store.counters.storeTooLarge).toBe(2);
  });

  test("a set that is too large takes the old value with it", () => {
    const store = new SlabStore({ itemBytesMax: 100 });
    set(store, "key", "old");
    expect(set(store, "key", "v".repeat(100))).toBe("too-large");
    expect(has(store, "key")).toBe(false);
    expect(store.counters.bytes).toBe(0);
  });
});

// A page of four chunks of the largest class, in one strict list: four items of this size.
const FOUR = {
  bytesMax: 4_096,
  pageBytes: 4_096,
  chunkBytesMax: 1_024,
  segmented: false,
  automove: false,
} as const;
const BIG = "v".repeat(900);
const four = (options: StoreOptions = {}): SlabStore => {
  const store = new SlabStore({ ...FOUR, ...options });
  for (const key of "abcd") set(store, key, BIG);
  return store;
};
const kept = (store: SlabStore, now = START): string =>
  Array.from("abcdefgh")
    .filter((key) => store.inspect(encodeUtf8(key), 0, 1, now))
    .join("");

describe("eviction from one list", () => {
  test("takes the item stored longest ago, and counts it", () => {
    const store = four();
    expect(set(store, "e", BIG)).toBe("stored");
    expect(kept(store)).toBe("bcde");
    expect(store.counters).toMatchObject({ evictions: 1, evictedUnfetched: 1, reclaimed: 0, currItems: 4 });
  });

  test("a use counts if it is more than a minute after the last", () => {
    const store = four();
    has(store, "a", START + 60_000);
    set(store, "e", BIG, { now: START + 60_000 });
    expect(kept(store)).toBe("bcde");
    has(store, "b", START + 60_200);
    set(store, "f", BIG, { now: START + 60_300 });
    expect(kept(store)).toBe("bdef");
  });

  test("takes an expired item at the end of the list as reclaimed, not as evicted", () => {
    const store = new SlabStore(FOUR);
    for (const key of "abcd") set(store, key, BIG, key === "a" ? { expiresAt: START + 1_000 } : {});
    set(store, "e", BIG, { now: START + 1_000 });
    expect(store.counters).toMatchObject({ evictions: 0, reclaimed: 1, expiredUnfetched: 1 });
    expect(kept(store, START + 1_000)).toBe("bcde");
  });

  test("of an item that was fetched is not counted as unfetched", () => {
    const store = four();
    has(store, "a");
    set(store, "e", BIG);
    expect(store.counters).toMatchObject({ evictions: 1, evictedUnfetched: 0 });
  });

  test("of another value for the same key is none of memcached's business: it makes room first", () => {
    const store = four();
    set(store, "d", BIG);
    expect(kept(store)).toBe("bcd");
    set(store, "e", BIG);
    expect(kept(store)).toBe("bcde");
    expect(store.counters.evictions).toBe(1);
  });

  test("never takes the item that is appended to", () => {
    const store = four();
    const a = encodeUtf8("a");
    expect(store.append(a, 0, 1, a, 0, 1, START)).toBe("stored");
    expect(kept(store)).toBe("acd");
    expect(has(store, "a")).toBe(true);
    expect(valueOf(store)).toBe(`${BIG}a`);
  });

  test("tells who listens what went", () => {
    const store = four();
    const told: string[] = [];
    store.listener = {
      gone: (cause, bytes, start, end) => told.push(`${cause} ${decodeUtf8(bytes, start, end)}`),
    };
    set(store, "e", BIG);
    set(store, "b", BIG, { expiresAt: START + 1 });
    for (const key of "fgh") set(store, key, BIG, { now: START + 1 });
    set(store, "i", BIG, { now: START + 1 });
    expect(told).toEqual(["evicted a", "evicted b", "evicted c", "evicted d", "evicted e", "expired b"]);
  });
});

describe("eviction from segments", () => {
  const store = (): SlabStore =>
    new SlabStore({ bytesMax: 65_536, pageBytes: 4_096, chunkBytesMax: 1_024, automove: false });

  test("spares what is asked for again and again while many others come once", () => {
    const cache = store();
    for (let i = 0; i < 10; i++) set(cache, `hot${i}`, BIG);
    for (let i = 0; i < 1_000; i++) {
      const now = START + i * 1_000;
      set(cache, `once${i}`, BIG, { now });
      has(cache, `hot${i % 10}`, now);
      cache.maintain(now);
    }
    const alive = Array.from({ length: 10 }, (_, i) => has(cache, `hot${i}`, START + 1_000_000));
    expect(alive).toEqual(alive.map(() => true));
    expect(cache.counters.evictions).toBeGreaterThan(900);
    const { items } = cache.slabs(START).classes.at(-1) as SlabClassStatistics;
    expect(items.numberWarm).toBe(10);
    expect(items.numberHot + items.numberWarm + items.numberCold).toBe(items.number);
  });

  test("leaves temporary items to expire", () => {
    const cache = new SlabStore({
      bytesMax: 65_536,
      pageBytes: 4_096,
      chunkBytesMax: 1_024,
      temporaryTtlMs: 60_000,
    });
    for (let i = 0; i < 10; i++) set(cache, `brief${i}`, BIG, { expiresAt: START + 60_000 });
    for (let i = 0; i < 500; i++) set(cache, `once${i}`, BIG);
    const alive = Array.from({ length: 10 }, (_, i) => has(cache, `brief${i}`, START + 59_999));
    expect(alive).toEqual(alive.map(() => true));
  });
});

test("an item that was written over is fetched once somebody asks for it", () => {
  const store = new SlabStore();
  for (let stored = 0; stored < 2; stored++) {
    set(store, "key", "value");
    expect([has(store, "key"), store.fetched]).toEqual([true, false]);
    expect([has(store, "key"), store.fetched]).toEqual([true, true]);
  }
});

test.each([
  [0, 9],
  [5, 4],
  [-1, 3],
  [0, NaN],
])("nothing is stored from %d to %d of an array of 8 bytes", (start, end) => {
  const store = new SlabStore();
  const value = new Uint8Array(8).fill(97);
  const told = `a value must lie in its array of 8 bytes, got ${start} to ${end}`;
  const terms = new Terms();
  const calls = [
    () => store.set(value, 0, 1, value, start, end, 0, Infinity, START),
    () => store.add(value, 0, 1, value, start, end, 0, Infinity, START),
    () => store.replace(value, 0, 1, value, start, end, 0, Infinity, START),
    () => store.append(value, 0, 1, value, start, end, START),
    () => store.cas(value, 0, 1, value, start, end, 0, Infinity, 0, 1, START),
    () => store.storeOn(terms, value, 0, 1, value, start, end, 0, Infinity, START),
  ];
  for (const call of calls) expect(call).toThrow(told);
  if (end - start === 9) {
    const beyond = "a key must lie in its array of 8 bytes, got 0 to 9";
    expect(() => store.set(value, start, end, value, 0, 1, 0, Infinity, START)).toThrow(beyond);
  }
  expect(store.counters.currItems).toBe(0);
});

test("what is made on terms keeps the bounds of keys and items", () => {
  const store = new SlabStore({ itemBytesMax: 70 });
  const terms = Object.assign(new Terms(), { vivifies: true });
  const key = new Uint8Array(300).fill(97);
  for (const length of [0, 251]) {
    const told = `a key must have 1 to 250 bytes, got ${length}`;
    expect(() => store.findOn(terms, key, 0, length, START)).toThrow(told);
    expect(() => store.countOn(terms, key, 0, length, 0, 1, true, START)).toThrow(told);
  }
  expect(store.findOn(terms, key, 0, 12, START)).toBe("not-found");
  expect(store.countOn(terms, key, 0, 11, 0, 1, true, START)).toBe("out-of-memory");
  expect(store.findOn(terms, key, 0, 11, START)).toBe("created");
  expect(store.countOn(terms, key, 0, 10, 0, 1, true, START)).toBe("created");
});

describe("without evictions", () => {
  const full = (): SlabStore => four({ evictions: false });

  test("refuses what has no room and keeps what is there", () => {
    const store = full();
    expect(set(store, "e", BIG)).toBe("out-of-memory");
    expect(kept(store)).toBe("abcd");
    expect(store.counters).toMatchObject({ storeNoMemory: 1, evictions: 0 });
  });

  test("a set refused for want of room takes the old value with it, a replace does not", () => {
    const store = full();
    const [a, value] = [encodeUtf8("a"), encodeUtf8(BIG)];
    expect(store.replace(a, 0, 1, value, 0, 900, 0, Infinity, START)).toBe("out-of-memory");
    expect(kept(store)).toBe("abcd");
    expect(set(store, "a", BIG)).toBe("out-of-memory");
    expect(kept(store)).toBe("bcd");
  });

  test("an append without room is not stored, as memcached has it", () => {
    const store = full();
    const a = encodeUtf8("a");
    expect(store.append(a, 0, 1, a, 0, 1, START)).toBe("not-stored");
    expect(kept(store)).toBe("abcd");
  });

  test("a number that grows without room is out of memory, and stays", () => {
    const store = new SlabStore({ itemBytesMax: itemBytes(1, 1, 0) });
    set(store, "n", "9");
    const n = encodeUtf8("n");
    expect(store.incr(n, 0, 1, 0, 1, START)).toBe("out-of-memory");
    expect(has(store, "n")).toBe(true);
    expect(valueOf(store)).toBe("9");
  });

  test("takes the room of an item that expired", () => {
    const store = new SlabStore({ ...FOUR, evictions: false });
    for (const key of "abcd") set(store, key, BIG, key === "a" ? { expiresAt: START + 1 } : {});
    expect(set(store, "e", BIG, { now: START + 1 })).toBe("stored");
    expect(store.counters).toMatchObject({ reclaimed: 1, evictions: 0 });
  });
});

describe("time", () => {
  test("an item is there until the millisecond it expires, and is then counted once", () => {
    const store = new SlabStore();
    set(store, "k", "v", { expiresAt: START + 2_000 });
    expect(has(store, "k", START + 1_999)).toBe(true);
    expect(has(store, "k", START + 2_000)).toBe(false);
    expect(has(store, "k", START + 2_000)).toBe(false);
    expect(store.counters).toMatchObject({ getExpired: 1, currItems: 0 });
  });

  test("whatever command comes across an expired item counts it", () => {
    const store = new SlabStore();
    const k = encodeUtf8("k");
    for (const come of [
      () => store.delete(k, 0, 1, START + 1),
      () => set(store, "k", "v".repeat(1_000), { now: START + 1 }),
      () => store.incr(k, 0, 1, 0, 1, START + 1),
      () => store.inspect(k, 0, 1, START + 1),
    ]) {
      store.resetCounters();
      set(store, "k", "v", { expiresAt: START + 1 });
      come();
      expect(store.counters).toMatchObject({ getExpired: 1, reclaimed: 0 });
      store.delete(k, 0, 1, START + 1);
    }
  });

  test("a flush takes nothing that was stored after it, even in the same millisecond", () => {
    const store = new SlabStore();
    set(store, "old", "v");
    store.flush(0, START);
    set(store, "new", "v");
    expect([has(store, "old"), has(store, "new")]).toEqual([false, true]);
    expect(store.counters).toMatchObject({ getFlushed: 1, currItems: 1 });
  });

  test("a delayed flush takes what was stored before its time, before or after the command", () => {
    const store = new SlabStore();
    set(store, "a", "v");
    store.flush(START + 2_000, START);
    set(store, "b", "v", { now: START + 1_000 });
    expect([has(store, "a", START + 1_999), has(store, "b", START + 1_999)]).toEqual([true, true]);
    set(store, "c", "v", { now: START + 2_000 });
    expect(["a", "b", "c"].map((key) => has(store, key, START + 2_000))).toEqual([false, false, true]);
  });

  test("a flush at once does not bring back what an earlier one took, nor does a later delayed one", () => {
    const store = new SlabStore();
    set(store, "a", "v");
    store.flush(0, START);
    store.flush(START + 10_000, START);
    expect(has(store, "a")).toBe(false);
  });
});

test("resetting the counters leaves what is there now", () => {
  const store = new SlabStore();
  set(store, "a", "v");
  const { bytes } = store.counters;
  store.resetCounters();
  expect(store.counters).toMatchObject({ currItems: 1, bytes, totalItems: 0 });
});

test.each([8, 32])(
  "a store that may grow to %s GiB is made on every runtime, whatever its largest buffer is",
  (gib) => {
    const store = new SlabStore({ bytesMax: 1_048_576, bytesMost: gib * 1_073_741_824 });
    expect(set(store, "a", "x")).toBe("stored");
    expect(has(store, "a")).toBe(true);
  },
);

test("all memory that may be large comes from `reserve`, for `bytesMax` at once", () => {
  const reserved: number[] = [];
  const reserve = (bytes: number): ArrayBuffer => {
    reserved.push(bytes);
    return new ArrayBuffer(bytes);
  };
  const store = new SlabStore({ bytesMax: 134_217_728, bytesMost: 268_435_456, reserve });
  const total = (): number => reserved.reduce((sum, bytes) => sum + bytes, 0);
  const fill = (): void => {
    for (let i = 0; i < 200; i++) expect(set(store, `k${i}`, "v".repeat(1_000_000))).toBe("stored");
  };
  const atFirst = total();
  expect(atFirst).toBeGreaterThanOrEqual(134_217_728);
  fill();
  expect(store.counters.evictions).toBeGreaterThan(0);
  expect(total()).toBe(atFirst);
  store.tune({ bytesMax: 268_435_456 });
  fill();
  expect(total() - atFirst).toBeGreaterThanOrEqual(67_108_864);
});

test("finds every item while the index doubles and doubles again", () => {
  const store = new SlabStore({ bytesMax: 33_554_432 });
  const keys = Array.from({ length: 50_000 }, (_, i) => `key:${i}`);
  const isThere = (key: string): boolean => has(store, key) && valueOf(store) === key;
  const atFirst = store.counters.hashBytes;
  const lost: string[] = [];
  for (const [i, key] of keys.entries()) {
    set(store, key, key);
    const earlier = keys[(i * 7) % (i + 1)] as string;
    if (!isThere(earlier)) lost.push(earlier);
  }
  expect(lost).toEqual([]);
  expect(keys.filter((key) => !isThere(key))).toEqual([]);
  expect(store.counters.hashBytes).toBeGreaterThan(4 * atFirst);
});
