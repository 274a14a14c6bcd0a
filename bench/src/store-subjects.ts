// What is measured as a server's memory: the store, a Map and lru-cache, each used the way that is cheapest for it; and
// as an application's, in text: `BoundedCache` and lru-cache.

import { BoundedCache, SlabStore } from "@memwire/store";
import { LRUCache } from "lru-cache";
import { FirstInFirstOut, type Item, ObjectsSubject } from "./store-objects.ts";
import { copyBytes, KEY_BYTES, type StoreSubject, type Traffic } from "./store-traffic.ts";

export interface SubjectOptions {
  /** So many items of `VALUE_BYTES` are to fit. */
  readonly items: number;
  /** Whether no more are to fit; else there is room for twice as many, of any size that is used here. */
  readonly full?: boolean;
}

/** By name: the first of each kind is ours. */
export const byteSubjects = {
  SlabStore: (traffic, options) =>
    new SlabSubject(new SlabStore({ ...roomFor(options), copyBytes }), traffic),
  Map: (traffic, options) => new ObjectsSubject(new FirstInFirstOut(countOf(options)), traffic),
  "lru-cache": (traffic, options) =>
    new ObjectsSubject(new LRUCache<string, Item>({ max: countOf(options) }), traffic),
} satisfies Record<string, (traffic: Traffic, options: SubjectOptions) => StoreSubject>;

export const textSubjects = {
  BoundedCache: (traffic, options) => new BoundedCacheSubject(traffic, options),
  "lru-cache, text": (traffic, options) => new TextLruSubject(traffic, options),
} satisfies Record<string, (traffic: Traffic, options: SubjectOptions) => StoreSubject>;

const subjects: Readonly<Record<string, (traffic: Traffic, options: SubjectOptions) => StoreSubject>> = {
  ...byteSubjects,
  ...textSubjects,
};

export const isTextSubject = (name: string): boolean => name in textSubjects;

/** @throws RangeError if there is none of that name */
export function makeSubject(name: string, traffic: Traffic, options: SubjectOptions): StoreSubject {
  const make = subjects[name];
  if (make !== undefined) return make(traffic, options);
  throw new RangeError(`a subject must be one of ${Object.keys(subjects).join(", ")}, got ${name}`);
}

const MEBIBYTE = 1_048_576;
// An item of 14 + 100 bytes counts for 173 of them and lives in a chunk of 192; one of 14 + 200 in one of 304.
const CHUNK_BYTES = 192;
const SPARE_BYTES = 64 * MEBIBYTE;

export function roomFor({ items, full = false }: SubjectOptions): { bytesMax: number } {
  const pages = Math.ceil(items / Math.floor(MEBIBYTE / CHUNK_BYTES));
  return { bytesMax: full ? pages * MEBIBYTE : 4 * pages * MEBIBYTE + SPARE_BYTES };
}

function countOf({ items, full = false }: SubjectOptions): number {
  return full ? items : 2 * items;
}

/** Our store. Copying a value out is what the server does. */
export class SlabSubject implements StoreSubject {
  readonly #store: SlabStore;
  readonly #traffic: Traffic;

  constructor(store: SlabStore, traffic: Traffic) {
    this.#store = store;
    this.#traffic = traffic;
    store.readsInPlace = true;
  }

  get maintenanceAt(): number {
    return this.#store.maintenanceAt;
  }

  get(i: number, now: number): boolean {
    const store = this.#store;
    const { keys, out } = this.#traffic;
    const start = i * KEY_BYTES;
    if (!store.find(keys, start, start + KEY_BYTES, now)) return false;
    do out.copy(store.valueBytes, store.valueStart, store.valueEnd);
    while (store.nextPiece());
    store.letGo();
    return true;
  }

  expect(start: number, end: number): void {
    const { prefetch } = this.#store;
    for (let i = start; i < end; i++) {
      prefetch.note(this.#traffic.keys, i * KEY_BYTES, (i + 1) * KEY_BYTES);
    }
    prefetch.fetch();
  }

  set(i: number, valueBytes: number, expiresAt: number, now: number): boolean {
    const { keys, values, valueStarts } = this.#traffic;
    const start = i * KEY_BYTES;
    const valueStart = valueStarts[i] as number;
    const valueEnd = valueStart + valueBytes;
    const end = start + KEY_BYTES;
    return this.#store.set(keys, start, end, values, valueStart, valueEnd, 0, expiresAt, now) === "stored";
  }

  delete(i: number, now: number): boolean {
    const start = i * KEY_BYTES;
    return this.#store.delete(this.#traffic.keys, start, start + KEY_BYTES, now);
  }

  incr(i: number, now: number): boolean {
    const start = i * KEY_BYTES;
    return this.#store.incr(this.#traffic.keys, start, start + KEY_BYTES, 0, 1, now) === "counted";
  }

  flush(now: number): void {
    this.#store.flush(now, now);
  }

  maintain(now: number): void {
    this.#store.maintain(now);
  }
}

class BoundedCacheSubject implements StoreSubject {
  readonly #cache: BoundedCache;
  readonly #traffic: Traffic;

  constructor(traffic: Traffic, options: SubjectOptions) {
    this.#cache = new BoundedCache({ now: Date.now, ...roomFor(options) });
    this.#traffic = traffic;
  }

  get maintenanceAt(): number {
    return this.#cache.store.maintenanceAt;
  }

  get(i: number): boolean {
    const traffic = this.#traffic;
    traffic.answer = this.#cache.get(traffic.keyTexts[i] as string);
    return traffic.answer !== undefined;
  }

  set(i: number): boolean {
    const { keyTexts, valueTexts } = this.#traffic;
    return this.#cache.set(keyTexts[i] as string, valueTexts[i] as string) === "stored";
  }

  delete(i: number): boolean {
    return this.#cache.delete(this.#traffic.keyTexts[i] as string);
  }

  incr(i: number): boolean {
    return typeof this.#cache.incr(this.#traffic.keyTexts[i] as string) === "bigint";
  }

  flush(): void {
    this.#cache.clear();
  }

  maintain(now: number): void {
    this.#cache.store.maintain(now);
  }
}

class TextLruSubject implements StoreSubject {
  readonly maintenanceAt = Infinity;
  readonly #cache: LRUCache<string, string>;
  readonly #traffic: Traffic;

  constructor(traffic: Traffic, options: SubjectOptions) {
    this.#cache = new LRUCache({ max: countOf(options) });
    this.#traffic = traffic;
  }

  get(i: number): boolean {
    const traffic = this.#traffic;
    traffic.answer = this.#cache.get(traffic.keyTexts[i] as string);
    return traffic.answer !== undefined;
  }

  set(i: number): boolean {
    const { keyTexts, valueTexts } = this.#traffic;
    this.#cache.set(keyTexts[i] as string, valueTexts[i]);
    return true;
  }

  delete(i: number): boolean {
    return this.#cache.delete(this.#traffic.keyTexts[i] as string);
  }

  incr(i: number): boolean {
    const key = this.#traffic.keyTexts[i] as string;
    const number = this.#cache.get(key);
    if (number === undefined) return false;
    this.#cache.set(key, `${Number(number) + 1}`);
    return true;
  }

  flush(): void {
    this.#cache.clear();
  }

  maintain(): void {}
}
