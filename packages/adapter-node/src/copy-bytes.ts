import { Buffer } from "node:buffer";

const { copy } = Buffer.prototype;

/**
 * Copies `source[start]` to `source[end - 1]` to `into[at]` and on. The own way of Node and of Bun needs no view of the
 * part: half of what `set` takes for a hundred bytes.
 */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): void {
  copy.call(source, into, at, start, end);
}
