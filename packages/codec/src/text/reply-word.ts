// From the first word of a reply line to its kind. Hot path: at most three words to compare, mostly the first fits.

import { BARE_REPLIES, TEXT_REPLIES, type BareReplyKind, type TextReplyKind } from "./reply.ts";
import { latin1Bytes } from "../bytes.ts";

/** A word that reply lines begin with. */
export type ReplyWord =
  | { readonly bytes: Uint8Array; readonly hasText: false; readonly kind: BareReplyKind | "value" }
  | { readonly bytes: Uint8Array; readonly hasText: true; readonly kind: TextReplyKind };

const COLON = 58;

/** Words by their first byte. */
const words: readonly ReplyWord[][] = Array.from({ length: 256 }, () => []);

function add(word: ReplyWord): void {
  words[word.bytes[0] as number]?.push(word);
}

add({ bytes: latin1Bytes("VALUE"), hasText: false, kind: "value" });
for (const [kind, word] of Object.entries(BARE_REPLIES)) {
  add({ bytes: latin1Bytes(word), hasText: false, kind: kind as BareReplyKind });
}
for (const [kind, word] of Object.entries(TEXT_REPLIES)) {
  add({ bytes: latin1Bytes(word), hasText: true, kind: kind as TextReplyKind });
}

/** The word at `bytes[start]` to `bytes[end - 1]`; `undefined` if no reply begins with it. */
export function findReplyWord(bytes: Uint8Array, start: number, end: number): ReplyWord | undefined {
  if (start === end) return undefined;
  const candidates = words[bytes[start] as number] as ReplyWord[];
  for (let i = 0; i < candidates.length; i++) {
    const word = candidates[i] as ReplyWord;
    const wordEnd = start + word.bytes.length;
    // `ERROR: shutdown not enabled` is memcached's, too: its text begins with the colon.
    const fits = wordEnd === end || (word.hasText && wordEnd < end && bytes[wordEnd] === COLON);
    if (fits && isAt(bytes, start, word.bytes)) return word;
  }
  return undefined;
}

function isAt(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 1; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
