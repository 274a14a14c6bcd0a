// What is bytes, and what something else is called in an error.

import { KEY_BYTES_MAX } from "./store.ts";

/** @throws TypeError for a chunk that is no bytes, such as text */
export function checkChunk(chunk: Uint8Array): void {
  if (!isBytes(chunk)) throw new TypeError(`a chunk must be a Uint8Array, got ${shown(chunk)}`);
}

/** @throws RangeError for a key of a length that none can have, or one beyond its array */
export function checkKey(key: Uint8Array, start: number, end: number): void {
  const length = end - start;
  if (!(length >= 1 && length <= KEY_BYTES_MAX)) {
    throw new RangeError(`a key must have 1 to ${KEY_BYTES_MAX} bytes, got ${length}`);
  }
  checkRange("key", key, start, end);
}

/** @throws RangeError for what is not within its array, from `start` to before `end` */
export function checkRange(what: string, { length }: Uint8Array, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= length) return;
  throw new RangeError(`a ${what} must lie in its array of ${length} bytes, got ${start} to ${end}`);
}

/** The tag: a `Uint8Array` of another realm, such as in a test runner, is one all the same. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (value as Partial<Uint8Array> | null | undefined)?.[Symbol.toStringTag] === "Uint8Array"
  );
}

/** What it is: `Array`, `Date`, `number`. */
export function shown(value: unknown): string {
  if (Number.isNaN(value)) return "NaN";
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
