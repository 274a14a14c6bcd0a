// Pages go where they are needed, and what is in them goes along.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8, SlabStore } from "../src/mod.ts";
import { get, pass, set, small } from "./small-store.ts";
import { expectInOrder, latin1, START } from "./store-laws.ts";

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

  test.each([
    [60, 300],
    [300, 60],
  ])("come to a large value from the size whose items are oldest: %i bytes, and not %i", (old, young) => {
    const store = small({ itemBytesMax: 60_000 });
    for (let i = 0; store.slabs(START).classes[0]?.pages !== 32; i++) set(store, `old:${i}`, old, START);
    let now = pass(store, START, 60_000);
    const [oldest] = store.slabs(now).classes.map(({ slabClass }) => slabClass);
    for (let i = 0; store.counters.evictions === 0; i++) set(store, `young:${i}`, young, now);
    now = pass(store, now, 5_000);
    expect(set(store, "large", 50_000, now)).toBe("out-of-memory");
    now = pass(store, now, 200);
    expect(set(store, "large", 50_000, now)).toBe("stored");
    const given = (isOldest: boolean): number | undefined =>
      store
        .slabs(now)
        .classes.find(({ slabClass, pages }) => pages > 1 && (slabClass === oldest) === isOldest)?.pages;
    expect([given(true), given(false)]).toEqual([20, 32]);
    expectInOrder(store, now);
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
    const [from, to] = store.slabs(now).classes.map(({ slabClass }) => slabClass);
    expect(store.movePage(from as number, to as number, now)).toBe("disabled");
  });

  test("are not given away as soon as a class can spare them: the next large value is stored, too", () => {
    const store = new SlabStore({
      bytesMax: 16 * 1_048_576,
      pageBytes: 1_048_576,
      itemBytesMax: 8 * 1_048_576,
    });
    const value = new Uint8Array(3_000_000);
    let state = 7;
    const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
    let now = START;
    for (let i = 0; i < 1_000; i++, now += 3) {
      const key = encodeUtf8(`k:${Math.floor(random() * 400)}`);
      const most = random() < 0.1 ? value.length : 2_000;
      const length = Math.floor(random() * most);
      expect(store.set(key, 0, key.length, value, 0, length, 0, Infinity, now)).toBe("stored");
      if (now >= store.maintenanceAt) store.maintain(now);
    }
    // What is free for long goes back all the same.
    store.flush(0, now);
    set(store, "the only one", 10, now);
    pass(store, now, 60_000);
    expect(store.slabs(now).sparePages).toBe(1);
  });

  test("that are being cleared shut no new item out", () => {
    const store = small();
    let now = START;
    // The oldest of all are in the page that goes first.
    for (let i = 0; store.counters.evictions === 0; i++) set(store, `old:${i}`, 60, now);
    const [from] = store.slabs(now).classes.map(({ slabClass }) => slabClass);
    for (let moves = 0; moves < 20; moves++, now += 10) {
      expect(store.movePage(from as number, 0, now)).toBe("started");
      for (let i = 0; i < 100; i++) expect(set(store, `new:${moves}:${i}`, 60, now)).toBe("stored");
      while (store.counters.slabReassignRunning > 0) store.maintain(now);
      expect(get(store, `new:${moves}:99`, now)).toContain("new");
    }
    expect(store.counters).toMatchObject({ slabsMoved: 20, slabReassignEvictions: 0, storeNoMemory: 0 });
    expectInOrder(store, now);
  });

  test("drop what has no room elsewhere, and say so", () => {
    const gone: string[] = [];
    const store = small({ itemBytesMax: 20_000 });
    store.listener = {
      gone: (cause, bytes, start, end) => void gone.push(`${cause} ${latin1(bytes.subarray(start, end))}`),
    };
    // Of one class there are only the ends of large values: none of its own items could go.
    for (let i = 0; i < 30; i++) expect(set(store, `huge:${i}`, 4_400, START)).toBe("stored");
    const { classes } = store.slabs(START);
    for (const { slabClass, pages } of classes) {
      if (pages < 2) continue;
      const before = store.counters.currItems;
      gone.length = 0;
      expect(store.movePage(slabClass, 0, START)).toBe("started");
      while (store.counters.slabReassignRunning > 0) store.maintain(START);
      expect(gone).toHaveLength(before - store.counters.currItems);
      for (const line of gone) {
        expect(line).toMatch(/^evicted huge:/);
        expect(get(store, line.slice(8), START)).toBeUndefined();
      }
    }
    expect(store.counters.slabReassignEvictions).toBeGreaterThan(0);
    expect(store.counters.evictions).toBe(30 - store.counters.currItems);
    expectInOrder(store, START);
  });

  test("take nothing with them where nothing may be evicted, whatever is moved and refused", () => {
    const size = fc.constantFrom(40, 60, 300, 1_500, 6_000);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant("set" as const), fc.nat(400), size) },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constant("delete" as const), fc.nat(400), fc.constantFrom(1, 3, 20)),
      },
      { weight: 1, arbitrary: fc.tuple(fc.constant("move" as const), fc.nat(4), fc.nat(4)) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constant("maintain" as const), fc.constantFrom(1, 20), fc.constant(0)),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constant("limit" as const), fc.integer({ min: 20, max: 64 }), fc.constant(0)),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 200, maxLength: 600, size: "max" }), (steps) => {
        const store = small({ evictions: false, bytesMax: 262_144, itemBytesMax: 20_000 });
        const kept = new Map<string, number>();
        let now = START;
        for (const [does, one, other] of steps) {
          const classes = (): number[] => [
            0,
            -1,
            ...store.slabs(now).classes.map(({ slabClass }) => slabClass),
          ];
          if (does === "set") {
            // Several at once, so that it gets full.
            for (let i = 0; i < 12; i++) {
              const key = `k:${one}:${i}`;
              if (kept.has(key) || set(store, key, other, now) !== "stored") continue;
              kept.set(key, other);
            }
          } else if (does === "delete") {
            let i = 0;
            for (const key of kept.keys()) {
              if (i++ % other !== 0) continue;
              const name = encodeUtf8(key);
              expect(store.delete(name, 0, name.length, now)).toBe(true);
              kept.delete(key);
            }
          } else if (does === "move") {
            store.movePage(classes()[one] ?? 0, classes()[other] ?? 0, now);
          } else if (does === "limit") store.tune({ bytesMax: one * 4_096 });
          else for (let i = 0; i < one; i++, now += 100) store.maintain(now);
        }
        for (const [key, length] of kept) expect(get(store, key, now)).toHaveLength(length);
        expect(store.counters).toMatchObject({
          evictions: 0,
          slabReassignEvictions: 0,
          currItems: kept.size,
        });
        expectInOrder(store, now);
      }),
      { numRuns: 60 },
    );
  });
});
