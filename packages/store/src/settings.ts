// The options of a store with every default filled in, and what follows from them.

import type { CopyBytes } from "./copy-bytes.ts";
import { itemBytes } from "./item-bytes.ts";
import { hashOf } from "./key-hash.ts";
import { GROUP_WORDS, GROUPS_MIN, ITEMS_PER_GROUP } from "./key-index.ts";
import { MS_PER_TICK } from "./layout.ts";
import { refuseUnknown, STORE_OPTIONS, type StoreOptions } from "./options.ts";
import { type SlabClasses, slabClasses } from "./slab-classes.ts";

const MEBIBYTE = 1_048_576;
const BYTES_MAX_DEFAULT = 64 * MEBIBYTE;
// References are 32 bits of 8 bytes.
const BYTES_MOST = 32 * 1_024 * MEBIBYTE;
/**
 * Bun has no buffer above 4 GiB, and the index is one of twice so many groups. That bounds a store of 27 GiB and more in
 * the smallest chunks alone: its groups are then fuller, up to 10.7 of 12 in the mean, and what is too much for one is
 * in one of the other half.
 */
const GROUPS_MOST = 2 ** 32 / (2 * GROUP_WORDS * Int32Array.BYTES_PER_ELEMENT);
const PAGE_BYTES_LEAST = 4_096;
// A small store gets small pages, or each of its classes would hold a large part of it.
const PAGES_WANTED = 64;

export interface StoreSettings {
  /** What is not read-only is as it was tuned last: tuning.ts. */
  bytesMax: number;
  /** Whether it has ever been lowered. Else what is above it are the first pages of classes, which may be. */
  lowered: boolean;
  readonly bytesMost: number;
  readonly itemBytesMax: number;
  readonly evictions: boolean;
  readonly pageBytes: number;
  readonly chunkBytesMax: number;
  readonly chunkSpaceMin: number;
  readonly growthFactor: number;
  readonly classes: SlabClasses;
  readonly casUniques: boolean;
  segmented: boolean;
  hotPercent: number;
  warmPercent: number;
  hotAgeFactor: number;
  warmAgeFactor: number;
  /** In ticks; 0 if none are spared. */
  temporaryTicks: number;
  crawler: boolean;
  /** Whether there are or were temporary items. */
  temporaries: boolean;
  /** Whether a set writes over the old value where that needs the same chunk. */
  overwrites: boolean;
  /** Whether it was made with segments, which something has to look after. */
  readonly maintainer: boolean;
  readonly automove: boolean;
  automoveLevel: number;
  readonly prefetchBytesLeast: number;
  readonly hashSeed: number;
  /** What an item counts for besides key, value and flags. */
  readonly headerBytes: number;
  /** Pages there can ever be, and groups of the index. */
  readonly pagesMax: number;
  readonly groupsMax: number;
  readonly reserve: (bytes: number) => ArrayBuffer;
  readonly copyBytes: CopyBytes | undefined;
}

/** @throws RangeError for an option that there is not, or a bound that makes no sense, alone or beside the others */
export function settingsOf(options: StoreOptions): StoreSettings {
  refuseUnknown("a store", options, STORE_OPTIONS);
  const { bytesMax = BYTES_MAX_DEFAULT, casUniques = true, automove = true } = options;
  whole("bytesMax", bytesMax, PAGE_BYTES_LEAST, BYTES_MOST);
  const { pageBytes = pageBytesFor(bytesMax) } = options;
  if (!(pageBytes >= PAGE_BYTES_LEAST && pageBytes <= MEBIBYTE && Number.isInteger(Math.log2(pageBytes)))) {
    throw new RangeError(
      `pageBytes must be a power of two from ${PAGE_BYTES_LEAST} to ${MEBIBYTE}, got ${pageBytes}`,
    );
  }
  const { bytesMost = bytesMax } = options;
  whole("bytesMost", bytesMost, bytesMax, BYTES_MOST);
  if (pageBytes > bytesMax) {
    throw new RangeError(`pageBytes must not be above bytesMax, ${bytesMax}, got ${pageBytes}`);
  }
  const { itemBytesMax = Math.min(MEBIBYTE, Math.max(pageBytes, Math.floor(bytesMax / 2))) } = options;
  whole("itemBytesMax", itemBytesMax, 1, 2 ** 30);
  if (itemBytesMax > bytesMax) {
    throw new RangeError(`itemBytesMax must not be above bytesMax, ${bytesMax}, got ${itemBytesMax}`);
  }
  const { chunkBytesMax = pageBytes / 2, chunkSpaceMin = 48, growthFactor = 1.25, chunkSizes } = options;
  const classes = slabClasses({ pageBytes, chunkBytesMax, chunkSpaceMin, growthFactor, chunkSizes });
  const { hotPercent = 20, warmPercent = 40, hotAgeFactor = 0.2, warmAgeFactor = 2 } = options;
  whole("hotPercent", hotPercent, 1, 99);
  whole("warmPercent", warmPercent, 1, 99);
  if (hotPercent + warmPercent > 99) {
    const sum = hotPercent + warmPercent;
    throw new RangeError(`hotPercent and warmPercent must leave something to be cold, got ${sum} together`);
  }
  positive("hotAgeFactor", hotAgeFactor);
  positive("warmAgeFactor", warmAgeFactor);
  const { temporaryTtlMs = 0, prefetchBytesLeast = 16 * MEBIBYTE, hashSeed = 0 } = options;
  whole("prefetchBytesLeast", prefetchBytesLeast, 0, Number.MAX_SAFE_INTEGER);
  whole("temporaryTtlMs", temporaryTtlMs, 0, 2 ** 31);
  whole("hashSeed", hashSeed, -(2 ** 31), 2 ** 32 - 1);
  // Pages that never move may count for less than they are (slab-pages.ts), but never for less than half.
  const countsLess = !automove && chunkBytesMax === pageBytes;
  const pagesMax = Math.ceil((bytesMost * (countsLess ? 2 : 1)) / pageBytes) + classes.sizes.length;
  const itemsMax = pagesMax * Math.floor(pageBytes / (classes.sizes[1] as number));
  const { segmented = true } = options;
  const temporaries = temporaryTtlMs > 0;
  return {
    bytesMax,
    lowered: false,
    bytesMost,
    itemBytesMax,
    evictions: options.evictions ?? true,
    pageBytes,
    chunkBytesMax,
    chunkSpaceMin,
    growthFactor,
    classes,
    casUniques,
    segmented,
    maintainer: segmented,
    hotPercent,
    warmPercent,
    hotAgeFactor,
    warmAgeFactor,
    temporaryTicks: Math.ceil(temporaryTtlMs / MS_PER_TICK),
    crawler: options.crawler ?? true,
    temporaries,
    // In one strict list a set moves the item to the front, and takes its new chunk before it frees the old one.
    overwrites: segmented && !temporaries,
    automove,
    automoveLevel: automove ? 1 : 0,
    prefetchBytesLeast,
    hashSeed,
    headerBytes: itemBytes(0, 0, 0) - (casUniques ? 0 : 8),
    pagesMax,
    groupsMax: Math.min(Math.max(GROUPS_MIN, Math.ceil(itemsMax / ITEMS_PER_GROUP)), GROUPS_MOST),
    reserve: options.reserve ?? ((bytes) => new ArrayBuffer(bytes)),
    copyBytes: options.copyBytes,
  };
}

/** The same, 32 bits, for all workers of a store: of what each of them lays out, or decides, by itself. */
export function setupSum(settings: StoreSettings): number {
  const { bytesMax, bytesMost, itemBytesMax, evictions, pageBytes, chunkBytesMax, classes } = settings;
  const { casUniques, maintainer, overwrites, automove, hashSeed, groupsMax } = settings;
  const layout = [
    bytesMax,
    bytesMost,
    itemBytesMax,
    pageBytes,
    chunkBytesMax,
    groupsMax,
    hashSeed,
    ...classes.sizes,
  ];
  const rules = [evictions, casUniques, maintainer, overwrites, automove].map(Number);
  const bytes = new Uint8Array(Float64Array.from([...layout, ...rules]).buffer);
  return hashOf(bytes, 0, bytes.length, 0);
}

function pageBytesFor(bytesMax: number): number {
  const power = Math.floor(Math.log2(bytesMax / PAGES_WANTED));
  return Math.min(MEBIBYTE, Math.max(PAGE_BYTES_LEAST, 2 ** power));
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}, got ${value}`);
}

function positive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be above 0, got ${value}`);
}
