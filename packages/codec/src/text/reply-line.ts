// A reply's line, read thoroughly: where it is not what memcached sends, and what it says if it is.

import { readDecimal, readDecimal64 } from "../decimal.ts";
import type { MetaFlags } from "../meta/meta-flags.ts";
import type { ReplyFields } from "./reply-fields.ts";
import type { ReplyWord } from "./reply-word.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const FLAGS_MAX = 0xffff_ffff;

/** What `read` answers of a line that is well formed. */
export const WELL_FORMED = -1;

export class ReplyLine {
  /** Where the length of the value stands, if there is one. */
  lengthStart = 0;
  readonly #keyBytesMax: number;
  readonly #lengthMax: number;

  constructor(keyBytesMax: number, lengthMax: number) {
    this.#keyBytesMax = keyBytesMax;
    this.#lengthMax = lengthMax;
  }

  /**
   * Reads what follows the word. Meta flags were read before, to find the line's end.
   *
   * @returns where it is wrong, if it is
   */
  read(reply: ReplyFields, word: ReplyWord, wordEnd: number, lineEnd: number): number {
    switch (word.form) {
      case "bare":
        return wordEnd === lineEnd ? WELL_FORMED : wordEnd;
      case "flags":
        return wordEnd === lineEnd || reply.bytes[wordEnd] === BLANK ? WELL_FORMED : wordEnd;
      case "text":
      case "admin":
        return readText(reply, wordEnd, lineEnd);
      case "log":
        return readLog(reply, wordEnd, lineEnd);
      case "item":
        return this.#item(reply, wordEnd, lineEnd);
      case "value":
        return this.#metaValue(reply, wordEnd, lineEnd);
      case "block":
        return this.#block(reply, wordEnd, lineEnd);
    }
  }

  /** `ME <key> <text>`. */
  #item(reply: ReplyFields, wordEnd: number, lineEnd: number): number {
    const { bytes } = reply;
    const keyStart = wordEnd + 1;
    const keyEnd = wordEndOf(bytes, keyStart, lineEnd);
    if (bytes[wordEnd] !== BLANK) return wordEnd;
    if (!this.#isKey(keyStart, keyEnd)) return keyStart;
    reply.keyStart = keyStart;
    reply.keyEnd = keyEnd;
    reply.valueStart = keyEnd < lineEnd ? keyEnd + 1 : keyEnd;
    reply.valueEnd = lineEnd;
    return WELL_FORMED;
  }

  /** `VA <bytes> <flags>*`. */
  #metaValue(reply: ReplyFields, wordEnd: number, lineEnd: number): number {
    const { bytes } = reply;
    const lengthStart = wordEnd + 1;
    if (bytes[wordEnd] !== BLANK) return wordEnd;
    reply.valueBytes = this.#length(bytes, lengthStart, wordEndOf(bytes, lengthStart, lineEnd));
    return reply.valueBytes < 0 ? lengthStart : WELL_FORMED;
  }

  /** `VALUE <key> <flags> <bytes> [<cas unique>]`, and `CONFIG` without the last. */
  #block(reply: ReplyFields, wordEnd: number, lineEnd: number): number {
    const { bytes } = reply;
    const keyStart = wordEnd + 1;
    const keyEnd = wordEndOf(bytes, keyStart, lineEnd);
    const flagsEnd = wordEndOf(bytes, keyEnd + 1, lineEnd);
    const lengthStart = flagsEnd + 1;
    const lengthEnd = wordEndOf(bytes, lengthStart, lineEnd);
    if (bytes[wordEnd] !== BLANK) return wordEnd;
    if (!this.#isKey(keyStart, keyEnd)) return keyStart;
    reply.flags = readDecimal(bytes, keyEnd + 1, flagsEnd, FLAGS_MAX);
    if (reply.flags < 0) return Math.min(keyEnd + 1, lineEnd);
    reply.valueBytes = this.#length(bytes, lengthStart, lengthEnd);
    if (reply.valueBytes < 0) return Math.min(lengthStart, lineEnd);
    reply.hasCas = lengthEnd < lineEnd;
    if (reply.hasCas) {
      const casStart = lengthEnd + 1;
      const isCas = reply.kind === "value" && readDecimal64(bytes, casStart, lineEnd, reply.cas);
      if (!isCas) return casStart;
    }
    reply.keyStart = keyStart;
    reply.keyEnd = keyEnd;
    return WELL_FORMED;
  }

  #isKey(keyStart: number, keyEnd: number): boolean {
    return keyStart < keyEnd && keyEnd - keyStart <= this.#keyBytesMax;
  }

  /** -1 if it is none, or more than memcached can have and the limits allow. */
  #length(bytes: Uint8Array, start: number, end: number): number {
    this.lengthStart = start;
    return readDecimal(bytes, start, end, this.#lengthMax);
  }
}

/** The new value of `incr` or `decr`. Old servers showed the blanks that decr pads what it stores with. */
export function readNumber(reply: ReplyFields, lineEnd: number): number {
  const { bytes, start } = reply;
  let end = lineEnd;
  while (end > start && bytes[end - 1] === BLANK) end--;
  if (readDecimal64(bytes, start, end, reply.number)) {
    reply.kind = "number";
    return WELL_FORMED;
  }
  let at = start;
  while (at < end && ((bytes[at] as number) ^ 48) < 10) at++;
  return at < end ? at : start;
}

/** Reads flags up to the line's end, from a blank or that end on. @returns where its line feed is; -1 if nowhere */
export function readMetaFlags(meta: MetaFlags, bytes: Uint8Array, from: number, end: number): number {
  meta.clear();
  let at = from;
  for (;;) {
    while (at < end && bytes[at] === BLANK) at++;
    const flagStart = at;
    while (at < end && (bytes[at] as number) > BLANK) at++;
    if (at < end && bytes[at] === BLANK) {
      meta.add(bytes[flagStart] as number, flagStart, at);
      continue;
    }
    while (at < end && bytes[at] !== BLANK && bytes[at] !== LINE_FEED) at++;
    if (at >= end) return -1;
    const isLast = bytes[at] === LINE_FEED;
    const flagEnd = isLast && at > flagStart && bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
    if (flagEnd > flagStart) meta.add(bytes[flagStart] as number, flagStart, flagEnd);
    if (isLast) return at;
  }
}

function readText(reply: ReplyFields, wordEnd: number, lineEnd: number): number {
  const behind = reply.bytes[wordEnd];
  if (wordEnd < lineEnd && behind === CARRIAGE_RETURN) return wordEnd;
  reply.valueStart = wordEnd < lineEnd && behind === BLANK ? wordEnd + 1 : wordEnd;
  reply.valueEnd = lineEnd;
  return WELL_FORMED;
}

function readLog(reply: ReplyFields, wordEnd: number, lineEnd: number): number {
  const { bytes, start } = reply;
  const inBrackets = bytes[start] === OPEN_BRACKET;
  if (inBrackets && bytes[lineEnd - 1] !== CLOSE_BRACKET) return lineEnd;
  reply.valueStart = wordEnd;
  reply.valueEnd = inBrackets ? lineEnd - 1 : lineEnd;
  return WELL_FORMED;
}

/** Where the word ends that begins at `from`. */
function wordEndOf(bytes: Uint8Array, from: number, lineEnd: number): number {
  let at = from;
  while (at < lineEnd && bytes[at] !== BLANK) at++;
  return at;
}
