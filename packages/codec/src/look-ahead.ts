// Keys of requests that have been received and not yet been asked for. Hot path.
//
//     get a \r\n set b 0 0 1 \r\n 1 \r\n get c d \r\n mg e v \r\n ge
//         ^          ^                       ^           ^          each one's first key
//
// Only as exact as finding the keys of a pipeline needs, which takes a fraction of decoding it: of lines that are not
// requests, or not yet whole, or in a block that is refused, something may be told that is no key.

import { readUint16, readUint32 } from "./big-endian.ts";
import { FIELD_AT, HEADER_BYTES, REQUEST_MAGIC } from "./binary/header.ts";

/** Which protocol a message is of. */
export type Protocol = "text" | "binary";

/** Who wants to know which keys come next. */
export interface KeyListener {
  /** How many more keys it wants; what follows them is not looked at. */
  readonly room: number;
  /** Of bytes that are lent for the call. */
  note(bytes: Uint8Array, keyStart: number, keyEnd: number): void;
}

/** Requests that one call looks at: who answers a few of many at hand looks again, and not at all of them each time. */
export const LOOK_AHEAD_MAX = 32;

/** Longer lines are not looked through. */
const LINE_BYTES_MAX = 512;

/** Which word of a classic storage line, and of `ms`, has the length of the value behind it; the command is word 0. */
const LENGTH_WORD = 4;
const META_LENGTH_WORD = 2;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
const ZERO = 48;
const NINE = 57;
const A = 97;
const C = 99;
const G = 103;
const M = 109;
const P = 112;
const R = 114;
const S = 115;

/**
 * Tells which keys the requests in `bytes[start]` to `bytes[end - 1]` are for, the first of each, from the first byte of
 * a message on. A hint: of what is not well formed anything may be told.
 *
 * @param protocol `undefined` for the one that the first byte decides.
 * @param requestsMax At most 32, which is the default.
 * @returns how many requests have been looked at
 */
export function lookAhead(
  protocol: Protocol | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
  listener: KeyListener,
  requestsMax: number = LOOK_AHEAD_MAX,
): number {
  const most = Math.min(requestsMax, LOOK_AHEAD_MAX);
  const isBinary = protocol === undefined ? bytes[start] === REQUEST_MAGIC : protocol === "binary";
  return (isBinary ? lookAheadInBinary : lookAheadInText)(bytes, start, end, listener, most);
}

/** Tells each line's first key. @returns how many whole lines there were */
function lookAheadInText(
  bytes: Uint8Array,
  start: number,
  end: number,
  listener: KeyListener,
  most: number,
): number {
  let lines = 0;
  for (let at = start; lines < most && listener.room > 0 && at < end; lines++) {
    const lineEnd = Math.min(end, at + LINE_BYTES_MAX);
    const lengthWord = lengthWordOf(bytes[at] as number, bytes[at + 1] as number);
    const startsWithTime = bytes[at] === G && bytes[at + 1] === A;
    at = wordEnd(bytes, at, lineEnd);
    if (startsWithTime && bytes[at] === BLANK) at = wordEnd(bytes, at + 1, lineEnd);
    const keyStart = at + 1;
    if (bytes[at] === BLANK) at = wordEnd(bytes, keyStart, lineEnd);
    const keyEnd = bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
    let word = 1;
    let valueBytes = -1;
    for (; at < lineEnd && bytes[at] !== LINE_FEED; at++) {
      const byte = bytes[at] as number;
      if (byte === BLANK) word++;
      else if (word === lengthWord && byte >= ZERO && byte <= NINE) {
        valueBytes = Math.max(valueBytes, 0) * 10 + byte - ZERO;
      }
    }
    if (at >= lineEnd) break;
    if (keyEnd > keyStart) listener.note(bytes, keyStart, keyEnd);
    at++;
    if (valueBytes >= 0) at = valueBytes < end - at ? at + valueBytes + 2 : end;
  }
  return lines;
}

/** Tells each message's key. @returns how many messages there were, of which the last may not be whole */
function lookAheadInBinary(
  bytes: Uint8Array,
  start: number,
  end: number,
  listener: KeyListener,
  most: number,
): number {
  let messages = 0;
  for (let at = start; messages < most && listener.room > 0; messages++) {
    if (at + HEADER_BYTES > end || bytes[at] !== REQUEST_MAGIC) break;
    const keyStart = at + HEADER_BYTES + (bytes[at + FIELD_AT.extrasLength] as number);
    const keyEnd = keyStart + readUint16(bytes, at + FIELD_AT.keyLength);
    if (keyEnd > keyStart && keyEnd <= end) listener.note(bytes, keyStart, keyEnd);
    at = Math.min(end, at + HEADER_BYTES + readUint32(bytes, at + FIELD_AT.bodyLength));
  }
  return messages;
}

/** @returns where the word that begins at `start` ends, `end` at the latest; with the CR before a line feed */
function wordEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== BLANK && bytes[at] !== LINE_FEED) at++;
  return at;
}

/** 0 where no value follows the line. */
function lengthWordOf(first: number, second: number): number {
  switch (first) {
    case S:
    case A:
    case R:
    case P:
    case C:
      return LENGTH_WORD;
    case M:
      return second === S ? META_LENGTH_WORD : 0;
    default:
      return 0;
  }
}
