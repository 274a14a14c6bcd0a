/**
 * A hash of the key in `bytes[start]` to `bytes[end - 1]`: an unsigned 32-bit number.
 *
 * Never throws; an empty key has a hash too. Hot path: allocates nothing. Where C reads `char`, which is signed
 * on the machines that everyone's caches live on, a byte from 0x80 counts as itself minus 256.
 */
export type KeyHash = (bytes: Uint8Array, start: number, end: number) => number;
