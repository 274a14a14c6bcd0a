// The lines that most traffic is made of, as clients write them, read in the one pass that finds their end:
//
//     get key                        mg key flag flag
//     set key flags exptime bytes    ms key bytes flag flag
//
// Whatever is not just so, well formed or not, is left to `readLine`, which says the same of these. Hot path: splitting
// a line into words first takes twice the time.

import { readDecimal } from "../decimal.ts";
import type { Limits } from "../limits.ts";
import { hasKnownLetters, readMsMode, readOpaque, readTokens } from "../meta/meta-tokens.ts";
import { LENGTH_MAX } from "./line-reading.ts";
import type { RequestFields } from "./request-fields.ts";

const BLANK = 32;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

const LETTER_E = 101;
const LETTER_G = 103;
const LETTER_M = 109;
const LETTER_S = 115;
const LETTER_T = 116;

/**
 * Reads the line at `start` if it is one of these, whole before `end`, and nothing is wrong with it.
 *
 * @returns null if it is not: what is set of the fields then means nothing
 */
export function readFastLine(
  request: RequestFields,
  end: number,
  limits: Limits,
): "request" | "value" | null {
  const { bytes, start } = request;
  if (start + 4 > end) return null;
  const second = bytes[start + 1];
  switch (bytes[start]) {
    case LETTER_G:
      if (second !== LETTER_E || bytes[start + 2] !== LETTER_T || bytes[start + 3] !== BLANK) return null;
      return readGet(request, end, limits);
    case LETTER_S:
      if (second !== LETTER_E || bytes[start + 2] !== LETTER_T || bytes[start + 3] !== BLANK) return null;
      return readSet(request, end, limits);
    case LETTER_M:
      if ((second !== LETTER_G && second !== LETTER_S) || bytes[start + 2] !== BLANK) return null;
      return readMeta(request, end, limits, second === LETTER_S);
    default:
      return null;
  }
}

function readGet(request: RequestFields, end: number, limits: Limits): "request" | null {
  const { keyOffsets } = request;
  const keyStart = request.start + 4;
  const keyEnd = readKey(request, keyStart, end, limits);
  if (!endLine(request, keyEnd, end, limits)) return null;
  request.family = "classic";
  request.command = "get";
  request.noreply = false;
  request.quiet = false;
  request.keyCount = 1;
  keyOffsets[0] = keyStart;
  keyOffsets[1] = keyEnd;
  return "request";
}

function readSet(request: RequestFields, end: number, limits: Limits): "value" | null {
  const { bytes } = request;
  const keyEnd = readKey(request, request.start + 4, end, limits);
  const flagsEnd = wordEnd(bytes, keyEnd + 1, end);
  const exptimeEnd = wordEnd(bytes, flagsEnd + 1, end);
  const lengthEnd = wordEnd(bytes, exptimeEnd + 1, end);
  if (bytes[keyEnd] !== BLANK || bytes[flagsEnd] !== BLANK || bytes[exptimeEnd] !== BLANK) return null;
  const flags = readDecimal(bytes, keyEnd + 1, flagsEnd, 0xffff_ffff);
  const exptime = readDecimal(bytes, flagsEnd + 1, exptimeEnd, 0xffff_ffff);
  const valueBytes = readLength(bytes, exptimeEnd + 1, lengthEnd, limits);
  if (flags < 0 || exptime < 0 || valueBytes < 0 || !endLine(request, lengthEnd, end, limits)) return null;
  request.family = "classic";
  request.command = "set";
  request.noreply = false;
  request.quiet = false;
  request.flags = flags;
  request.exptime = exptime;
  request.valueBytes = valueBytes;
  return "value";
}

function readMeta(
  request: RequestFields,
  end: number,
  limits: Limits,
  stores: boolean,
): "request" | "value" | null {
  const { bytes, meta } = request;
  let at = readKey(request, request.start + 3, end, limits);
  if (stores) {
    const from = at + 1;
    if (bytes[at] !== BLANK) return null;
    at = wordEnd(bytes, from, end);
    request.valueBytes = readLength(bytes, from, at, limits);
    if (request.valueBytes < 0) return null;
  }
  at = meta.addAll(bytes, at, end);
  if (at < 0 || meta.count + (stores ? 3 : 2) > limits.metaWordsMax) return null;
  request.command = stores ? "ms" : "mg";
  if (!endLine(request, at, end, limits) || !hasKnownLetters(meta) || !readTokens(request)) return null;
  if ((stores && !readMsMode(request)) || !readOpaque(request, limits)) return null;
  request.family = "meta";
  request.noreply = false;
  return stores ? "value" : "request";
}

/** @returns -1 also for a length that is refused, whatever the limit is. */
function readLength(bytes: Uint8Array, start: number, end: number, { valueBytesMax }: Limits): number {
  return readDecimal(bytes, start, end, valueBytesMax < LENGTH_MAX ? valueBytesMax : LENGTH_MAX);
}

/** The first key. @returns where it ends; its start if it is too long */
function readKey(request: RequestFields, start: number, end: number, limits: Limits): number {
  const keyEnd = wordEnd(request.bytes, start, end);
  request.keyStart = start;
  request.keyEnd = keyEnd;
  return keyEnd - start > limits.keyBytesMax ? start : keyEnd;
}

/** Behind the word that begins at `from`. */
function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] as number) > BLANK) at++;
  return at;
}

/** Whether the last word ends at `at`, there is one, and the line is not too long. */
function endLine(request: RequestFields, at: number, end: number, limits: Limits): boolean {
  const { bytes } = request;
  if (at + 1 >= end || bytes[at] !== CARRIAGE_RETURN || bytes[at + 1] !== LINE_FEED) return false;
  if (request.keyEnd === request.keyStart || at + 1 - request.start > limits.lineBytesMax) return false;
  request.argumentsEnd = at;
  request.lineEnd = at + 2;
  return true;
}
