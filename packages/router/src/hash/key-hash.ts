/**
 * A hash of the key in `bytes[start]` to `bytes[end - 1]`: an unsigned 32-bit number.
 *
 * Never throws; an empty key has a hash too.
 */
export type KeyHash = (bytes: Uint8Array, start: number, end: number) => number;
