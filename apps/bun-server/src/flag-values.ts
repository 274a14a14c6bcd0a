// What stands behind a flag, as people write it. Each throws `RangeError` with what is wrong.

/** A path that is not empty. */
export function readPath(kind: string): (text: string) => string {
  return (text) => {
    if (text === "") throw new RangeError(`must be the path of a ${kind}, got ""`);
    return text;
  };
}

/** Permissions in octal. */
export function readMode(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text) || Number.parseInt(text, 8) > 0o777) {
    throw new RangeError(`must be octal, from 0 to 0777, got ${JSON.stringify(text)}`);
  }
  return Number.parseInt(text, 8);
}

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };
const ITEM_BYTES_MIN = 1_024;
const ITEM_BYTES_MAX = 1_073_741_824;

/** The size of an item: bytes, or with k, m or g behind. */
export function readItemBytes(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12})([kKmMgG]?)$/.exec(text) ?? [];
  const bytes = Number(digits) * (FACTORS[unit.toLowerCase()] as number);
  if (bytes >= ITEM_BYTES_MIN && bytes <= ITEM_BYTES_MAX) return bytes;
  throw new RangeError(`must be from 1k to 1g: bytes, or with k, m or g behind, got ${JSON.stringify(text)}`);
}

/** A decimal number above `least`. */
export function readAbove(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value > least) return value;
    throw new RangeError(`must be a number above ${least}, got ${JSON.stringify(text)}`);
  };
}

/** A part of a whole. */
export function readShare(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw new RangeError(`must be a number from 0 to 1, got ${JSON.stringify(text)}`);
}

/** One of some words. */
export function readWord<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word !== undefined) return word;
    throw new RangeError(`must be one of ${words.join(", ")}, got ${JSON.stringify(text)}`);
  };
}

/** A single printable character. */
export function readCharacter(text: string): string {
  if (/^[!-~]$/.test(text)) return text;
  throw new RangeError(`must be one printable character, got ${JSON.stringify(text)}`);
}
