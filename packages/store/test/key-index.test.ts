// The index alone, against a Map: groups that overflow, and what others overflow into.

import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyIndex } from "../src/key-index.ts";
import { FLAGS, HASH, KEY, REGION_MASK, STATE } from "../src/layout.ts";
import { settingsOf } from "../src/settings.ts";
import { SlabMemory } from "../src/slab-memory.ts";

const NO_KEY = new Uint8Array(0);

/** An index with items of no key, which differ by their hash alone. */
class Items {
  readonly #memory = SlabMemory.reserve(settingsOf({ bytesMax: 4_194_304 }), 1, 0);
  readonly #index = new KeyIndex(this.#memory);
  readonly refs: Map<number, number> = new Map();
  #next = 1_024;

  constructor() {
    this.#memory.reach(1, 4_194_304);
  }

  insert(hash: number): void {
    if (this.refs.has(hash)) return;
    const ref = this.#make(hash);
    this.#index.insert(hash, ref);
    this.refs.set(hash, ref);
  }

  replace(hash: number): void {
    const ref = this.refs.get(hash);
    if (ref === undefined) return;
    const by = this.#make(hash);
    this.#index.replace(hash, ref, by);
    this.refs.set(hash, by);
  }

  remove(hash: number): void {
    const ref = this.refs.get(hash);
    if (ref === undefined) return;
    this.#index.remove(hash, ref);
    this.refs.delete(hash);
  }

  /** Takes an item out that is not in. */
  removeStranger(hash: number): void {
    this.#index.remove(hash, this.#make(hash));
  }

  split(): void {
    this.#index.split();
  }

  find(hash: number): number {
    return this.#index.find(hash, NO_KEY, 0, 0);
  }

  #make(hash: number): number {
    const ref = this.#next;
    this.#next += KEY / 8;
    const words = this.#memory.words[0] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    words[at + HASH] = hash;
    words[at + STATE] = 0;
    words[at + FLAGS] = 0;
    return ref;
  }
}

/** Hashes that crowd into few groups, the first one and the last among them. */
const hashes = fc
  .tuple(fc.constantFrom(0, 1, 2, 1_023), fc.nat(40))
  .map(([group, i]) => (Math.imul(i, 0x9e37_79b1) & ~0xffff) | (i & 1 ? 1_024 : 0) | group);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("insert" as const), hashes) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("remove" as const), hashes) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("replace" as const), hashes) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("split" as const), hashes) },
);

test("what is put in is found until it is taken out, whichever groups overflow", () => {
  const law = fc.property(fc.array(step, { minLength: 50, maxLength: 400, size: "max" }), (steps) => {
    const items = new Items();
    for (const [what, hash] of steps) {
      if (what === "split") items.split();
      else items[what](hash);
      expect(items.find(hash)).toBe(items.refs.get(hash) ?? 0);
    }
    for (const [hash, ref] of items.refs) expect(items.find(hash)).toBe(ref);
  });
  fc.assert(law, { numRuns: 200 });
});

test("a group that the first one overflowed into is empty again, and takes nothing from its neighbour", () => {
  const items = new Items();
  const of = (group: number, i: number): number => (i << 16) | group;
  for (let i = 0; i < 24; i++) items.insert(of(7, i));
  for (let i = 0; i < 14; i++) items.insert(of(0, i));
  for (let i = 13; i >= 0; i--) items.remove(of(0, i));
  for (let i = 0; i < 24; i++) expect(items.find(of(7, i))).toBe(items.refs.get(of(7, i)));
});

test("an item that is not in cannot be taken out", () => {
  const items = new Items();
  items.insert(5);
  expect(() => items.removeStranger(5)).toThrow("is not where its key leads: the index is broken");
});
