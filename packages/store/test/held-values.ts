// For tests: values that are held, what they were, and what their memory has now.

import fc from "fast-check";
import { expect } from "vitest";
import { encodeUtf8, SlabStore, type StoreOptions } from "../src/mod.ts";
import { expectInOrder, latin1, START, valueOf } from "./store-laws.ts";

export const OPTIONS = {
  bytesMax: 32_768,
  pageBytes: 4_096,
  chunkBytesMax: 1_024,
  itemBytesMax: 4_000,
} as const;

/** A store by one worker, and one by two. */
export const kinds: readonly (readonly [string, (options: StoreOptions) => readonly SlabStore[]])[] = [
  ["a SlabStore", (options) => [new SlabStore(options)]],
  [
    "a shared SlabStore",
    (options) => {
      const one = SlabStore.shared(options);
      const stores = [one, SlabStore.join(one.share())];
      for (const store of stores) store.heldBytesLeast = 1;
      return stores;
    },
  ],
];

const KEYS = Array.from({ length: 12 }, (_, i) => `key:${i}`);

export type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
export const action = fc.record({
  does: fc.constantFrom(
    "set",
    "set",
    "set",
    "append",
    "incr",
    "delete",
    "find",
    "touch",
    "maintain",
    "move",
    "flush",
  ),
  key: fc.constantFrom(...KEYS),
  length: fc.constantFrom(1, 40, 100, 300, 700, 1_500, 2_900),
  letter: fc.constantFrom(...Array.from("abcdefghijklmnopqrstuvwxyz0123456789")),
});

export function act(store: SlabStore, { does, key, length, letter }: Action, now: number): void {
  const name = encodeUtf8(key);
  const value = encodeUtf8(letter.repeat(length));
  if (does === "set") store.set(name, 0, name.length, value, 0, length, 7, Infinity, now);
  else if (does === "append") store.append(name, 0, name.length, value, 0, Math.min(length, 40), now);
  else if (does === "incr") store.incr(name, 0, name.length, 0, 1, now);
  else if (does === "delete") store.delete(name, 0, name.length, now);
  else if (does === "find") store.find(name, 0, name.length, now);
  else if (does === "touch") store.touch(name, 0, name.length, now + 10_000, now);
  else if (does === "flush") store.flush(0, now);
  else if (does === "move") store.movePage(-1, store.slabClassFor(5, length, 7), now);
  else store.maintain(now);
}

/** Something that is held, as it was then. */
export interface Held {
  readonly hold: number;
  readonly value: string;
  readonly pieces: readonly Uint8Array[];
}

/** Holds the value of a key, if it is there and can be held. */
export function holdNow(store: SlabStore, key: string, now: number): Held | undefined {
  const name = encodeUtf8(key);
  if (!store.find(name, 0, name.length, now)) return undefined;
  const hold = store.hold();
  if (hold === 0) return undefined;
  const pieces: Uint8Array[] = [];
  do pieces.push(store.valueBytes.subarray(store.valueStart, store.valueEnd));
  while (store.nextPiece());
  const held = { hold, pieces, value: pieces.map(latin1).join("") };
  expect(held.value.length).toBe(store.valueLength);
  return held;
}

export function bytesNow({ pieces }: Held): string {
  return pieces.map(latin1).join("");
}

/** Deletes every item: then no chunk is in use. */
export function expectNothingLeft(store: SlabStore, now: number): void {
  const keys: string[] = [];
  const scan = store.scan();
  while (scan.next(now)) keys.push(latin1(scan.keyBytes.slice(scan.keyStart, scan.keyEnd)));
  for (const key of keys) store.delete(encodeUtf8(key), 0, key.length, now);
  store.flush(0, now);
  // What had been flushed or had expired before is come across by the crawler.
  for (let i = 0; i < 100 && (store.counters.currItems > 0 || store.counters.slabReassignRunning > 0); i++) {
    store.crawl(now);
    store.maintain(now + i);
  }
  expect(store.counters.currItems).toBe(0);
  expectInOrder(store, now);
}

export function set(store: SlabStore, key: string, value: string, now = START): string {
  const [name, bytes] = [encodeUtf8(key), encodeUtf8(value)];
  return store.set(name, 0, name.length, bytes, 0, bytes.length, 0, Infinity, now);
}

export function get(store: SlabStore, key: string, now = START): string | undefined {
  const name = encodeUtf8(key);
  return store.find(name, 0, name.length, now) ? valueOf(store) : undefined;
}
