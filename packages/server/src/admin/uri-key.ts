// Keys as lines of watchers and dumps have them: bytes that a URI may not have as they are stand as `%` and two digits.

import type { SendBuffer } from "@memwire/codec";

const UNRESERVED = /[-.0-9A-Z_a-z~]/;

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

const PLAIN: Uint8Array = Uint8Array.from(ENCODED, (text) => (text.length === 1 ? 1 : 0));

/** Writes `bytes[start]` to `bytes[end - 1]`: most as they are. */
export function writeUriEncoded(output: SendBuffer, bytes: Uint8Array, start: number, end: number): void {
  let from = start;
  for (let i = start; i < end; i++) {
    if (PLAIN[bytes[i] as number] === 1) continue;
    output.copy(bytes, from, i);
    output.latin1(ENCODED[bytes[i] as number] as string);
    from = i + 1;
  }
  output.copy(bytes, from, end);
}

/** `bytes[start]` to `bytes[end - 1]`. */
export function uriEncoded(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += ENCODED[bytes[i] as number];
  return text;
}
