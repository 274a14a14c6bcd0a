/** The same bytes, not as a Buffer: whoever says `slice()` of lent bytes means a copy, and of a Buffer gets none. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
