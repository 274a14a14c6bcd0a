// Every bound of the decoders, with memcached's own values where it has one.

import { shown } from "./bytes.ts";

/** Bounds of what a peer may send before it is refused. All are inclusive. */
export interface Limits {
  /** Bytes of a key. */
  readonly keyBytesMax: number;
  /** Bytes of a value; a server's own item limit may be lower. */
  readonly valueBytesMax: number;
  /** Bytes before the line feed of a command line that is not a `get` or `gets`; of a reply line. */
  readonly lineBytesMax: number;
  /**
   * Bytes before the line feed of a `get`, `gets`, `gat` or `gats` line, at least `lineBytesMax`. memcached has no limit
   * here; 18,000 keys take about 190 KB.
   */
  readonly retrievalLineBytesMax: number;
  /** Keys of one retrieval command. */
  readonly keysMax: number;
  /** Words of a meta command's line: the command, the key and the length of `ms` counted, the others are flags. */
  readonly metaWordsMax: number;
  /** Bytes of an opaque, its `O` not counted. */
  readonly opaqueBytesMax: number;
}

export const DEFAULT_LIMITS: Limits = {
  keyBytesMax: 250,
  valueBytesMax: 1_048_576,
  lineBytesMax: 2_048,
  retrievalLineBytesMax: 1_048_576,
  keysMax: 65_536,
  metaWordsMax: 20,
  opaqueBytesMax: 31,
};

/**
 * The defaults with some replaced.
 *
 * @throws RangeError for a limit that there is not, or that is not a whole number from 1, and for a
 * `retrievalLineBytesMax` below `lineBytesMax`
 */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  checkLimits(limits, DEFAULT_LIMITS);
  const { lineBytesMax, retrievalLineBytesMax } = limits;
  if (retrievalLineBytesMax < lineBytesMax) {
    throw new RangeError(
      `retrievalLineBytesMax must be at least lineBytesMax, ${lineBytesMax}, got ${retrievalLineBytesMax}`,
    );
  }
  return limits;
}

/** @throws RangeError for a limit that `known` has not, or that is not a whole number from 1 */
export function checkLimits<T extends object>(limits: T, known: T): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(known, name)) {
      throw new RangeError(`limits has no ${name}: there are ${Object.keys(known).toSorted().join(", ")}`);
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} must be a whole number from 1, got ${shown(value)}`);
    }
  }
}
