// The checksum at the end of zlib data.

const MODULUS = 65_521;
/** So many bytes are added up until the remainder is taken: no sum then has more than 31 bits. */
const PIECE_BYTES = 3_800;

/** @see RFC 1950, 8.2 */
export function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + PIECE_BYTES, bytes.length);
    for (; at < end; at++) {
      low += bytes[at] as number;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
