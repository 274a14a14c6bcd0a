// What a store is made with: every bound and every choice, with memcached's names beside ours.

import type { CopyBytes } from "./copy-bytes.ts";

export interface StoreOptions {
  /** Bytes of the pages that items live in, at most (`-m`). Default 64 MiB. A class's first page may go above it. */
  readonly bytesMax?: number;
  /**
   * What `tune` may raise `bytesMax` to. Room for what has to be there then is reserved, not taken. Default:
   * `bytesMax`.
   */
  readonly bytesMost?: number;
  /** Bytes of one item by `itemBytes`, at most (`-I`). Default 1 MiB, or half of `bytesMax` if that is less. */
  readonly itemBytesMax?: number;
  /** Whether items make room for new ones (the default), or these are refused (`-M`). */
  readonly evictions?: boolean;
  /** Bytes of a page, a power of two. Default: 1 MiB as memcached, less if `bytesMax` is below 64 of those. */
  readonly pageBytes?: number;
  /** Bytes of the largest chunk (`slab_chunk_max`): larger items span chunks. Default: half a page. */
  readonly chunkBytesMax?: number;
  /** Bytes for key, value and flags in the smallest chunk (`-n`). Default 48. */
  readonly chunkSpaceMin?: number;
  /** How much larger each class of chunks is than the one before (`-f`). Default 1.25. */
  readonly growthFactor?: number;
  /** Sizes of the classes (`slab_sizes`), instead of the growth factor. */
  readonly chunkSizes?: readonly number[];
  /** Whether items have cas uniques (the default; `-C` is false). */
  readonly casUniques?: boolean;
  /** Hot, warm, cold and temporary items (the default), or one strict list (`no_lru_maintainer`, `no_modern`). */
  readonly segmented?: boolean;
  /** Per cent of a class's bytes that may be hot, and warm (`hot_lru_pct`, `warm_lru_pct`). Default 20 and 40. */
  readonly hotPercent?: number;
  readonly warmPercent?: number;
  /** How old hot and warm items may be, as parts of the age of the oldest cold one. Default 0.2 and 2. */
  readonly hotAgeFactor?: number;
  readonly warmAgeFactor?: number;
  /** Items that expire sooner are never evicted (`temporary_ttl`). Default: none are spared. */
  readonly temporaryTtlMs?: number;
  /** Whether expired items are looked for (`lru_crawler`). Default true. */
  readonly crawler?: boolean;
  /** Whether pages can move from class to class, and do by themselves (`slab_reassign`, `slab_automove`). Default: true. */
  readonly automove?: boolean;
  /**
   * From how many bytes of pages on looking ahead (`Store.prefetch`) takes less than it saves. Default 16 MiB: what is
   * smaller is in the processor's caches anyway.
   */
  readonly prefetchBytesLeast?: number;
  /**
   * Any 32-bit number but 0: who does not know it cannot make keys that collide, which would have the store look
   * through all of them for each. For keys that strangers choose, one at random; a `find` takes some 20 ns more.
   * Default 0: no seed.
   */
  readonly hashSeed?: number;
  /**
   * How memory is reserved that takes no room before it is written, all of it 0. Default: as a plain buffer, which is
   * that on Node and Deno. Bun clears a large one at times, and so takes all of it. Not for a store that is shared.
   */
  readonly reserve?: (bytes: number) => ArrayBuffer;
  /**
   * How bytes are copied between what a call is given and the store's memory. Default: by `set`. The way that Node and
   * Bun have of their own is faster, above all to and from memory that is shared: `copyBytes` of `openAdapter()`.
   */
  readonly copyBytes?: CopyBytes | undefined;
}

export const STORE_OPTIONS: readonly string[] = Object.keys({
  bytesMax: true,
  bytesMost: true,
  itemBytesMax: true,
  evictions: true,
  pageBytes: true,
  chunkBytesMax: true,
  chunkSpaceMin: true,
  growthFactor: true,
  chunkSizes: true,
  casUniques: true,
  segmented: true,
  hotPercent: true,
  warmPercent: true,
  hotAgeFactor: true,
  warmAgeFactor: true,
  temporaryTtlMs: true,
  crawler: true,
  automove: true,
  prefetchBytesLeast: true,
  hashSeed: true,
  reserve: true,
  copyBytes: true,
} satisfies Record<keyof StoreOptions, true>);

/**
 * @throws TypeError for no options, RangeError for a name in them that is not in `known`: misspelt, it would bound nothing
 */
export function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`${what} takes an object of options, got ${String(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RangeError(`${what} has no ${unknown}: there are ${known.toSorted().join(", ")}`);
}
