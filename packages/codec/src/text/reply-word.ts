// From the first word of a reply line to its kind. Hot path: few words to compare, mostly the first fits.

import { REPLY_WORDS, type ReplyForm, type ReplyKind } from "./reply.ts";
import { latin1Bytes } from "../bytes.ts";

/** A word that reply lines begin with. */
export interface ReplyWord {
  readonly bytes: Uint8Array;
  readonly kind: ReplyKind;
  readonly form: ReplyForm;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
const COLON = 58;

/** Words by their first byte. */
const words: readonly ReplyWord[][] = Array.from({ length: 256 }, () => []);

function add(word: string, kind: ReplyKind, form: ReplyForm): void {
  words[word.charCodeAt(0)]?.push({ bytes: latin1Bytes(word), kind, form });
}

for (const [kind, [word, form]] of Object.entries(REPLY_WORDS)) add(word, kind as ReplyKind, form);
// An older form of the same, which a bracket ends.
add(`[${REPLY_WORDS.skipped[0]}`, "skipped", "log");

/** The word at `start`, if it is whole and a byte is behind it before `end`; `undefined` if no reply begins so. */
export function findReplyWord(bytes: Uint8Array, start: number, end: number): ReplyWord | undefined {
  const candidates = words[bytes[start] as number] as ReplyWord[];
  for (let i = 0; i < candidates.length; i++) {
    const word = candidates[i] as ReplyWord;
    const wordEnd = start + word.bytes.length;
    if (wordEnd >= end || !isAt(bytes, start, word.bytes)) continue;
    const behind = bytes[wordEnd] as number;
    if (behind === CARRIAGE_RETURN || behind === BLANK || behind === LINE_FEED) return word;
    // `ERROR: shutdown not enabled` is memcached's, too: its text begins with the colon.
    if (word.form === "log" || (word.form === "text" && behind === COLON)) return word;
  }
  return undefined;
}

function isAt(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 1; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
