// What of a store can be changed while it is in use.
//
//     set()     ->  the settings of this worker, the shared floats, a count of changes
//     follow()  <-  the settings of the others: at maintenance, and before anything is answered by them
//
// Where the memory is shared, the floats and their count are read and written with the allocation locked: two workers
// that change different things at the same moment both have their way, and nobody hears of a change before it is there.

import { MS_PER_TICK, TUNED, TUNING } from "./layout.ts";
import type { StoreSettings } from "./settings.ts";
import type { SharedLocks } from "./shared-locks.ts";
import { ALLOCATION } from "./slab-items.ts";
import type { SlabMemory } from "./slab-memory.ts";

/** As in `StoreOptions`, where they have their defaults. */
export interface StoreTuning {
  /** Up to `bytesMost`. Below what there is, pages are given up bit by bit. */
  readonly bytesMax: number;
  readonly segmented: boolean;
  readonly hotPercent: number;
  readonly warmPercent: number;
  readonly hotAgeFactor: number;
  readonly warmAgeFactor: number;
  readonly temporaryTtlMs: number;
  readonly crawler: boolean;
  /** 0: pages move when they are told to, or have to be given up. 1 and 2: to the classes in need of them. */
  readonly automoveLevel: number;
}

/** How a store is set up at the moment: what can be changed, and what it was made with. */
export interface StoreSetup extends StoreTuning {
  readonly bytesMost: number;
  readonly pageBytes: number;
  readonly chunkBytesMax: number;
  readonly chunkSpaceMin: number;
  readonly growthFactor: number;
  readonly casUniques: boolean;
  /** Whether it was made with segments, whatever it is tuned to. */
  readonly maintainer: boolean;
  /** Whether pages can change classes at all. */
  readonly automove: boolean;
}

export class Tuning {
  readonly #memory: SlabMemory;
  readonly #settings: StoreSettings;
  readonly #locks: SharedLocks | undefined;
  #seen = 0;

  constructor(memory: SlabMemory, settings: StoreSettings, locks: SharedLocks | undefined) {
    this.#memory = memory;
    this.#settings = settings;
    this.#locks = locks;
    this.follow();
  }

  /** What is left out stays as any worker set it last. @throws RangeError for what a store could not be made with */
  set(change: Partial<StoreTuning>): void {
    this.#locks?.lock(ALLOCATION);
    try {
      this.#takeOver();
      const next = { ...this.#now(), ...change };
      check(next, this.#settings);
      this.#publish(next);
      this.#takeOver();
    } finally {
      this.#locks?.unlock(ALLOCATION);
    }
  }

  /** Takes over what any worker has changed. Who has left hears of nothing. */
  follow(): void {
    if (this.#seen === this.#memory.control[TUNED] || this.#locks?.ticket === 0) return;
    this.#locks?.lock(ALLOCATION);
    this.#takeOver();
    this.#locks?.unlock(ALLOCATION);
  }

  get bytesMax(): number {
    this.follow();
    return this.#settings.bytesMax;
  }

  get setup(): StoreSetup {
    this.follow();
    const { bytesMost, pageBytes, chunkBytesMax, chunkSpaceMin, growthFactor, casUniques } = this.#settings;
    const { automove, maintainer } = this.#settings;
    const made = { bytesMost, pageBytes, chunkBytesMax, chunkSpaceMin, growthFactor, casUniques };
    return { ...this.#now(), ...made, automove, maintainer };
  }

  /** Needs the allocation. */
  #publish(next: StoreTuning): void {
    const { control, sums } = this.#memory;
    sums[TUNING] = next.bytesMax;
    sums[TUNING + 1] = next.segmented ? 1 : 0;
    sums[TUNING + 2] = next.hotPercent;
    sums[TUNING + 3] = next.warmPercent;
    sums[TUNING + 4] = next.hotAgeFactor;
    sums[TUNING + 5] = next.warmAgeFactor;
    sums[TUNING + 6] = next.temporaryTtlMs;
    sums[TUNING + 7] = next.crawler ? 1 : 0;
    sums[TUNING + 8] = next.automoveLevel;
    control[TUNED] = (control[TUNED] as number) + 1;
  }

  /** Needs the allocation. */
  #takeOver(): void {
    const { control, sums } = this.#memory;
    if (this.#seen === control[TUNED]) return;
    this.#seen = control[TUNED] as number;
    const settings = this.#settings;
    settings.lowered ||= (sums[TUNING] as number) < settings.bytesMax;
    settings.bytesMax = sums[TUNING] as number;
    settings.segmented = sums[TUNING + 1] === 1;
    settings.hotPercent = sums[TUNING + 2] as number;
    settings.warmPercent = sums[TUNING + 3] as number;
    settings.hotAgeFactor = sums[TUNING + 4] as number;
    settings.warmAgeFactor = sums[TUNING + 5] as number;
    settings.temporaryTicks = Math.ceil((sums[TUNING + 6] as number) / MS_PER_TICK);
    settings.crawler = sums[TUNING + 7] === 1;
    settings.automoveLevel = sums[TUNING + 8] as number;
    // Once there are temporary items, one that is written over may have to change lists.
    settings.temporaries ||= settings.temporaryTicks > 0;
    settings.overwrites = settings.segmented && !settings.temporaries;
  }

  #now(): StoreTuning {
    const { bytesMax, segmented, hotPercent, warmPercent, hotAgeFactor, warmAgeFactor, crawler } =
      this.#settings;
    const { temporaryTicks, automoveLevel } = this.#settings;
    return {
      bytesMax,
      segmented,
      hotPercent,
      warmPercent,
      hotAgeFactor,
      warmAgeFactor,
      temporaryTtlMs: temporaryTicks * MS_PER_TICK,
      crawler,
      automoveLevel,
    };
  }
}

function check(next: StoreTuning, { pageBytes, bytesMost }: StoreSettings): void {
  whole("bytesMax", next.bytesMax, pageBytes, bytesMost);
  whole("hotPercent", next.hotPercent, 0, 99);
  whole("warmPercent", next.warmPercent, 0, 99);
  whole("temporaryTtlMs", next.temporaryTtlMs, 0, Number.MAX_SAFE_INTEGER);
  whole("automoveLevel", next.automoveLevel, 0, 2);
  if (next.hotPercent + next.warmPercent > 99) {
    const sum = next.hotPercent + next.warmPercent;
    throw new RangeError(`hotPercent and warmPercent must leave something to be cold, got ${sum} together`);
  }
  for (const name of ["hotAgeFactor", "warmAgeFactor"] as const) {
    if (!(next[name] > 0 && next[name] < Infinity)) {
      throw new RangeError(`${name} must be above 0, got ${next[name]}`);
    }
  }
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}, got ${value}`);
}
