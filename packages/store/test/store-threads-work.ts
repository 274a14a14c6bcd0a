// What threads do to one store at the same time, and what must be true of it afterwards.

import { expect } from "vitest";
import { encodeUtf8, type SharedStore, type SlabStore, Terms } from "../src/mod.ts";
import { valueOf } from "./store-laws.ts";

export interface Orders {
  readonly shared: SharedStore;
  readonly slot: number;
  readonly tallies: SharedArrayBuffer;
  /** Only sets and reads blobs, and ends in the middle of an eviction when there have been so many. */
  readonly evictionsMax: number | undefined;
}

/** Rows of what each thread has done: counted up, stored by cas, appended, added less deleted, evicted. */
const COUNTED = 0;
const COMPARED = 1;
const APPENDED = 2;
const ADDED = 3;
/** Items about to be marked stale, and those claimed. */
const MARKED = 6;
const CLAIMED = 7;
/** Steps begun, and the ticket; then the word that stops all. */
export const BEGUN = 4;
export const TICKET = 5;
const ROW = 16;
const SLOTS = 5;
const STOP = SLOTS * ROW;

const KEYS = 20;
// Bytes of a log, at which it is full.
const LOG_BYTES_MAX = 20_000;
const NOW = 1_800_000_000_000;

export class Tallies {
  readonly words: Int32Array<SharedArrayBuffer>;

  constructor(buffer = new SharedArrayBuffer((STOP + 1) * 4)) {
    this.words = new Int32Array(buffer);
  }

  add(slot: number, what: number, amount: number): void {
    Atomics.add(this.words, slot * ROW + what, amount);
  }

  set(slot: number, what: number, value: number): void {
    Atomics.store(this.words, slot * ROW + what, value);
  }

  of(slot: number, what: number): number {
    return Atomics.load(this.words, slot * ROW + what);
  }

  sum(what: number): number {
    let sum = 0;
    for (let slot = 0; slot < SLOTS; slot++) sum += this.of(slot, what);
    return sum;
  }

  least(what: number): number {
    return Math.min(...Array.from({ length: SLOTS }, (_, slot) => this.of(slot, what)));
  }

  stop(): void {
    Atomics.store(this.words, STOP, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.words, STOP) === 1;
  }
}

const names = (what: string): Uint8Array[] =>
  Array.from({ length: KEYS }, (_, i) => encodeUtf8(`${what}:${i}`));
const counts = names("count");
const compared = names("compared");
const logs = names("log");
const tokens = names("token");
const blobs = names("blob");
const stale = names("stale");
const terms = new Terms();

/** All is there that threads count in. */
export function prepare(store: SlabStore): void {
  const zero = encodeUtf8("0");
  for (const key of [...counts, ...compared]) store.set(key, 0, key.length, zero, 0, 1, 0, Infinity, NOW);
  for (const key of [...logs, ...stale]) store.set(key, 0, key.length, zero, 0, 0, 0, Infinity, NOW);
}

/** A chance for a blob to be set or read. */
export function blobsOnly(chance: number): number {
  return ((chance | 6) & ~1) + ((chance >>> 3) & 1);
}

/** One thing of many, by chance: a number from 0 to 2^32 - 1. */
export function step(store: SlabStore, tallies: Tallies, slot: number, chance: number): void {
  const at = (chance >>> 8) % KEYS;
  const now = NOW + (chance & 0xff);
  tallies.add(slot, BEGUN, 1);
  // This reads without a lock what other threads may be writing.
  for (const all of [counts, logs, blobs]) {
    const key = all[at] as Uint8Array;
    store.prefetch.note(key, 0, key.length);
  }
  store.prefetch.fetch();
  switch (chance & 7) {
    case 0:
    case 1: {
      const key = counts[at] as Uint8Array;
      const counted = store.incr(key, 0, key.length, 0, 1, now);
      if (counted !== "counted") throw new Error(`a count was ${counted}`);
      return tallies.add(slot, COUNTED, 1);
    }
    case 2:
      return compareAndSet(store, tallies, slot, compared[at] as Uint8Array, now);
    case 3: {
      if (chance >>> 31 === 0) return markOrClaim(store, tallies, slot, stale[at] as Uint8Array, chance, now);
      const key = logs[at] as Uint8Array;
      if (!store.find(key, 0, key.length, now) || store.valueLength >= LOG_BYTES_MAX) return;
      const letter = Uint8Array.of(97 + slot);
      if (store.append(key, 0, key.length, letter, 0, 1, now) === "stored") tallies.add(slot, APPENDED, 1);
      return;
    }
    case 4: {
      const key = tokens[at] as Uint8Array;
      if (store.add(key, 0, key.length, key, 0, key.length, 0, Infinity, now) === "stored")
        tallies.add(slot, ADDED, 1);
      return;
    }
    case 5: {
      const key = tokens[at] as Uint8Array;
      if (store.delete(key, 0, key.length, now)) tallies.add(slot, ADDED, -1);
      return;
    }
    case 6: {
      const key = blobs[at] as Uint8Array;
      const blob = new Uint8Array(10 + ((chance >>> 16) % 6_000)).fill(97 + ((chance >>> 4) & 15));
      const stored = store.set(key, 0, key.length, blob, 0, blob.length, 0, Infinity, now);
      // Where there is little memory, other sizes may have all of it.
      if (stored !== "stored" && stored !== "out-of-memory") throw new Error(`a blob was ${stored}`);
      return;
    }
    default:
      if (chance >>> 28 === 0) return tuneOwn(store, slot, (chance >>> 8) & 0xffff);
      if ((chance & 0x30) === 0) return holdForSteps(store, blobs[at] as Uint8Array, now);
      return readWhole(store, blobs[at] as Uint8Array, now);
  }
}

function compareAndSet(store: SlabStore, tallies: Tallies, slot: number, key: Uint8Array, now: number): void {
  for (;;) {
    if (!store.find(key, 0, key.length, now)) throw new Error("a compared value is gone");
    const { casHigh, casLow } = store;
    const next = encodeUtf8(`${Number(valueOf(store)) + 1}`);
    const stored = store.cas(key, 0, key.length, next, 0, next.length, 0, Infinity, casHigh, casLow, now);
    if (stored === "exists") continue;
    if (stored !== "stored") throw new Error(`a compared value was ${stored}`);
    return tallies.add(slot, COMPARED, 1);
  }
}

/** Of those who come across a stale item one claims it. */
function markOrClaim(
  store: SlabStore,
  tallies: Tallies,
  slot: number,
  key: Uint8Array,
  chance: number,
  now: number,
): void {
  if ((chance & 0x18) === 0) {
    tallies.add(slot, MARKED, 1);
    store.markStale(terms, key, 0, key.length, now);
  } else if (store.find(key, 0, key.length, now) && store.stale && !store.claimed) {
    if (store.claim(key, 0, key.length, now)) tallies.add(slot, CLAIMED, 1);
  }
}

/** What each thread changes, and nobody else. */
const OWN = ["hotPercent", "warmPercent", "hotAgeFactor", "warmAgeFactor", "automoveLevel"] as const;
/** What this thread has made of its own in a store. */
const tuned = new WeakMap<SlabStore, number>();

/** What one thread tunes stays, whatever others tune meanwhile. */
function tuneOwn(store: SlabStore, slot: number, chance: number): void {
  const own = OWN[slot] as (typeof OWN)[number];
  const before = store.setup[own];
  if (before !== (tuned.get(store) ?? before)) {
    throw new Error(`${own} was tuned to ${tuned.get(store)}, and is ${before}`);
  }
  const next = own === "automoveLevel" ? chance % 3 : 1 + (chance % 40);
  tuned.set(store, next);
  store.tune({ [own]: next });
}

/** What this thread holds of a store: the pieces of a blob each, by what it is let go by. */
const holding = new WeakMap<SlabStore, Map<number, Uint8Array[]>>();
const HELD_BLOBS = 8;

/** Holds a blob for some steps. When it is let go it is of one letter still, whatever others did with its key. */
function holdForSteps(store: SlabStore, key: Uint8Array, now: number): void {
  const held = holding.get(store) ?? new Map<number, Uint8Array[]>();
  holding.set(store, held);
  store.heldBytesLeast = 1_000;
  if (held.size === HELD_BLOBS) {
    const [[hold, pieces]] = held as unknown as [[number, Uint8Array[]]];
    const first = pieces[0]?.[0];
    for (const piece of pieces)
      if (piece.some((byte) => byte !== first)) throw new Error("a held value changed");
    held.delete(hold);
    store.release(hold);
  }
  if (!store.find(key, 0, key.length, now)) return;
  const hold = store.hold();
  if (hold === 0) return;
  const pieces: Uint8Array[] = [];
  do pieces.push(store.valueBytes.subarray(store.valueStart, store.valueEnd));
  while (store.nextPiece());
  held.set(hold, pieces);
}

/** A blob is of one letter. */
function readWhole(store: SlabStore, key: Uint8Array, now: number): void {
  if (!store.find(key, 0, key.length, now)) return;
  const first = store.valueBytes[store.valueStart];
  let bytes = 0;
  do {
    for (let i = store.valueStart; i < store.valueEnd; i++) {
      if (store.valueBytes[i] !== first)
        throw new Error(`a torn value at byte ${bytes + i - store.valueStart}`);
    }
    bytes += store.valueEnd - store.valueStart;
  } while (store.nextPiece());
  if (bytes !== store.valueLength)
    throw new Error(`a value of ${bytes} instead of ${store.valueLength} bytes`);
  if ((bytes & 1) === 0) store.letGo(); // else the next step does
}

/** Nothing was lost, nothing was done twice. @param deaths Each may have left one step done and not told of. */
export function expectExact(store: SlabStore, tallies: Tallies, deaths: number): void {
  const valueOfKey = (key: Uint8Array): string => {
    expect(store.find(key, 0, key.length, NOW)).toBe(true);
    return valueOf(store);
  };
  const total = (keys: readonly Uint8Array[]): number =>
    keys.reduce((sum, key) => sum + Number(valueOfKey(key)), 0);
  const told = [tallies.sum(COUNTED), tallies.sum(COMPARED), tallies.sum(APPENDED), tallies.sum(ADDED)];
  const held = tokens.filter((key) => store.find(key, 0, key.length, NOW)).length;
  const logged = logs.map(valueOfKey);
  const done = [total(counts), total(compared), logged.join("").length, held];
  const untold = done.map((count, i) => count - (told[i] as number));
  expect(untold.reduce((sum, count) => sum + Math.abs(count), 0)).toBeLessThanOrEqual(deaths);
  // No mark is claimed twice.
  expect(tallies.sum(CLAIMED)).toBeLessThanOrEqual(tallies.sum(MARKED));
  if (deaths > 0) return;
  expect(tallies.sum(CLAIMED)).toBeGreaterThan(0);
  for (let slot = 0; slot < SLOTS; slot++) {
    const letter = String.fromCharCode(97 + slot);
    expect(logged.join("").split(letter).length - 1).toBe(tallies.of(slot, APPENDED));
  }
}

/** The same numbers for the same seed. */
export function chances(seed: number): () => number {
  let state = (seed + 1) * 0x9e37_79b9;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5;
    state = Math.imul(state ^ (state >>> 12), 0x297a_2d39);
    return (state ^ (state >>> 15)) >>> 0;
  };
}
