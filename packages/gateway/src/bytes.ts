// Bytes in pieces, and bytes as text for JSON.

/** The pieces in one; a single piece is itself. */
export function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

// With its mark kept: the text must be the bytes, and nothing but them.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `undefined` if the bytes are no UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** So many bytes become characters at a time: a call takes only so many arguments. */
const PIECE_BYTES = 8_192;

export function base64Text(bytes: Uint8Array): string {
  let latin1 = "";
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    latin1 += String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES));
  }
  return btoa(latin1);
}
