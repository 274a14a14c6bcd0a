// Several workers on one memory. Here they are instances in one thread; with threads: store-threads.test.ts.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8, SlabStore, type StoreOptions } from "../src/mod.ts";
import { copyByView } from "../src/copy-bytes.ts";
import { dyingWorker } from "./dying-worker.ts";
import { expectInOrder, latin1, START, storeLaws, valueOf } from "./store-laws.ts";

storeLaws("a shared SlabStore", (options) => SlabStore.shared(options));
storeLaws("a shared SlabStore that is read in place", (options) => {
  const store = SlabStore.shared({ ...options, copyBytes: copyByView });
  store.readsInPlace = true;
  return store;
});

const OPTIONS = { bytesMax: 32_768, pageBytes: 4_096, chunkBytesMax: 1_024 } as const;

const set = (store: SlabStore, key: string, value: string, now = START): string => {
  const [name, bytes] = [encodeUtf8(key), encodeUtf8(value)];
  return store.set(name, 0, name.length, bytes, 0, bytes.length, 0, Infinity, now);
};
const get = (store: SlabStore, key: string, now = START): string | undefined => {
  const name = encodeUtf8(key);
  return store.find(name, 0, name.length, now) ? valueOf(store) : undefined;
};

describe("workers of a store", () => {
  test("see what each other does", () => {
    const one = SlabStore.shared(OPTIONS);
    const other = SlabStore.join(one.share());
    set(one, "k", "1");
    expect(get(other, "k")).toBe("1");
    const k = encodeUtf8("k");
    expect(other.incr(k, 0, 1, 0, 41, START)).toBe("counted");
    expect(get(one, "k")).toBe("42");
    one.flush(0, START);
    expect(get(other, "k")).toBeUndefined();
    expect(other.counters).toMatchObject({ totalItems: 2, getFlushed: 1 });
    expect(one.counters).toEqual(other.counters);
  });

  test("give no cas unique twice", () => {
    const one = SlabStore.shared(OPTIONS);
    const other = SlabStore.join(one.share());
    const seen = new Set<string>();
    for (let i = 0; i < 3_000; i++) {
      const store = i % 3 === 0 ? other : one;
      set(store, "k", "v");
      seen.add(`${store.casHigh}:${store.casLow}`);
    }
    expect(seen.size).toBe(3_000);
  });

  test("read a value that stays as it was, whatever others do with its memory", () => {
    const one = SlabStore.shared(OPTIONS);
    const other = SlabStore.join(one.share());
    set(one, "k", "before");
    const k = encodeUtf8("k");
    one.find(k, 0, 1, START);
    set(other, "k", "after!");
    set(other, "l", "after!");
    expect(valueOf(one)).toBe("before");
  });

  const k = encodeUtf8("k");
  test.each<[what: string, next: (store: SlabStore) => unknown]>([
    ["letGo", (store) => store.letGo()],
    ["the next command", (store) => get(store, "l")],
    ["one for the same key", (store) => store.delete(k, 0, 1, START)],
    ["maintain", (store) => store.maintain(START)],
    ["a scan", (store) => store.scan().next(START)],
    ["flush", (store) => store.flush(START + 1_000, START)],
    ["tune", (store) => store.tune({ hotPercent: 10 })],
    ["movePage", (store) => store.movePage(1, 2, START)],
    ["slabs", (store) => store.slabs(START)],
    ["restored", (store) => store.restored(0, 0)],
    ["what is refused", (store) => set(store, "l", "x".repeat(20_000))],
    [
      "an add that is refused",
      (store) => store.add(k, 0, 1, new Uint8Array(20_000), 0, 20_000, 0, Infinity, START),
    ],
    ["forget", (store) => store.forget(SlabStore.join(store.share()).ticket)],
  ])("who reads in place keeps others from its stripe until %s", (_what, next) => {
    const one = SlabStore.shared(OPTIONS);
    const other = SlabStore.join(one.share());
    one.readsInPlace = true;
    set(one, "k", "before");
    expect(one.find(k, 0, 1, START)).toBe(true);
    expect([one.valueBytes.buffer instanceof SharedArrayBuffer, valueOf(one)]).toEqual([true, "before"]);
    next(one);
    expect(set(other, "k", "after!")).toBe("stored");
    // One that had kept it would have been taken for dead.
    expect(get(one, "k")).toBe("after!");
  });

  test("who claims what it reads in place still keeps others from it", () => {
    const one = SlabStore.shared(OPTIONS);
    const other = SlabStore.join(one.share());
    one.readsInPlace = true;
    set(one, "k", "before");
    expect(one.find(k, 0, 1, START)).toBe(true);
    expect(one.claim(k, 0, 1, START)).toBe(true);
    expect(valueOf(one)).toBe("before");
    // In one thread nobody lets go while another waits: it is taken for dead in the end.
    expect(set(other, "k", "after!")).toBe("stored");
    expect(() => one.letGo()).toThrow("was taken for dead");
  });

  test("what is not short is copied all the same, unless copies are fast", () => {
    const long = "x".repeat(600);
    const one = SlabStore.shared(OPTIONS);
    const other = SlabStore.join(one.share(), {
      copyBytes: (from, start, end, into, at) => into.set(from.subarray(start, end), at),
    });
    set(one, "k", long);
    for (const [store, inPlace] of [[one, false] as const, [other, true] as const]) {
      store.readsInPlace = true;
      expect(get(store, "k")).toBe(long);
      expect(store.valueBytes.buffer instanceof SharedArrayBuffer).toBe(inPlace);
      store.letGo();
    }
  });

  test("come and go, and their places are used again", () => {
    const one = SlabStore.shared(OPTIONS);
    for (let i = 0; i < 200; i++) SlabStore.join(one.share()).leave();
    const many = Array.from({ length: 62 }, () => SlabStore.join(one.share()));
    expect(() => SlabStore.join(one.share())).toThrow(RangeError);
    many[0]?.leave();
    SlabStore.join(one.share());
  });

  test.each([{ hashSeed: 7 }, { bytesMax: OPTIONS.bytesMax * 2 }, { evictions: false }])(
    "do not join with other options, which would see other items: %o",
    (other) => {
      const { options, buffers } = SlabStore.shared(OPTIONS).share();
      expect(() => SlabStore.join({ options: { ...options, ...other }, buffers })).toThrow(
        "a store is joined with the options that share() answered, as they are",
      );
      SlabStore.join({ options, buffers });
    },
  );

  test("a store of one worker is not shared", () => {
    expect(() => new SlabStore().share()).toThrow("make it with SlabStore.shared()");
  });
});

describe("a worker that dies", () => {
  const keys = Array.from({ length: 60 }, (_, i) => `key:${i}`);
  const letters = Array.from("abcdefghijklmnopqrstuvwxyz");
  const lengths = [1, 40, 100, 300, 700, 1_500, 2_900];
  const action = fc.record({
    does: fc.constantFrom("set", "set", "set", "append", "incr", "delete", "find", "maintain"),
    key: fc.constantFrom(...keys),
    length: fc.constantFrom(...lengths),
    letter: fc.constantFrom(...letters),
  });

  const act = (
    store: SlabStore,
    { does, key, length, letter }: typeof action extends fc.Arbitrary<infer T> ? T : never,
    now: number,
  ): void => {
    const name = encodeUtf8(key);
    const value = encodeUtf8(letter.repeat(length));
    if (does === "set") store.set(name, 0, name.length, value, 0, length, 7, Infinity, now);
    else if (does === "append") store.append(name, 0, name.length, value, 0, Math.min(length, 40), now);
    else if (does === "incr") store.incr(name, 0, name.length, 0, 1, now);
    else if (does === "delete") store.delete(name, 0, name.length, now);
    else if (does === "find") store.find(name, 0, name.length, now);
    else store.maintain(now);
  };

  test("at any moment leaves every item whole, and the others serving", () => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 20, maxLength: 120 }),
        fc.array(action, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 3_000 }),
        fc.boolean(),
        (before, during, diesAt, segmented) => {
          const options: StoreOptions = { ...OPTIONS, itemBytesMax: 4_000, segmented };
          const one = SlabStore.shared(options);
          let now = START;
          for (const each of before) act(one, each, (now += 300));
          const dying = dyingWorker(one.share(), diesAt).store;
          let died = false;
          try {
            for (const each of during) act(dying, each, (now += 300));
          } catch (error) {
            expect(error).toMatchObject({ message: "died" });
            died = true;
          }
          if (died) one.forget(dying.ticket);
          else dying.leave();
          expectInOrder(one, now);
          const scan = one.scan();
          while (scan.next(now)) {
            // Whatever was stored begins with one letter, over and over; what was appended follows.
            expect(valueOf(one)).toMatch(/^(?:([a-z])\1*)+$|^\d+ *$/);
          }
          for (const each of during) act(one, each, (now += 300));
          expectInOrder(one, now);
        },
      ),
    );
  });

  test("keeps nobody who is going through all items from those still to come", () => {
    const one = SlabStore.shared({ bytesMax: 4_194_304 });
    const keys = Array.from({ length: 20_000 }, (_, i) => `key:${i}`);
    for (const key of keys) set(one, key, "");
    const met = new Set<string>();
    const scan = one.scan();
    const meet = (itemsMax: number): void => {
      while (met.size < itemsMax && scan.next(START)) {
        met.add(latin1(scan.keyBytes.slice(scan.keyStart, scan.keyEnd)));
      }
    };
    meet(15_000);
    // What is left would do with a much smaller index.
    for (const key of met) one.delete(encodeUtf8(key), 0, key.length, START);
    one.forget(SlabStore.join(one.share()).ticket);
    meet(Infinity);
    expect(met.size).toBe(20_000);
    expectInOrder(one, START);
  });

  test("leaves nothing of the index behind that later items could be taken for", () => {
    const one = SlabStore.shared({ bytesMax: 16_777_216 });
    const keys = Array.from({ length: 12_000 }, (_, i) => `key:${i}`);
    for (const key of keys) set(one, key, key);
    one.forget(SlabStore.join(one.share()).ticket);
    expectInOrder(one, START);
    for (const key of keys) {
      const name = encodeUtf8(key);
      expect(get(one, key)).toBe(key);
      expect(one.delete(name, 0, name.length, START)).toBe(true);
      expect(get(one, key)).toBeUndefined();
    }
    expectInOrder(one, START);
    expect(one.counters.currItems).toBe(0);
  });
});
