// Keys as lines of watchers and dumps have them: bytes that a URI may not have as they are stand as `%` and two digits.

const UNRESERVED = /[-.0-9A-Z_a-z~]/;

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** `bytes[start]` to `bytes[end - 1]`. */
export function uriEncoded(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += ENCODED[bytes[i] as number];
  return text;
}
