// Whatever a worker is doing, it may die at any write. Here it dies at each of them in turn, and another one goes on.
// What is random, and longer, is in shared-store.test.ts; threads that really end in store-threads.test.ts.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encodeUtf8, type SharedStore, SlabStore, type StoreOptions, Terms } from "../src/mod.ts";
import { hashOf } from "../src/key-hash.ts";
import { GROUPS_MIN, ITEMS_PER_GROUP } from "../src/key-index.ts";
import { SharedLocks } from "../src/shared-locks.ts";
import { copyOf, dyingWorker } from "./dying-worker.ts";
import { expectInOrder, latin1, START, valueOf } from "./store-laws.ts";

// Who waits for a lock of the dead does not have to sleep: nobody else will let go of it.
beforeEach(() => void vi.spyOn(Atomics, "wait").mockReturnValue("timed-out"));
afterEach(() => vi.restoreAllMocks());

const LATER = START + 100_000;
const OPTIONS: StoreOptions = {
  bytesMax: 65_536,
  pageBytes: 4_096,
  chunkBytesMax: 1_024,
  itemBytesMax: 4_000,
};
const STRICT: StoreOptions = { ...OPTIONS, segmented: false };
const FULL: StoreOptions = { ...OPTIONS, bytesMax: 16_384 };

interface Deed {
  readonly does: string;
  readonly options?: StoreOptions;
  readonly before: (store: SlabStore) => void;
  readonly act: (store: SlabStore) => void;
}

function set(store: SlabStore, key: string, value: string, now = START, expiresAt = Infinity): void {
  const [name, bytes] = [encodeUtf8(key), encodeUtf8(value)];
  store.set(name, 0, name.length, bytes, 0, bytes.length, 7, expiresAt, now);
}

function find(store: SlabStore, key: string, now: number): void {
  const name = encodeUtf8(key);
  store.find(name, 0, name.length, now);
}

function append(store: SlabStore, key: string, value: string): void {
  const [name, bytes] = [encodeUtf8(key), encodeUtf8(value)];
  store.append(name, 0, name.length, bytes, 0, bytes.length, START);
}

function count(store: SlabStore, key: string, delta: number): void {
  const name = encodeUtf8(key);
  if (delta > 0) store.incr(name, 0, name.length, 0, delta, START);
  else store.decr(name, 0, name.length, 0, -delta, START);
}

function remove(store: SlabStore, key: string, now = START): void {
  const name = encodeUtf8(key);
  store.delete(name, 0, name.length, now);
}

function onTerms(of: Partial<Terms>): Terms {
  return Object.assign(new Terms(), of);
}

/** Items of several classes, and in parts. */
function several(store: SlabStore): void {
  for (const bytes of [10, 70, 300]) set(store, `of ${bytes}`, "s".repeat(bytes));
  for (const bytes of [1_500, 2_600]) set(store, `of ${bytes}`, "l".repeat(bytes));
  for (const number of ["99", "123456"]) set(store, number, number);
}

/** More than there is room for. */
function tooMany(store: SlabStore): void {
  for (let i = 0; i < 20; i++) set(store, `one ${i}`, "f".repeat(700), START + i * 1_000);
}

/** Several that have expired later, and some that have not. */
function mortals(store: SlabStore): void {
  several(store);
  for (const bytes of [10, 70, 2_000]) set(store, `mortal ${bytes}`, "m".repeat(bytes), START, START + 5);
}

/** Everything is cold. */
function cooled(store: SlabStore): void {
  several(store);
  for (let i = 0; i < 5; i++) store.maintain(LATER);
}

/** Pages with gaps, of items and of parts. */
function gappy(store: SlabStore): void {
  for (let i = 0; i < 8; i++) set(store, `heads ${i}`, String(i).repeat(1_100));
  for (let i = 0; i < 8; i += 2) remove(store, `heads ${i}`);
}

/** Keys that share a group of the index, which has 12 places. */
const neighbours = keysOfGroup(5, 27);

function keysOfGroup(group: number, count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const key = encodeUtf8(`key ${i}`);
    if ((hashOf(key, 0, key.length, 0) & (GROUPS_MIN - 1)) === group) keys.push(`key ${i}`);
  }
  return keys;
}

const neighbour = (at: number): string => neighbours[at] as string;

function neighbourhood(store: SlabStore, keys: number): void {
  for (const key of neighbours.slice(0, keys)) set(store, key, key);
}

const key = encodeUtf8("of 70");
const deeds: Deed[] = [
  { does: "stores a new item", before: several, act: (store) => set(store, "new", "n".repeat(70)) },
  { does: "takes a page for it", before: several, act: (store) => set(store, "new", "n".repeat(900)) },
  { does: "stores a large one", before: several, act: (store) => set(store, "new", "n".repeat(3_000)) },
  { does: "writes over a value", before: several, act: (store) => set(store, "of 70", "n".repeat(66)) },
  {
    does: "writes over a longer value",
    before: several,
    act: (store) => set(store, "of 300", "n".repeat(310)),
  },
  {
    does: "writes over a cold one",
    before: cooled,
    act: (store) => set(store, "of 70", "n".repeat(66), LATER),
  },
  {
    does: "replaces a value by a longer one",
    before: several,
    act: (store) => set(store, "of 70", "n".repeat(300)),
  },
  {
    does: "replaces a value by parts",
    before: several,
    act: (store) => set(store, "of 70", "n".repeat(3_000)),
  },
  {
    does: "replaces parts by a value",
    before: several,
    act: (store) => set(store, "of 2600", "n".repeat(70)),
  },
  { does: "replaces parts", before: several, act: (store) => set(store, "of 1500", "n".repeat(3_000)) },
  {
    does: "replaces a value in a strict list",
    options: STRICT,
    before: several,
    act: (store) => set(store, "of 70", "n".repeat(66)),
  },
  { does: "counts up", before: several, act: (store) => count(store, "123456", 54_321) },
  { does: "counts down to fewer digits", before: several, act: (store) => count(store, "123456", -123_450) },
  { does: "counts up to more digits", before: several, act: (store) => count(store, "99", 1) },
  {
    does: "counts on terms",
    before: several,
    act: (store) => {
      const terms = onTerms({ touches: true, expiresAt: LATER + 1 });
      store.countOn(terms, encodeUtf8("99"), 0, 2, 0, 1, true, START);
    },
  },
  { does: "appends", before: several, act: (store) => append(store, "of 70", "a".repeat(300)) },
  { does: "appends to parts", before: several, act: (store) => append(store, "of 1500", "a".repeat(1_000)) },
  { does: "deletes", before: several, act: (store) => remove(store, "of 70") },
  { does: "deletes parts", before: several, act: (store) => remove(store, "of 2600") },
  {
    does: "touches",
    before: several,
    act: (store) => store.findAndTouch(key, 0, key.length, LATER + 1, START),
  },
  {
    does: "marks as stale, and claims",
    before: several,
    act: (store) => {
      store.markStale(onTerms({ touches: true, expiresAt: LATER + 1 }), key, 0, key.length, START);
      store.find(key, 0, key.length, START);
      store.claim(key, 0, key.length, START);
    },
  },
  {
    does: "warms what is cold",
    before: cooled,
    act: (store) => {
      for (let i = 0; i < 3; i++) find(store, "of 70", LATER);
    },
  },
  {
    does: "moves what is used to the front of a strict list",
    options: STRICT,
    before: several,
    act: (store) => find(store, "of 70", LATER),
  },
  {
    does: "comes across what has expired",
    before: mortals,
    act: (store) => {
      for (const bytes of [10, 70, 2_000]) find(store, `mortal ${bytes}`, LATER);
    },
  },
  {
    does: "looks for what has expired",
    before: mortals,
    act: (store) => {
      for (let i = 0; i < 3; i++) store.maintain(LATER + i * 1_000);
    },
  },
  {
    does: "replaces what it holds, and lets go of it",
    before: several,
    act: (store) => {
      store.heldBytesLeast = 0;
      for (const name of ["of 70", "of 2600"]) {
        find(store, name, START);
        const hold = store.hold();
        set(store, name, "n".repeat(66));
        store.release(hold);
      }
    },
  },
  {
    does: "flushes",
    before: several,
    act: (store) => {
      store.flush(LATER, START);
      store.flush(0, START);
    },
  },
  {
    does: "evicts",
    options: FULL,
    before: tooMany,
    act: (store) => set(store, "new", "n".repeat(700), LATER),
  },
  {
    does: "evicts from a strict list",
    options: { ...FULL, segmented: false },
    before: tooMany,
    act: (store) => set(store, "new", "n".repeat(700), LATER),
  },
  {
    does: "evicts for parts",
    options: FULL,
    before: tooMany,
    act: (store) => set(store, "new", "n".repeat(3_000), LATER),
  },
  {
    does: "lets a group of the index overflow",
    before: (store) => neighbourhood(store, 12),
    act: (store) => set(store, neighbour(12), "n"),
  },
  {
    does: "takes an item out of a group that overflowed",
    before: (store) => neighbourhood(store, 27),
    act: (store) => {
      for (const at of [0, 13, 26, 1]) remove(store, neighbour(at));
    },
  },
  {
    does: "replaces an item that another group overflowed with",
    before: (store) => neighbourhood(store, 13),
    act: (store) => set(store, neighbour(12), "n".repeat(100)),
  },
  {
    does: "moves pages of heads and of parts",
    before: gappy,
    act: (store) => {
      for (const bytes of [20, 900]) {
        store.movePage(store.slabClassFor(7, bytes, 7), store.slabClassFor(7, 300, 7), START);
        for (let i = 0; i < 3; i++) store.maintain(START + i * 10);
      }
    },
  },
];

test.each(deeds)("a worker that dies while it $does takes nothing else along", ({ options, before, act }) => {
  const store = SlabStore.shared(options ?? OPTIONS);
  before(store);
  expectNothingLost(store.share(), act);
});

test("a worker that dies while it puts right what another one left takes nothing along", () => {
  const store = SlabStore.shared({ ...OPTIONS, chunkSizes: [512] });
  several(store);
  const shared = store.share();
  const first = dyingWorker(shared, 30);
  expect(() => append(first.store, "of 1500", "a")).toThrow("died");
  const second = dyingWorker(shared, 38);
  expect(() => set(second.store, "of 70", "n".repeat(66))).toThrow("died");
  expectNothingLost(shared, (worker) => worker.forget(first.store.ticket));
});

test("a worker that dies while the index doubles takes nothing along, and it grows on", () => {
  const store = SlabStore.shared({ ...OPTIONS, bytesMax: 1_900_000 });
  const most = (GROUPS_MIN * 2 - 1) * ITEMS_PER_GROUP;
  const keys = Array.from({ length: most + 2 * ITEMS_PER_GROUP }, (_, i) => encodeUtf8(`${i}`));
  const put = (into: SlabStore, name: Uint8Array): void => {
    into.set(name, 0, name.length, name, 0, 0, 0, Infinity, START);
  };
  const putOne = (at: number) => (worker: SlabStore) => put(worker, keys[at] as Uint8Array);
  for (const name of keys.slice(0, most - 1)) put(store, name);
  const before = deed(store.share(), putOne(most - 1), Infinity).writes;
  putOne(most - 1)(store);
  const grow = putOne(most);
  const { writes } = deed(store.share(), grow, Infinity);
  expect(writes).toBeGreaterThan(before);
  for (let death = before; death < writes; death++) {
    const { shared, ticket } = deed(store.share(), grow, death);
    const other = SlabStore.join(shared);
    other.forget(ticket);
    for (const name of keys.slice(most)) put(other, name);
    expect(keys.filter((name) => !other.inspect(name, 0, name.length, START))).toEqual([]);
  }
}, 90_000);

test("a worker that recovers shows that it is alive all along, however many items a list has", () => {
  const store = SlabStore.shared({ bytesMax: 2_097_152 });
  for (let i = 0; i < 10_000; i++) set(store, `${i}`, "", START + ((i * 7_919) % 10_000) * 100);
  const worker = dyingWorker(store.share(), Infinity);
  const beatsAt: number[] = [0];
  vi.spyOn(SharedLocks.prototype, "beat").mockImplementation(() => void beatsAt.push(worker.writes));
  worker.store.forget(store.ticket);
  const writesBetween = beatsAt.map((at, i) => (beatsAt[i + 1] ?? worker.writes) - at);
  expect(worker.writes).toBeGreaterThan(200_000);
  expect(Math.max(...writesBetween)).toBeLessThan(30_000);
});

/** Whenever a worker dies over it, what there is afterwards is, key by key, what was there before or was to be there. */
function expectNothingLost(of: SharedStore, act: (store: SlabStore) => void): void {
  const before = itemsOf(copyOf(of));
  const { shared, writes } = deed(of, act, Infinity);
  const after = itemsOf(shared);
  for (let death = 0; death < writes; death++) {
    const { shared, ticket } = deed(of, act, death);
    const other = SlabStore.join(shared);
    other.forget(ticket);
    expectInOrder(other, LATER);
    const left = itemsOf(shared);
    for (const key of new Set([...before.keys(), ...after.keys(), ...left.keys()])) {
      expect([before.get(key), after.get(key)], `${key}, death ${death}`).toContain(left.get(key));
    }
    expectToBeEmptied(other);
  }
}

/** No chunk is in use for ever. */
function expectToBeEmptied(store: SlabStore): void {
  store.tune({ automoveLevel: 0 });
  store.flush(0, LATER);
  store.crawl(LATER);
  for (let turn = 0; turn < 4; turn++) store.maintain(LATER + turn);
  expect(store.counters.currItems).toBe(0);
  expectInOrder(store, LATER);
}

/** A copy of the store in which a worker does this, or dies at a write of it. */
function deed(of: SharedStore, act: (store: SlabStore) => void, writesMax: number) {
  const shared = copyOf(of);
  const worker = dyingWorker(shared, writesMax);
  const { ticket } = worker.store;
  if (writesMax === Infinity) {
    act(worker.store);
    worker.store.leave();
  } else expect(() => act(worker.store)).toThrow("died");
  return { shared, ticket, writes: worker.writes };
}

function itemsOf(shared: SharedStore): Map<string, string> {
  const store = SlabStore.join(shared);
  const items = new Map<string, string>();
  const scan = store.scan();
  while (scan.next(LATER)) {
    items.set(latin1(scan.keyBytes.slice(scan.keyStart, scan.keyEnd)), valueOf(store));
  }
  store.leave();
  return items;
}
