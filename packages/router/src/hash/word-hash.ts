/**
 * A hash of the key in `bytes[start]` to `bytes[end - 1]`: a word of 32 bits, as the signed number that bitwise operators
 * make. V8 would make an object of the unsigned one, if it is above 2^31 and the call is not inlined.
 *
 * Never throws; an empty key has a hash too. Hot path: allocates nothing. Where C reads `char`, which is signed
 * on the machines that everyone's caches live on, a byte from 0x80 counts as itself minus 256.
 */
export type WordHash = (bytes: Uint8Array, start: number, end: number) => number;
