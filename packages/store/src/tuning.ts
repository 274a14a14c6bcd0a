// What of a store can be changed while it is in use.
//
//     set()     ->  the settings of this worker, the shared floats, a count of changes
//     follow()  <-  the settings of the others, at their next maintenance

import { MS_PER_TICK, TUNED, TUNING } from "./layout.ts";
import type { StoreSettings } from "./settings.ts";
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
  #seen = 0;

  constructor(memory: SlabMemory, settings: StoreSettings) {
    this.#memory = memory;
    this.#settings = settings;
    this.follow();
  }

  /** What is left out stays. @throws RangeError for what a store could not be made with */
  set(change: Partial<StoreTuning>): void {
    const { control, sums } = this.#memory;
    const next = { ...this.#now(), ...change };
    check(next, this.#settings);
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
    this.follow();
  }

  /** Takes over what any worker has changed. */
  follow(): void {
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

  get setup(): StoreSetup {
    const { bytesMost, pageBytes, chunkBytesMax, chunkSpaceMin, growthFactor, casUniques } = this.#settings;
    const { automove, maintainer } = this.#settings;
    const made = { bytesMost, pageBytes, chunkBytesMax, chunkSpaceMin, growthFactor, casUniques };
    return { ...this.#now(), ...made, automove, maintainer };
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
