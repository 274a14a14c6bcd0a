// Values that are held: whatever becomes of their items, what was held is read as it was, and its room comes back.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8, SlabStore } from "../src/mod.ts";
import { dyingWorker } from "./dying-worker.ts";
import {
  act,
  action,
  bytesNow,
  expectNothingLeft,
  get,
  type Held,
  holdNow,
  kinds,
  OPTIONS,
  set,
} from "./held-values.ts";
import { expectInOrder, START } from "./store-laws.ts";

const step = fc.oneof(
  { weight: 3, arbitrary: action },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("hold" as const), key: action.map(({ key }) => key) }),
  },
  fc.record({ does: fc.constant("release" as const), which: fc.nat() }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe.each(kinds)("%s", (_, make) => {
  test("what is held stays as it is, whatever becomes of its item, and its room comes back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(step, fc.nat(1)), { maxLength: 120, size: "max" }),
        fc.boolean(),
        (steps, segmented) => {
          const stores = make({ ...OPTIONS, segmented });
          const held: (Held & { readonly store: SlabStore })[] = [];
          let now = START;
          for (const [each, worker] of steps) {
            const store = stores[worker % stores.length] as SlabStore;
            now += 300;
            if (each.does === "hold") {
              const taken = holdNow(store, each.key, now);
              if (taken !== undefined) held.push({ ...taken, store });
            } else if (each.does === "release") {
              const [gone] = held.splice(each.which % Math.max(1, held.length), 1);
              gone?.store.release(gone.hold);
            } else act(store, each, now);
            for (const one of held) expect(bytesNow(one)).toBe(one.value);
          }
          const { held: count, heldBytes } = (stores[0] as SlabStore).counters;
          // Each worker that shares it holds what it shows as well.
          expect(count - held.length).toBeLessThanOrEqual(stores.length === 1 ? 0 : stores.length);
          expect(heldBytes).toBeLessThanOrEqual(OPTIONS.bytesMax / 4);
          for (const { store, hold } of held) store.release(hold);
          for (const store of stores) store.maintain(now);
          expect(stores[0]?.counters).toMatchObject({ held: 0, heldBytes: 0 });
          expectInOrder(stores[0] as SlabStore, now);
          expectNothingLeft(stores[0] as SlabStore, now);
        },
      ),
      { numRuns: Math.max(150, fc.readConfigureGlobal().numRuns ?? 0) },
    );
  });

  test.each([100, 1_500, 3_900])(
    "a value of %i bytes that is held is not written over, but can be replaced",
    (bytes) => {
      const [store] = make({ ...OPTIONS, bytesMax: 65_536 }) as [SlabStore];
      set(store, "k", "a".repeat(bytes));
      const held = holdNow(store, "k", START) as Held;
      set(store, "k", "b".repeat(bytes));
      set(store, "l", "c".repeat(bytes));
      expect(get(store, "k")).toBe("b".repeat(bytes));
      expect(bytesNow(held)).toBe("a".repeat(bytes));
      store.release(held.hold);
      expectNothingLeft(store, START);
    },
  );

  test("a number that is held is counted up elsewhere", () => {
    const [store] = make(OPTIONS) as [SlabStore];
    set(store, "n", "41  ");
    const held = holdNow(store, "n", START) as Held;
    const n = encodeUtf8("n");
    expect(store.incr(n, 0, 1, 0, 1, START)).toBe("counted");
    expect([get(store, "n"), bytesNow(held)]).toEqual(["42", "41  "]);
    store.release(held.hold);
    expect(store.incr(n, 0, 1, 0, 1, START)).toBe("counted");
    expectNothingLeft(store, START);
  });

  test("a value can be held more than once, and is kept until nobody holds it", () => {
    const [store] = make(OPTIONS) as [SlabStore];
    set(store, "k", "v".repeat(900));
    const held = [1, 2, 3].map(() => holdNow(store, "k", START) as Held);
    expect(new Set(held.map(({ hold }) => hold)).size).toBe(3);
    store.delete(encodeUtf8("k"), 0, 1, START);
    for (const { hold } of held) {
      expect(held.map(bytesNow)).toEqual(Array.from(held, () => "v".repeat(900)));
      set(store, `other${hold}`, "w".repeat(900));
      store.release(hold);
    }
    expectNothingLeft(store, START);
  });

  test("what is not held cannot be let go", () => {
    const [store] = make(OPTIONS) as [SlabStore];
    set(store, "k", "v");
    const held = holdNow(store, "k", START) as Held;
    store.release(held.hold);
    for (const hold of [held.hold, 0, -1, 257, 0.5]) {
      expect(() => store.release(hold)).toThrow(`only what is held can be let go, got ${hold}`);
    }
  });

  test("no more is held than a quarter of the room, and what is refused is counted", () => {
    const [store] = make({ ...OPTIONS, itemBytesMax: 8_000, bytesMax: 65_536 }) as [SlabStore];
    for (let i = 0; i < 3; i++) set(store, `k${i}`, "v".repeat(7_000));
    const held = [0, 1].map((i) => holdNow(store, `k${i}`, START) as Held);
    expect(holdNow(store, "k2", START)).toBeUndefined();
    expect(store.counters).toMatchObject({ held: 2, heldBytes: 14_336, holdsRefused: 1 });
    expect(get(store, "k2")).toBe("v".repeat(7_000));
    store.release((held[0] as Held).hold);
    expect(holdNow(store, "k2", START)).toBeDefined();
  });

  test("a value that a worker holds many times takes of that room once", () => {
    const [store] = make({ ...OPTIONS, itemBytesMax: 8_000, bytesMax: 65_536 }) as [SlabStore];
    for (let i = 0; i < 3; i++) set(store, `k${i}`, "v".repeat(7_000));
    const held = Array.from({ length: 20 }, () => holdNow(store, "k0", START) as Held);
    expect(store.counters).toMatchObject({ held: 20, heldBytes: 7_168, holdsRefused: 0 });
    const other = holdNow(store, "k1", START) as Held;
    expect(holdNow(store, "k2", START)).toBeUndefined();
    const last = holdNow(store, "k0", START) as Held;
    store.delete(encodeUtf8("k0"), 0, 2, START);
    for (const { hold } of held) store.release(hold);
    expect(store.counters).toMatchObject({ held: 2, heldBytes: 14_336 });
    store.release(last.hold);
    expect(store.counters).toMatchObject({ held: 1, heldBytes: 7_168 });
    store.release(other.hold);
    expect(store.counters).toMatchObject({ held: 0, heldBytes: 0 });
    expectNothingLeft(store, START);
  });

  test("a worker holds 256 values at most", () => {
    const [store] = make({ bytesMax: 4_194_304 }) as [SlabStore];
    set(store, "k", "v");
    const held = Array.from({ length: 257 }, () => holdNow(store, "k", START));
    expect(held.indexOf(undefined)).toBe(256);
    for (const one of held) if (one !== undefined) store.release(one.hold);
    expectNothingLeft(store, START);
  });

  test("items that are held are passed over when others have to go for new ones", () => {
    const [store] = make({ ...OPTIONS, segmented: false }) as [SlabStore];
    set(store, "held", "a".repeat(900));
    const held = holdNow(store, "held", START) as Held;
    // In one strict list it is the first that would have to go.
    for (let i = 0; i < 200; i++) expect(set(store, `k${i}`, "b".repeat(900))).toBe("stored");
    expect(store.counters.evictions).toBeGreaterThan(100);
    expect(store.counters.lruTailReflocked).toBeGreaterThan(0);
    expect(bytesNow(held)).toBe("a".repeat(900));
    expect(get(store, "held")).toBe("a".repeat(900));
  });

  test.each([12, 3])("a page is not moved while something in it is held: %i of 12 values", (count) => {
    const [store] = make({ ...OPTIONS, bytesMax: 65_536 }) as [SlabStore];
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
    for (const key of keys) set(store, key, "v".repeat(900));
    const held = keys.slice(0, count).map((key) => holdNow(store, key, START) as Held);
    // With room for it elsewhere, and without.
    for (const key of keys.slice(6, 12)) if (count < 12) store.delete(encodeUtf8(key), 0, key.length, START);
    const from = store.slabClassFor(2, 900, 0);
    expect(store.movePage(from, store.slabClassFor(2, 100, 0), START)).toBe("started");
    for (let i = 0; i < 50; i++) store.maintain(START + i * 10);
    expect(store.counters).toMatchObject({ slabReassignRunning: 1, slabsMoved: 0 });
    for (let i = 0; i < 12; i++) set(store, `new${i}`, "w".repeat(900));
    for (const one of held) expect(bytesNow(one)).toBe("v".repeat(900));
    for (const key of keys.slice(0, count)) expect(get(store, key)).toBe("v".repeat(900));
    for (const { hold } of held) store.release(hold);
    for (let i = 0; i < 50; i++) store.maintain(START + i * 10);
    expect(store.counters.slabsMoved).toBeGreaterThan(0);
    expectNothingLeft(store, START);
  });
});

describe("a worker that dies", () => {
  test("lets go of what it held, and others keep what they hold", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 80, size: "max" }),
        fc.array(step, { minLength: 5, maxLength: 60, size: "max" }),
        fc.integer({ min: 0, max: 2_000 }),
        fc.boolean(),
        (before, during, diesAt, segmented) => {
          const one = SlabStore.shared({ ...OPTIONS, bytesMax: 65_536, segmented });
          const held: Held[] = [];
          let now = START;
          const follow = (store: SlabStore, each: Step, into: Held[]): void => {
            now += 300;
            if (each.does === "hold") {
              const taken = holdNow(store, each.key, now);
              if (taken !== undefined) into.push(taken);
            } else if (each.does === "release") {
              const [gone] = into.splice(each.which % Math.max(1, into.length), 1);
              if (gone !== undefined) store.release(gone.hold);
            } else act(store, each, now);
          };
          one.heldBytesLeast = 1;
          for (const each of before) follow(one, each, held);
          const dying = dyingWorker(one.share(), diesAt).store;
          dying.heldBytesLeast = 1;
          try {
            for (const each of during) follow(dying, each, []);
          } catch (error) {
            expect(error).toMatchObject({ message: "died" });
          }
          one.forget(dying.ticket);
          one.maintain(now);
          expect(held.map(bytesNow)).toEqual(held.map(({ value }) => value));
          expect(one.counters.held).toBe(held.length);
          for (const each of during) {
            if (each.does !== "hold" && each.does !== "release") act(one, each, (now += 300));
          }
          expect(held.map(bytesNow)).toEqual(held.map(({ value }) => value));
          for (const { hold } of held) one.release(hold);
          one.maintain(now);
          expect(one.counters).toMatchObject({ held: 0, heldBytes: 0 });
          expectNothingLeft(one, now);
        },
      ),
      { numRuns: Math.max(80, fc.readConfigureGlobal().numRuns ?? 0) },
    );
  });

  const ways: readonly (readonly [string, number, (store: SlabStore) => void])[] = [
    ["deletes", 2_500, (store) => store.delete(encodeUtf8("k"), 0, 1, START)],
    ["replaces", 900, (store) => set(store, "k", "w".repeat(900))],
    ["finds expired", 900, (store) => store.find(encodeUtf8("k"), 0, 1, START + 10_000)],
  ];

  // Each death is found out by waiting a tenth of a second.
  test.each(ways)(
    "in the middle leaves what others hold as it was: one that %s a value of %i bytes",
    (_, length, end) => {
      for (let diesAt = 0, died = true; died; diesAt++) {
        const one = SlabStore.shared({ ...OPTIONS, bytesMax: 65_536 });
        const [k, value] = [encodeUtf8("k"), encodeUtf8("v".repeat(length))];
        one.set(k, 0, 1, value, 0, length, 0, START + 5_000, START);
        one.heldBytesLeast = 1;
        const held = holdNow(one, "k", START) as Held;
        const dying = dyingWorker(one.share(), diesAt).store;
        died = false;
        try {
          end(dying);
        } catch (error) {
          expect(error).toMatchObject({ message: "died" });
          died = true;
        }
        one.forget(dying.ticket);
        for (let i = 0; i < 12; i++) set(one, `new${i}`, "n".repeat(900), START + 10_000);
        expect(bytesNow(held), `died at write ${diesAt}`).toBe("v".repeat(length));
        one.release(held.hold);
        expectNothingLeft(one, START + 10_000);
      }
    },
  );

  test("leaves what others hold many times counted once a worker", () => {
    const one = SlabStore.shared(OPTIONS);
    const [two, dying] = [SlabStore.join(one.share()), SlabStore.join(one.share())];
    for (const store of [one, two, dying]) store.heldBytesLeast = 1;
    set(one, "k", "v".repeat(900));
    for (const store of [one, one, two, dying, dying]) holdNow(store, "k", START);
    expect(one.counters).toMatchObject({ held: 5, heldBytes: 3_072 });
    one.forget(dying.ticket);
    expect(one.counters).toMatchObject({ held: 3, heldBytes: 2_048 });
  });

  test("or leaves lets go of all that it held", () => {
    const one = SlabStore.shared(OPTIONS);
    for (const how of ["dies", "leaves"]) {
      const other = SlabStore.join(one.share());
      other.heldBytesLeast = 1;
      set(other, "k", "v".repeat(900));
      holdNow(other, "k", START);
      other.find(encodeUtf8("k"), 0, 1, START);
      expect(one.counters.held, how).toBe(2);
      one.delete(encodeUtf8("k"), 0, 1, START);
      if (how === "dies") one.forget(other.ticket);
      else other.leave();
      expect(one.counters, how).toMatchObject({ held: 0, heldBytes: 0 });
      expectNothingLeft(one, START);
    }
  });
});
