// Hashes of 64 bits, in two halves of 32: a `bigint` a key would cost more than the hash.

/**
 * A hash of the key in `bytes[start]` to `bytes[end - 1]`: its lower 32 bits into `into[0]`, its upper 32 bits into
 * `into[1]`.
 *
 * Never throws; an empty key has a hash too. Hot path: allocates nothing.
 */
export type WideHash = (bytes: Uint8Array, start: number, end: number, into: Int32Array) => void;

/** The upper 32 of the 64 bits of a product of two unsigned numbers of 32 bits; `Math.imul` has the lower ones. */
export function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const cross = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/** 1 if a sum of two unsigned numbers, of which `part` is one, went over 32 bits; else 0. */
export function carryOf(sum: number, part: number): number {
  return sum >>> 0 < part >>> 0 ? 1 : 0;
}
