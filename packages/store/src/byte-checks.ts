// What is bytes, and what something else is called in an error.

/** @throws TypeError for a chunk that is no bytes, such as text */
export function checkChunk(chunk: Uint8Array): void {
  if (!isBytes(chunk)) throw new TypeError(`a chunk must be a Uint8Array, got ${shown(chunk)}`);
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
