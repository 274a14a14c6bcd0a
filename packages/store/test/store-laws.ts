// The laws of a Store, for any implementation: it equals a naive model, and with evictions it never answers what
// was not stored.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { itemBytes, type SlabStore, type Store, type StoreOptions } from "../src/mod.ts";
import { Model } from "./model.ts";
import { takeOnTerms, type TermsStep, termsSteps } from "./terms-steps.ts";

export type MakeStore = (options: StoreOptions) => SlabStore;

/** Something to do with a store. `after` is how many milliseconds later than the step before. */
export type Step = PlainStep | TermsStep;

type PlainStep = { readonly after: number; readonly key: string } & (
  | { readonly does: "find" | "delete" }
  | { readonly does: "findAndTouch" | "touch"; readonly ttl: number }
  | {
      readonly does: "set" | "add" | "replace";
      readonly value: string;
      readonly flags: number;
      readonly ttl: number;
    }
  | { readonly does: "append" | "prepend"; readonly value: string }
  | { readonly does: "cas"; readonly value: string; readonly seen: "now" | "before" | "never" }
  | { readonly does: "incr" | "decr"; readonly delta: bigint }
  | { readonly does: "flush"; readonly delay: number }
  | { readonly does: "maintain" }
);

export const START = 1_800_000_000_000;
// Room for 20 digits under the longest key used, so that no number is too long.
const ITEM_BYTES_MAX = 124;

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const key = fc.constantFrom("a", "b", "key", "\u00ff\u0001", "k".repeat(40));
const ttl = fc.constantFrom(Infinity, Infinity, 0, 1, 999, 1_000, 2_000);
const after = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 300, 999, 1_000, 1_001);
const flags = fc.constantFrom(0, 0, 1, 77, 4_294_967_295);
const word64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 9n, 10n, 99n, 2n ** 32n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n),
);
const value = fc.oneof(
  word64.map(String),
  fc.stringMatching(/^[ \t\r\n]{0,2}[-+]?[0-9]{0,21}[ \t\0ax-]{0,3}$/),
  fc.uint8Array({ maxLength: 70 }).map((bytes) => String.fromCharCode(...bytes)),
);
const step: fc.Arbitrary<PlainStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constantFrom("find" as const, "delete" as const), after, key }),
  },
  fc.record({ does: fc.constantFrom("findAndTouch" as const, "touch" as const), after, key, ttl }),
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom("set" as const, "set" as const, "add" as const, "replace" as const),
      after,
      key,
      value,
      flags,
      ttl,
    }),
  },
  fc.record({ does: fc.constantFrom("append" as const, "prepend" as const), after, key, value }),
  fc.record({
    does: fc.constant("cas" as const),
    after,
    key,
    value,
    seen: fc.constantFrom("now" as const, "now" as const, "before" as const, "never" as const),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom("incr" as const, "decr" as const),
      after,
      key,
      delta: word64,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("flush" as const),
      after,
      key: fc.constant(""),
      delay: fc.constantFrom(-1, 0, 1, 1_000),
    }),
  },
);
const onTerms = termsSteps({ after, key, value, flags, ttl, number: word64 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: step }, { weight: 2, arbitrary: onTerms }),
  {
    minLength: 1,
    maxLength: 60,
  },
);

// Values of all sizes that one page, and more than one chunk, can have.
const SMALL = { bytesMax: 16_384, pageBytes: 4_096, chunkBytesMax: 1_024, itemBytesMax: 3_000 };
const largeSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constantFrom("set" as const, "set" as const, "add" as const, "replace" as const),
        after: fc.constantFrom(0, 0, 1, 70_000),
        key: fc.integer({ min: 0, max: 40 }).map((n) => `key${n}`),
        value: fc
          .tuple(
            fc.constantFrom("a", "b", "c", "d"),
            fc.constantFrom(0, 9, 40, 100, 300, 900, 1_000, 1_900, 2_900),
          )
          .map(([letter, length]) => letter.repeat(length)),
        flags,
        ttl: fc.constantFrom(Infinity, Infinity, Infinity, 70_000),
      }),
    },
    fc.record({
      does: fc.constantFrom("append" as const, "prepend" as const),
      after: fc.constant(0),
      key: fc.integer({ min: 0, max: 40 }).map((n) => `key${n}`),
      value: fc.constantFrom("x", "y".repeat(500), "z".repeat(1_300)),
    }),
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constantFrom("find" as const, "find" as const, "delete" as const),
        after: fc.constantFrom(0, 0, 70_000),
        key: fc.integer({ min: 0, max: 40 }).map((n) => `key${n}`),
      }),
    },
    fc.record({
      does: fc.constant("maintain" as const),
      after: fc.constantFrom(10, 300),
      key: fc.constant(""),
    }),
  ),
  { minLength: 1, maxLength: 150 },
);

const nonsense: readonly (readonly [StoreOptions, string])[] = [
  [{ bytesMax: 0 }, "bytesMax must be a whole number from 4096 to 34359738368, got 0"],
  [
    { bytesMx: 10_000_000 } as object, // which would be 64 MiB
    "a store has no bytesMx: there are automove, bytesMax, bytesMost, casUniques, chunkBytesMax, chunkSizes, " +
      "chunkSpaceMin, copyBytes, crawler, evictions, growthFactor, hashSeed, hotAgeFactor, hotPercent, itemBytesMax, " +
      "pageBytes, prefetchBytesLeast, reserve, segmented, temporaryTtlMs, warmAgeFactor, warmPercent",
  ],
  [{ bytesMax: 8_192, itemBytesMax: 8_193 }, "itemBytesMax must not be above bytesMax, 8192, got 8193"],
  [{ itemBytesMax: 0 }, "itemBytesMax must be a whole number from 1 to 1073741824, got 0"],
  [{ pageBytes: 5_000 }, "pageBytes must be a power of two from 4096 to 1048576, got 5000"],
  [{ bytesMax: 4_096, pageBytes: 8_192 }, "pageBytes must not be above bytesMax, 4096, got 8192"],
  [{ growthFactor: 1 }, "growthFactor must be above 1, got 1"],
  [
    { hotPercent: 60, warmPercent: 40 },
    "hotPercent and warmPercent must leave something to be cold, got 100 together",
  ],
  [{ hotAgeFactor: -1 }, "hotAgeFactor must be above 0, got -1"],
  [{ hashSeed: 0.5 }, "hashSeed must be a whole number from -2147483648 to 4294967295, got 0.5"],
];

/** One step on a store, with keys and values in the middle of other bytes. */
function take(store: SlabStore, step: Step, cas: bigint, now: number): string {
  const key = bytesOf(`<${step.key}>`);
  const keyEnd = key.length - 1;
  const value = bytesOf("value" in step ? `[[${step.value}]` : "");
  const valueEnd = value.length - 1;
  // Of a hint nothing may follow.
  store.prefetch.note(key, 1, keyEnd);
  store.prefetch.note(key, 0, key.length);
  store.prefetch.fetch();
  switch (step.does) {
    case "find":
      return store.find(key, 1, keyEnd, now) ? "found" : "not-found";
    case "delete":
      return store.delete(key, 1, keyEnd, now) ? "deleted" : "not-found";
    case "findAndTouch":
      return store.findAndTouch(key, 1, keyEnd, now + step.ttl, now) ? "found" : "not-found";
    case "touch":
      return store.touch(key, 1, keyEnd, now + step.ttl, now) ? "touched" : "not-found";
    case "set":
    case "add":
    case "replace":
      return store[step.does](key, 1, keyEnd, value, 2, valueEnd, step.flags, now + step.ttl, now);
    case "append":
    case "prepend":
      return store[step.does](key, 1, keyEnd, value, 2, valueEnd, now);
    case "cas":
      return store.cas(
        key,
        1,
        keyEnd,
        value,
        2,
        valueEnd,
        5,
        Infinity,
        Number(cas >> 32n),
        Number(cas & 0xffff_ffffn),
        now,
      );
    case "incr":
    case "decr":
      return store[step.does](
        key,
        1,
        keyEnd,
        Number(step.delta >> 32n),
        Number(step.delta & 0xffff_ffffn),
        now,
      );
    case "flush":
      store.flush(now + step.delay, now);
      return "flushed";
    case "maintain":
      store.maintain(now);
      return "maintained";
    default:
      return takeOnTerms(store, step, key, value, cas, now);
  }
}

/** What a scan comes across can be found, once, and adds up to what is counted. */
export function expectInOrder(store: SlabStore, now: number): void {
  const keys = new Set<string>();
  const scan = store.scan();
  let dead = store.counters.currItems;
  while (scan.next(now)) {
    const key = latin1(scan.keyBytes.slice(scan.keyStart, scan.keyEnd));
    expect(keys).not.toContain(key);
    keys.add(key);
    expect(store.inspect(bytesOf(key), 0, key.length, now)).toBe(true);
    dead--;
  }
  expect(dead).toBeGreaterThanOrEqual(0);
  const { classes } = store.slabs(now);
  const { currItems, bytes } = store.counters;
  expect(classes.reduce((sum, { items }) => sum + items.number, 0)).toBe(currItems);
  expect(classes.reduce((sum, { items }) => sum + items.memRequested, 0)).toBe(bytes);
  // Chunks of a page being cleared count as used.
  if (currItems > 0 || store.counters.slabReassignRunning > 0) return;
  for (const { usedChunks } of classes) expect(usedChunks).toBe(0);
}

const succeeded = new Set(["found", "stored", "counted", "created", "done", "claimed", "taken"]);

export function storeLaws(name: string, make: MakeStore): void {
  describe(name, () => {
    test("equals a naive model when there is room for everything", () => {
      fc.assert(
        fc.property(steps, (steps) => {
          const store = make({ bytesMax: 1_048_576, itemBytesMax: ITEM_BYTES_MAX, evictions: false });
          const model = new Model(ITEM_BYTES_MAX);
          /** The store's cas unique for each of the model's, and the last two of each key. */
          const known = new Map<bigint, bigint>();
          const seen = new Map<string, bigint[]>();
          let now = START;
          for (const step of steps) {
            now += step.after;
            const [last = 0n, before = 0n] = seen.get(step.key) ?? [];
            const casOf = { now: last, before, never: 2n ** 64n - 1n, any: 0n };
            const modelCas = "seen" in step ? casOf[step.seen] : 0n;
            const storeCas = "seen" in step && step.seen === "never" ? modelCas : known.get(modelCas);
            const answer = take(store, step, storeCas ?? 0n, now);
            expect(answer, step.does).toBe(model.take(step, modelCas, now));
            if (step.does === "flush" || step.does === "deleteOn" || !succeeded.has(answer)) continue;
            const item = model.current;
            expect([store.flags, store.expiresAt]).toEqual([item.flags, model.expiryShown]);
            if (answer === "counted" || (answer === "created" && step.does === "countOn")) {
              expect((BigInt(store.numberHigh) << 32n) | BigInt(store.numberLow)).toBe(model.number);
            }
            const cas = (BigInt(store.casHigh) << 32n) | BigInt(store.casLow);
            if (item.cas !== last) {
              const isChosen = "chosen" in step && step.chosen !== undefined;
              if (isChosen) expect(cas).toBe(step.chosen);
              else expect([...known.values()], "a cas unique is never given out twice").not.toContain(cas);
              known.set(item.cas, cas);
              seen.set(step.key, [item.cas, last]);
            }
            expect(cas).toBe(known.get(item.cas));
            expect(store.inspect(bytesOf(step.key), 0, step.key.length, now)).toBe(item.expiresAt > now);
            if (item.expiresAt <= now) continue;
            expect(valueOf(store)).toBe(item.value);
            expect(store.itemBytes).toBe(itemBytes(step.key.length, item.value.length, item.flags));
            const { fetched, stale, claimed, keyInBase64 } = store;
            expect({ fetched, stale, claimed, keyInBase64 }).toEqual(item.marks);
          }
        }),
        // Sequences that tell two kinds of delayed flush apart are rare.
        { numRuns: Math.max(500, fc.readConfigureGlobal().numRuns ?? 0) },
      );
    });

    test("with evictions answers only what was stored, and keeps its bound", () => {
      fc.assert(
        fc.property(largeSteps, fc.boolean(), (steps, segmented) => {
          // Pages of 4 KiB, values of up to four parts: whatever is stored has to go soon.
          const store = make({ ...SMALL, segmented });
          const stored = new Map<string, string>();
          let now = START;
          for (const step of steps) {
            now += step.after;
            const answer = take(store, step, 0n, now);
            expect(store.counters.pageBytes).toBeLessThanOrEqual(SMALL.bytesMax + 9 * SMALL.pageBytes);
            if (step.does === "flush" || !succeeded.has(answer)) continue;
            if (step.does === "find" || step.does === "findAndTouch") {
              expect(valueOf(store)).toBe(stored.get(step.key));
              expect(store.expiresAt).toBeGreaterThan(step.does === "find" ? now : 0);
              continue;
            }
            const { flags, expiresAt } = store;
            if (expiresAt <= now) continue;
            expect(store.inspect(bytesOf(step.key), 0, step.key.length, now), step.does).toBe(true);
            const value = valueOf(store);
            if (step.does === "set" || step.does === "add")
              expect([value, flags]).toEqual([step.value, step.flags]);
            stored.set(step.key, value);
          }
          expectInOrder(store, now);
        }),
        { numRuns: Math.max(300, fc.readConfigureGlobal().numRuns ?? 0) },
      );
    });

    test("counts the bytes of what it holds", () => {
      fc.assert(
        fc.property(steps, (steps) => {
          const store = make({ bytesMax: 1_048_576, itemBytesMax: ITEM_BYTES_MAX });
          let now = START;
          for (const step of steps) take(store, step, 0n, (now += step.after));
          let bytes = 0;
          let items = 0;
          for (const key of new Set(steps.map((step) => step.key))) {
            if (!store.find(bytesOf(key), 0, key.length, now)) continue;
            items++;
            bytes += itemBytes(key.length, store.valueLength, store.flags);
          }
          expectInOrder(store, now);
          // The look-ups above have taken out whatever had expired.
          expect([store.counters.currItems, store.counters.bytes]).toEqual([items, bytes]);
        }),
      );
    });

    test("keeps a copy: what was passed in may be overwritten", () => {
      const store = make({});
      const key = bytesOf("key");
      const value = bytesOf("x".repeat(100));
      store.set(key, 0, 3, value, 0, 100, 0, Infinity, START);
      key.fill(0);
      value.fill(0);
      expect(store.find(bytesOf("key"), 0, 3, START)).toBe(true);
      expect(valueOf(store)).toBe("x".repeat(100));
    });

    test("refuses bounds that make no sense, and keys that no client could name", () => {
      for (const [options, message] of nonsense) expect(() => make(options)).toThrow(new RangeError(message));
      const key = new Uint8Array(251);
      expect(() => make({}).set(key, 0, 251, key, 0, 0, 0, Infinity, START)).toThrow(
        "a key must have 1 to 250 bytes, got 251",
      );
      expect(() => make({}).add(key, 0, 0, key, 0, 0, 0, Infinity, START)).toThrow(RangeError);
    });
  });
}

/** All pieces of the value that is shown. */
export function valueOf(store: Store): string {
  let value = "";
  do value += latin1(store.valueBytes.slice(store.valueStart, store.valueEnd));
  while (store.nextPiece());
  expect(value.length).toBe(store.valueLength);
  return value;
}

export function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
