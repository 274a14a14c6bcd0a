// What an item counts for, as memcached counts it: header, cas unique, key and its end, value and its line end, and
// the client's flags unless they are 0.

const HEADER_BYTES = 48;
const CAS_BYTES = 8;
const KEY_END_BYTES = 1;
const FLAGS_BYTES = 4;

/** Bytes that a value counts for besides itself: the line end that memcached keeps with it. */
export const LINE_END_BYTES = 2;

/** The bytes that an item counts for: what `-I` and the sizes of chunks are about. */
export function itemBytes(keyBytes: number, valueBytes: number, flags: number): number {
  const header = HEADER_BYTES + CAS_BYTES + KEY_END_BYTES + LINE_END_BYTES;
  return header + keyBytes + valueBytes + (flags === 0 ? 0 : FLAGS_BYTES);
}
