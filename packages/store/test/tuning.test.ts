// What can be changed of a store while it is in use, and what an operator can make it do.

import { describe, expect, test } from "vitest";
import { encodeUtf8, SlabStore, type StoreOptions } from "../src/mod.ts";
import { expectInOrder, START, valueOf } from "./store-laws.ts";

const PAGE = 4_096;

const small = (options: StoreOptions = {}): SlabStore =>
  new SlabStore({ bytesMax: 262_144, pageBytes: PAGE, chunkBytesMax: 2_048, ...options });
const set = (store: SlabStore, key: string, length: number, now = START, expiresAt = Infinity): string => {
  const name = encodeUtf8(key);
  return store.set(name, 0, name.length, new Uint8Array(length).fill(118), 0, length, 0, expiresAt, now);
};
const get = (store: SlabStore, key: string, now: number): string | undefined => {
  const name = encodeUtf8(key);
  return store.find(name, 0, name.length, now) ? valueOf(store) : undefined;
};
const fill = (store: SlabStore, count: number, length = 200): void => {
  for (let i = 0; i < count; i++) set(store, `k${i}`, length);
};
const pass = (store: SlabStore, from: number, ms: number): number => {
  for (let now = from; now < from + ms; now = Math.min(from + ms, Math.max(now + 1, store.maintenanceAt))) {
    store.maintain(now);
  }
  return from + ms;
};

describe("bytesMax", () => {
  test("can be raised, as far as it was said when the store was made", () => {
    const store = small({ bytesMost: 1_048_576 });
    fill(store, 3_000);
    const before = store.counters;
    expect(before.evictions).toBeGreaterThan(1_000);
    store.tune({ bytesMax: 1_048_576 });
    fill(store, 3_000);
    expect(store.bytesMax).toBe(1_048_576);
    expect(store.counters.evictions).toBe(before.evictions);
    expect(store.counters.currItems).toBe(3_000);
    expectInOrder(store, START);
  });

  test("is not raised further", () => {
    expect(() => small().tune({ bytesMax: 262_145 })).toThrow(
      "bytesMax must be a whole number from 4096 to 262144, got 262145",
    );
  });

  test("can be lowered: pages are given up until what is left keeps it", () => {
    const store = small();
    fill(store, 1_000);
    store.tune({ bytesMax: 65_536 });
    const now = pass(store, START, 60_000);
    const { pageBytes, sparePages } = store.slabs(now);
    expect(pageBytes - sparePages * PAGE).toBeLessThanOrEqual(65_536);
    fill(store, 1_000);
    const { currItems } = store.counters;
    expect(currItems).toBeLessThan(300);
    expectInOrder(store, now);
    // And what was given up can be had again.
    store.tune({ bytesMax: 262_144 });
    fill(store, 1_000);
    expect(store.counters.currItems).toBeGreaterThan(currItems * 3);
  });
});

describe("segments", () => {
  test("can be given up: what is in them makes room like all others", () => {
    const store = small();
    fill(store, 500);
    for (let i = 0; i < 500; i++) get(store, `k${i}`, START);
    pass(store, START, 1_000);
    store.tune({ segmented: false });
    expect(store.setup.segmented).toBe(false);
    for (let i = 0; i < 3_000; i++) expect(set(store, `new${i}`, 200)).toBe("stored");
    const now = pass(store, START, 5_000);
    for (const { items } of store.slabs(now).classes) {
      expect([items.numberHot, items.numberWarm]).toEqual([0, 0]);
    }
    expectInOrder(store, now);
    store.tune({ segmented: true });
    set(store, "hot", 200, now);
    expect(store.slabs(now).classes.some(({ items }) => items.numberHot === 1)).toBe(true);
  });

  test("of other sizes are kept from then on", () => {
    const store = small();
    fill(store, 1_000);
    store.tune({ hotPercent: 70, warmPercent: 5 });
    fill(store, 1_000);
    const [{ items } = expect.fail()] = store.slabs(START).classes;
    expect(items.numberHot / items.number).toBeGreaterThan(0.6);
  });

  test("of nonsense are refused, and nothing changes", () => {
    const store = small();
    expect(() => store.tune({ hotPercent: 60, warmPercent: 60 })).toThrow(RangeError);
    expect(() => store.tune({ hotAgeFactor: 0 })).toThrow("hotAgeFactor must be above 0, got 0");
    expect(() => store.tune({ automoveLevel: 3 })).toThrow(RangeError);
    expect(store.setup).toMatchObject({
      hotPercent: 20,
      warmPercent: 40,
      hotAgeFactor: 0.2,
      automoveLevel: 1,
    });
  });
});

test("items that expire soon are spared from the moment on that this is asked for", () => {
  const store = small();
  store.tune({ temporaryTtlMs: 60_000 });
  set(store, "brief", 200, START, START + 30_000);
  fill(store, 3_000);
  expect(get(store, "brief", START)).toBeDefined();
  // One that is written over changes lists, though it fits into its chunk.
  set(store, "brief", 200);
  fill(store, 3_000);
  expect(get(store, "brief", START)).toBeUndefined();
});

describe("a page", () => {
  test("goes to the class it is sent to", () => {
    const store = small();
    fill(store, 300);
    set(store, "other", 20);
    const [few, many] = store.slabs(START).classes;
    if (few === undefined || many === undefined) throw new Error("two classes have items");
    expect(store.movePage(many.slabClass, few.slabClass, START)).toBe("started");
    expect(store.movePage(many.slabClass, few.slabClass, START)).toBe("busy");
    expect(store.counters.slabReassignRunning).toBe(1);
    const now = pass(store, START, 5_000);
    const [gained, lost] = store.slabs(now).classes;
    expect([gained?.pages, lost?.pages]).toEqual([few.pages + 1, many.pages - 1]);
    expect(store.counters).toMatchObject({ slabsMoved: 1, slabReassignRunning: 0 });
    expectInOrder(store, now);
  });

  test("is not taken from where there is none to spare", () => {
    const store = small();
    set(store, "one", 20);
    const [{ slabClass } = expect.fail()] = store.slabs(START).classes;
    expect(store.movePage(slabClass, slabClass + 1, START)).toBe("no-spare");
    expect(store.movePage(0, slabClass, START)).toBe("no-spare");
    expect(store.movePage(slabClass, slabClass, START)).toBe("same-class");
    expect(store.movePage(slabClass, 60, START)).toBe("bad-class");
    expect(store.movePage(-2, slabClass, START)).toBe("bad-class");
    expect(store.movePage(-1, slabClass, START)).toBe("bad-class");
  });

  test("that no class has goes to one at once, unless bytesMax was lowered for it to be given up", () => {
    const store = small();
    fill(store, 1_000);
    store.tune({ bytesMax: 65_536 });
    const now = pass(store, START, 60_000);
    const [{ slabClass, pages } = expect.fail()] = store.slabs(now).classes;
    const { sparePages } = store.slabs(now);
    expect(sparePages).toBeGreaterThan(10);
    expect(store.movePage(0, slabClass, now)).toBe("no-spare");
    expect(store.slabs(now)).toMatchObject({ sparePages, classes: [{ pages }] });
    store.tune({ bytesMax: 262_144 });
    expect(store.movePage(0, slabClass, now)).toBe("started");
    expect(store.slabs(now)).toMatchObject({ sparePages: sparePages - 1, classes: [{ pages: pages + 1 }] });
  });

  test("moves by itself no more at automove level 0, but as it is told to", () => {
    const store = small();
    fill(store, 1_000);
    for (let i = 0; i < 1_000; i++) {
      const name = encodeUtf8(`k${i}`);
      store.delete(name, 0, name.length, START);
    }
    set(store, "one", 20);
    store.tune({ automoveLevel: 0 });
    let now = pass(store, START, 10_000);
    expect(store.counters.slabsMoved).toBe(0);
    expect(store.movePage(-1, 0, now)).toBe("started");
    now = pass(store, now, 1_000);
    expect(store.slabs(now).sparePages).toBe(1);
  });
});

test("the crawler sets out when it is told to, unless it is switched off", () => {
  const store = small();
  const now = pass(store, START, 1_000);
  for (let i = 0; i < 100; i++) set(store, `k${i}`, 20, now, now + 5_000);
  pass(store, now, 10_000);
  const before = store.counters.crawlerReclaimed;
  store.crawl(now + 10_000);
  pass(store, now + 10_000, 100);
  expect(store.counters.crawlerReclaimed - before + store.counters.reclaimed).toBe(100);

  const other = small();
  other.tune({ crawler: false });
  set(other, "k", 20, START, START + 1);
  other.crawl(START + 10);
  pass(other, START + 10, 1_000);
  expect(other.counters.crawlerStarts).toBe(0);
});

describe("workers of one store", () => {
  const shared = (): [SlabStore, SlabStore] => {
    const first = SlabStore.shared({
      bytesMax: 262_144,
      pageBytes: PAGE,
      chunkBytesMax: 2_048,
      bytesMost: 524_288,
    });
    return [first, SlabStore.join(first.share())];
  };

  test("hold to what one of them changes, and so do those who join later", () => {
    const [first, second] = shared();
    first.tune({ bytesMax: 524_288, segmented: false, crawler: false });
    second.maintain(START);
    expect(second.setup).toEqual(first.setup);
    expect(SlabStore.join(first.share()).setup).toEqual(first.setup);
  });

  test("hear of it when they are asked, though an empty store needs no maintenance", () => {
    const [first, second] = shared();
    first.tune({ bytesMax: 524_288, crawler: false });
    expect(second.maintenanceAt).toBe(Infinity);
    expect(second.bytesMax).toBe(524_288);
    first.tune({ hotPercent: 30 });
    expect(second.setup).toMatchObject({ bytesMax: 524_288, crawler: false, hotPercent: 30 });
  });

  test("change different things, and all of it stays", () => {
    const [first, second] = shared();
    first.tune({ bytesMax: 524_288 });
    second.tune({ hotPercent: 10 });
    first.tune({ crawler: false });
    for (const { setup } of [first, second]) {
      expect(setup).toMatchObject({ bytesMax: 524_288, hotPercent: 10, crawler: false });
    }
  });

  test("weigh a change with what another one has changed", () => {
    const [first, second] = shared();
    first.tune({ hotPercent: 59 });
    expect(() => second.tune({ warmPercent: 41 })).toThrow("got 100 together");
    // Refused, and nobody is kept waiting for it.
    first.tune({ hotPercent: 58 });
    second.tune({ warmPercent: 41 });
    expect(first.setup).toMatchObject({ hotPercent: 58, warmPercent: 41 });
  });

  test("say after they left what they knew last", () => {
    const [first, second] = shared();
    second.leave();
    first.tune({ bytesMax: 524_288 });
    expect([second.bytesMax, second.setup.bytesMax]).toEqual([262_144, 262_144]);
  });
});

test("whoever listens is told what there was to know of an item that went", () => {
  const store = small();
  const gone: unknown[] = [];
  store.listener = {
    gone(cause, bytes, start, end, fetched, expiresAt, usedAt, slabClass, valueLength) {
      const key = String.fromCharCode(...bytes.subarray(start, end));
      if (key === "first")
        gone.push([cause, fetched, expiresAt - START, usedAt - START, slabClass, valueLength]);
    },
  };
  set(store, "first", 200, START, START + 900_000);
  get(store, "first", START);
  for (let i = 0; i < 3_000; i++) set(store, `k${i}`, 200, START + 1_000);
  expect(gone).toEqual([["evicted", true, 900_000, 0, store.slabClassFor(5, 200, 0), 200]]);
});

test("a scan can be gone on with a few groups at a time, however many dead items there are", () => {
  const store = new SlabStore({ bytesMax: 16_777_216 });
  fill(store, 20_000, 20);
  store.flush(0, START);
  set(store, "alive", 20);
  const scan = store.scan();
  let steps = 0;
  const found: string[] = [];
  while (!scan.isOver) {
    steps++;
    if (!scan.next(START, 10)) continue;
    found.push(String.fromCharCode(...scan.keyBytes.subarray(scan.keyStart, scan.keyEnd)));
  }
  expect(found).toEqual(["alive"]);
  expect(steps).toBeGreaterThan(100);
});

test("a worker knows what it came across that had expired, or was flushed", () => {
  const store = small();
  set(store, "expired", 20, START, START + 1);
  set(store, "flushed", 20);
  get(store, "expired", START + 1);
  expect([store.expiredMet, store.flushedMet]).toEqual([1, 0]);
  store.flush(0, START + 1);
  get(store, "flushed", START + 1);
  expect([store.expiredMet, store.flushedMet]).toEqual([1, 1]);
});
