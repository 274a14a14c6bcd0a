// The memory of a store, and its views. What is where: layout.ts.

import { type CopyBytes, copierOfShared, copyByView, withLoop } from "./copy-bytes.ts";
import { holdsBytes } from "./holds.ts";
import { FIRST_USE, FLUSH_AT, GROUP_MASK, GROUPS, PAGE_START, REGION_BYTES, SETUP, SUMS } from "./layout.ts";
import { keptBytes } from "./kept-items.ts";
import { GROUP_WORDS, GROUPS_MIN } from "./key-index.ts";
import { setupSum, type StoreSettings } from "./settings.ts";
import { countsBytes } from "./slab-counters.ts";

/** The buffers alone: what another worker needs to see the same store, if they are shared. */
export interface SlabBuffers {
  readonly regions: readonly ArrayBufferLike[];
  readonly table: ArrayBufferLike;
  readonly control: ArrayBufferLike;
  readonly counts: ArrayBufferLike;
  readonly kept: ArrayBufferLike;
  readonly locks: ArrayBufferLike;
  readonly holds: ArrayBufferLike;
}

// The allocator of C that Node and Deno use takes up to 32 MiB from what was freed before, and then has to clear it,
// so that all of it is in use at once. Above that, and where it hardly matters, a buffer takes room as it is written.
const LAZY_BYTES_LEAST = 33 * 1_048_576;
const SMALL_BYTES_MAX = 2_097_152;
/** So much of `bytesMax` is reserved at once: more costs some milliseconds a GiB, most on Deno. */
const RESERVED_BYTES_MAX = 4 * 1_073_741_824;

export class SlabMemory {
  readonly buffers: SlabBuffers;
  /** One of each for each region there is. */
  readonly bytes: Uint8Array[] = [];
  readonly words: Int32Array[] = [];
  readonly floats: Float64Array[] = [];
  readonly table: Int32Array;
  readonly control: Int32Array;
  readonly sums: Float64Array;
  /** kept-items.ts. */
  readonly kept: Int32Array;
  /** To and from what is in this memory. */
  readonly copy: CopyBytes;
  /** Whether that is as fast wherever it lies, though it is shared. */
  readonly copiesFast: boolean;
  readonly #reserve: StoreSettings["reserve"];

  constructor(buffers: SlabBuffers, { reserve, copyBytes }: Pick<StoreSettings, "reserve" | "copyBytes">) {
    this.buffers = buffers;
    this.#reserve = reserve;
    const isShared = buffers.control instanceof SharedArrayBuffer;
    this.copy = withLoop(copyBytes ?? (isShared ? copierOfShared() : copyByView));
    this.copiesFast = copyBytes !== undefined;
    for (const region of buffers.regions) this.#view(region);
    this.table = new Int32Array(buffers.table);
    this.sums = new Float64Array(buffers.control, 0, SUMS);
    this.control = new Int32Array(buffers.control, SUMS * Float64Array.BYTES_PER_ELEMENT);
    this.kept = new Int32Array(buffers.kept);
  }

  /**
   * No room is taken before it is written to: of table, control and kept items, and of regions that are shared, what is reserved
   * is the most that can be needed. Regions of one worker are there for `bytesMax`, and come with the pages in them
   * above that: to a collector each is a great deal of memory, for which it looks at all there is while a call waits.
   *
   * @param workers 1 for a memory that is not shared
   * @param locksBytes What the locks take, if it is.
   */
  static reserve(settings: StoreSettings, workers: number, locksBytes: number): SlabMemory {
    const shared = workers > 1;
    const reserve = (bytes: number): ArrayBufferLike =>
      shared ? new SharedArrayBuffer(lazyBytes(bytes)) : settings.reserve(lazyBytes(bytes));
    const pagesBytes = (settings.pagesMax + 1) * settings.pageBytes;
    // Pages count from 1.
    const atOnce = Math.min(settings.bytesMax, RESERVED_BYTES_MAX) + settings.pageBytes;
    const regions = Math.ceil((shared ? pagesBytes : Math.min(pagesBytes, atOnce)) / REGION_BYTES);
    const controlWords = PAGE_START + settings.pagesMax + 1;
    const memory = new SlabMemory(
      {
        regions: Array.from({ length: regions }, () => reserve(Math.min(REGION_BYTES, pagesBytes))),
        table: reserve(2 * settings.groupsMax * GROUP_WORDS * Int32Array.BYTES_PER_ELEMENT),
        control: reserve(SUMS * Float64Array.BYTES_PER_ELEMENT + controlWords * Int32Array.BYTES_PER_ELEMENT),
        counts: reserve(countsBytes(workers)),
        kept: reserve(shared ? keptBytes(workers, settings.chunkBytesMax) : 0),
        locks: reserve(locksBytes),
        holds: reserve(holdsBytes(workers)),
      },
      settings,
    );
    memory.control[SETUP] = setupSum(settings);
    memory.control[GROUPS] = GROUPS_MIN;
    memory.control[GROUP_MASK] = GROUPS_MIN * 2 - 1;
    memory.sums[FIRST_USE] = -1;
    memory.sums[FLUSH_AT] = Infinity;
    return memory;
  }

  /** There is memory up to this byte from now on, of so many there can ever be. */
  reach(end: number, endMax: number): void {
    while (this.words.length * REGION_BYTES < end) {
      this.#view(this.#reserve(lazyBytes(Math.min(REGION_BYTES, endMax))));
    }
  }

  #view(region: ArrayBufferLike): void {
    this.bytes.push(new Uint8Array(region));
    this.words.push(new Int32Array(region));
    this.floats.push(new Float64Array(region));
  }
}

function lazyBytes(bytes: number): number {
  return bytes <= SMALL_BYTES_MAX ? bytes : Math.max(bytes, LAZY_BYTES_LEAST);
}
