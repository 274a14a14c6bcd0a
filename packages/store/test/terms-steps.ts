// Steps on terms, for the laws of a store: as arbitraries, as what they are to a store, and to the naive model.

import fc from "fast-check";
import { type SlabStore, Terms } from "../src/mod.ts";

/** Which cas unique it compares with: none, that of the item, the one before, one that no item has. */
type Seen = "any" | "now" | "before" | "never";

/** Something done on terms. `chosen` is the cas unique that it asks for. */
export type TermsStep = { readonly after: number; readonly key: string } & (
  | {
      readonly does: "findOn";
      readonly ttl: number;
      readonly touches: boolean;
      readonly vivifies: boolean;
      readonly uses: boolean;
      readonly chosen: bigint | undefined;
    }
  | {
      readonly does: "storeOn";
      readonly mode: Terms["mode"];
      readonly value: string;
      readonly flags: number;
      readonly ttl: number;
      readonly seen: Seen;
      readonly takesLate: boolean;
      readonly vivifies: boolean;
      readonly keepsCas: boolean;
      readonly stale: boolean;
      readonly keyInBase64: boolean;
      readonly chosen: bigint | undefined;
    }
  | { readonly does: "deleteOn"; readonly seen: Seen }
  | {
      readonly does: "markStale";
      readonly seen: Seen;
      readonly ttl: number;
      readonly touches: boolean;
      readonly chosen: bigint | undefined;
    }
  | {
      readonly does: "countOn";
      readonly up: boolean;
      readonly delta: bigint;
      readonly initial: bigint;
      readonly seen: Seen;
      readonly ttl: number;
      readonly touches: boolean;
      readonly vivifies: boolean;
      readonly chosen: bigint | undefined;
    }
  | { readonly does: "claim" }
);

interface Parts {
  readonly after: fc.Arbitrary<number>;
  readonly key: fc.Arbitrary<string>;
  readonly value: fc.Arbitrary<string>;
  readonly flags: fc.Arbitrary<number>;
  readonly ttl: fc.Arbitrary<number>;
  readonly number: fc.Arbitrary<bigint>;
}

export function termsSteps({ after, key, value, flags, ttl, number }: Parts): fc.Arbitrary<TermsStep> {
  const seen = fc.constantFrom<Seen[]>("any", "any", "now", "now", "before", "never");
  // Above all that a store counts up to.
  const chosen = fc.option(fc.bigInt({ min: 2n ** 62n, max: 2n ** 63n - 1n }), { nil: undefined, freq: 2 });
  const either = fc.boolean();
  const uses = fc.constantFrom(true, true, false);
  const keepsCas = fc.constantFrom(false, false, true);
  const mode = fc.constantFrom<Terms["mode"][]>("set", "set", "add", "replace", "append", "prepend");
  const does = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);
  return fc.oneof(
    fc.record({ does: does("findOn"), after, key, ttl, touches: either, vivifies: either, uses, chosen }),
    {
      weight: 3,
      arbitrary: fc.record({
        does: does("storeOn"),
        after,
        key,
        mode,
        value,
        flags,
        ttl,
        seen,
        takesLate: either,
        vivifies: either,
        keepsCas,
        stale: either,
        keyInBase64: either,
        chosen,
      }),
    },
    fc.record({ does: does("deleteOn"), after, key, seen }),
    {
      weight: 2,
      arbitrary: fc.record({ does: does("markStale"), after, key, seen, ttl, touches: either, chosen }),
    },
    fc.record({
      does: does("countOn"),
      after,
      key,
      up: either,
      delta: number,
      initial: number,
      seen,
      ttl,
      touches: either,
      vivifies: either,
      chosen,
    }),
    { weight: 2, arbitrary: fc.record({ does: does("claim"), after, key }) },
  );
}

/** @param key In the middle of other bytes, as the value. */
export function takeOnTerms(
  store: SlabStore,
  step: TermsStep,
  key: Uint8Array,
  value: Uint8Array,
  cas: bigint,
  now: number,
): string {
  const keyEnd = key.length - 1;
  const terms = termsOf(step, cas, now);
  switch (step.does) {
    case "findOn":
      return store.findOn(terms, key, 1, keyEnd, now);
    case "storeOn": {
      const expiresAt = now + step.ttl;
      return store.storeOn(terms, key, 1, keyEnd, value, 2, value.length - 1, step.flags, expiresAt, now);
    }
    case "deleteOn":
      return store.deleteOn(terms, key, 1, keyEnd, now);
    case "markStale":
      return store.markStale(terms, key, 1, keyEnd, now);
    case "countOn": {
      const [high, low] = halves(step.delta);
      return store.countOn(terms, key, 1, keyEnd, high, low, step.up, now);
    }
    case "claim":
      if (!store.inspect(key, 1, keyEnd, now)) return "not-found";
      return store.claim(key, 1, keyEnd, now) ? "claimed" : "taken";
  }
}

function termsOf(step: TermsStep, cas: bigint, now: number): Terms {
  const terms = new Terms();
  // What was there before means nothing.
  Object.assign(terms, { compares: true, takesLate: true, choosesCas: true, keepsCas: true, vivifies: true });
  terms.clear();
  [terms.casHigh, terms.casLow] = halves(cas);
  if ("seen" in step) terms.compares = step.seen !== "any";
  if ("chosen" in step) {
    terms.choosesCas = step.chosen !== undefined;
    [terms.newCasHigh, terms.newCasLow] = halves(step.chosen ?? 0n);
  }
  if ("touches" in step) {
    terms.touches = step.touches;
    terms.expiresAt = now + step.ttl;
    terms.vivifiedUntil = now + step.ttl + 500;
  }
  if ("initial" in step) [terms.initialHigh, terms.initialLow] = halves(step.initial);
  if ("uses" in step) terms.uses = step.uses;
  if ("vivifies" in step) terms.vivifies = step.vivifies;
  if (step.does !== "storeOn") return terms;
  const { mode, takesLate, keepsCas, stale, keyInBase64 } = step;
  return Object.assign(terms, { mode, takesLate, keepsCas, stale, keyInBase64 });
}

const halves = (number: bigint): [high: number, low: number] => [
  Number(number >> 32n),
  Number(number & 0xffff_ffffn),
];
