// The laws of a Store, for any implementation: it equals a naive model, and with evictions it never answers what
// was not stored.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { itemBytes, type Store, type StoreOptions } from "../src/mod.ts";
import { Model } from "./model.ts";

/** Something to do with a store. `after` is how many milliseconds later than the step before. */
export type Step = { readonly after: number; readonly key: string } & (
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
const step: fc.Arbitrary<Step> = fc.oneof(
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
const steps: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 60 });

/** One step on a store, with keys and values in the middle of other bytes. */
function take(store: Store, step: Step, cas: bigint, now: number): string {
  const key = bytesOf(`<${step.key}>`);
  const keyEnd = key.length - 1;
  const value = bytesOf("value" in step ? `[[${step.value}]` : "");
  const valueEnd = value.length - 1;
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
  }
}

const succeeded = new Set(["found", "stored", "counted"]);

export function storeLaws(name: string, make: (options: StoreOptions) => Store): void {
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
            const casOf = { now: last, before, never: 2n ** 64n - 1n };
            const modelCas = step.does === "cas" ? casOf[step.seen] : 0n;
            const storeCas = step.does === "cas" && step.seen === "never" ? modelCas : known.get(modelCas);
            const answer = take(store, step, storeCas ?? 0n, now);
            expect(answer, step.does).toBe(model.take(step, modelCas, now));
            if (step.does === "flush" || !succeeded.has(answer)) continue;
            const item = model.current;
            expect(latin1(store.valueBytes.slice(store.valueStart, store.valueEnd))).toBe(item.value);
            expect([store.flags, store.expiresAt]).toEqual([item.flags, item.expiresAt]);
            if (answer === "counted") {
              expect((BigInt(store.numberHigh) << 32n) | BigInt(store.numberLow)).toBe(model.number);
            }
            const cas = (BigInt(store.casHigh) << 32n) | BigInt(store.casLow);
            if (item.cas !== last) {
              expect([...known.values()], "a cas unique is never given out twice").not.toContain(cas);
              known.set(item.cas, cas);
              seen.set(step.key, [item.cas, last]);
            }
            expect(cas).toBe(known.get(item.cas));
          }
        }),
        // Sequences that tell two kinds of delayed flush apart are rare.
        { numRuns: Math.max(500, fc.readConfigureGlobal().numRuns ?? 0) },
      );
    });

    test("with evictions answers only what was stored, and keeps its bound", () => {
      fc.assert(
        fc.property(steps, fc.integer({ min: ITEM_BYTES_MAX, max: 400 }), (steps, bytesMax) => {
          const store = make({ bytesMax, itemBytesMax: ITEM_BYTES_MAX });
          const stored = new Map<string, string>();
          let now = START;
          for (const step of steps) {
            now += step.after;
            const answer = take(store, step, 0n, now);
            expect(answer).not.toBe("out-of-memory");
            expect(store.counters.bytes).toBeLessThanOrEqual(bytesMax);
            if (step.does === "flush" || !succeeded.has(answer)) continue;
            const value = latin1(store.valueBytes.slice(store.valueStart, store.valueEnd));
            if (step.does === "find" || step.does === "findAndTouch") {
              expect(value).toBe(stored.get(step.key));
              expect(store.expiresAt).toBeGreaterThan(step.does === "find" ? now : 0);
            }
            if (step.does === "set" || step.does === "add") expect(value).toBe(step.value);
            stored.set(step.key, value);
          }
        }),
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
            bytes += itemBytes(key.length, store.valueEnd - store.valueStart, store.flags);
          }
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
      expect(latin1(store.valueBytes.slice(store.valueStart, store.valueEnd))).toBe("x".repeat(100));
    });

    test("refuses bounds that make no sense, and keys that no client could name", () => {
      expect(() => make({ bytesMax: 0 })).toThrow("bytesMax must be a whole number from 1, got 0");
      expect(() => make({ bytesMax: 100, itemBytesMax: 101 })).toThrow(
        "itemBytesMax must not be above bytesMax, 100, got 101",
      );
      const key = new Uint8Array(251);
      expect(() => make({}).set(key, 0, 251, key, 0, 0, 0, Infinity, START)).toThrow(
        "a key must have 1 to 250 bytes, got 251",
      );
      expect(() => make({}).add(key, 0, 0, key, 0, 0, 0, Infinity, START)).toThrow(RangeError);
    });
  });
}

export function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
