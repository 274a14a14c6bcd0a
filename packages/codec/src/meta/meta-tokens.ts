// What the flags of a meta line say, once their letters are known. Hot path: a letter is a bit of a mask.

import { base64Bytes } from "../base64.ts";
import { readDecimal, readDecimal64 } from "../decimal.ts";
import type { Limits } from "../limits.ts";
import { readExptime } from "../text/exptime.ts";
import { refused } from "../text/line-reading.ts";
import type { Refusal } from "../text/refusal.ts";
import type { RequestFields } from "../text/request-fields.ts";
import type { MetaFlags } from "./meta-flags.ts";

export const LETTER_B = 98;

const bitsOf = (letters: string): number => {
  let bits = 0;
  for (let i = 0; i < letters.length; i++) bits |= 1 << (letters.charCodeAt(i) & 31);
  return bits;
};

/** Letters that no meta command knows. */
export const UNKNOWN_UPPER: number = ~bitsOf("CDEFIJLMNOPRT");
export const UNKNOWN_LOWER: number = ~bitsOf("bcfhklqstuvx");

const WITH_NUMBER = bitsOf("CDEFJNRT");
const MODE = bitsOf("M");
const OPAQUE = bitsOf("O");
const QUIET = bitsOf("q");
const BASE64 = bitsOf("b");

export function hasKnownLetters({ lower, upper }: MetaFlags): boolean {
  return (upper & UNKNOWN_UPPER) === 0 && (lower & UNKNOWN_LOWER) === 0;
}

/** Reads all that is a number, and looks at a key in base64. @returns false if one is refused, of several the last */
export function readTokens(request: RequestFields): boolean {
  const { bytes, keyStart, meta } = request;
  const { lower, offsets, upper } = meta;
  request.quiet = (lower & QUIET) !== 0;
  forgetNumbers(request);
  if ((upper & WITH_NUMBER) === 0 && (lower & BASE64) === 0) return true;
  let wrong: Refusal | null = null;
  let wrongAt = 0;
  for (let at = 0; at < meta.count * 2; at += 2) {
    const start = offsets[at] as number;
    const found = readToken(request, bytes[start] as number, start + 1, offsets[at + 1] as number);
    // Client flags that are wrong have no text of their own, and leave that of another token as it is.
    if (found === null || (found === "bad-format" && wrong !== null)) continue;
    wrong = found;
    wrongAt = found === "bad-base64" ? keyStart : start;
  }
  return wrong === null || refused(request, wrong, wrongAt);
}

/** What a line without these flags means. */
function forgetNumbers(request: RequestFields): void {
  request.flags = 0;
  request.exptime = 0;
  request.vivifyExptime = 0;
  request.recacheExptime = 0;
  if (request.command !== "ma") return;
  request.delta.high = 0;
  request.delta.low = 1;
  request.initial.high = 0;
  request.initial.low = 0;
}

/** Reads what follows a flag's letter, if that is a number. @returns what is wrong with it; null if nothing is */
function readToken(request: RequestFields, code: number, start: number, end: number): Refusal | null {
  const { bytes } = request;
  switch (code) {
    case 84: // T
      request.exptime = readExptime(bytes, start, end);
      return Number.isNaN(request.exptime) ? "bad-token" : null;
    case 78: // N
      request.vivifyExptime = readExptime(bytes, start, end);
      return Number.isNaN(request.vivifyExptime) ? "bad-token" : null;
    case 82: // R
      request.recacheExptime = readExptime(bytes, start, end);
      return Number.isNaN(request.recacheExptime) ? "bad-token" : null;
    case 70: // F
      request.flags = readDecimal(bytes, start, end, 0xffff_ffff);
      return request.flags < 0 ? "bad-format" : null;
    case 67: // C
      return readDecimal64(bytes, start, end, request.cas) ? null : "bad-token";
    case 69: // E
      return readDecimal64(bytes, start, end, request.newCas) ? null : "bad-token";
    case 68: // D
      return readDecimal64(bytes, start, end, request.delta) ? null : "bad-meta-delta";
    case 74: // J
      return readDecimal64(bytes, start, end, request.initial) ? null : "bad-initial";
    case LETTER_B:
      return base64Bytes(bytes, request.keyStart, request.keyEnd) > 0 ? null : "bad-base64";
    default:
      return null;
  }
}

/** memcached looks at the first byte of the token only. */
export function readMsMode(request: RequestFields): boolean {
  if ((request.meta.upper & MODE) === 0) {
    request.mode = "S";
    return true;
  }
  switch (modeCode(request)) {
    case 83:
      request.mode = "S";
      return true;
    case 69:
      request.mode = "E";
      return true;
    case 65:
      request.mode = "A";
      return true;
    case 80:
      request.mode = "P";
      return true;
    case 82:
      request.mode = "R";
      return true;
    default:
      return refused(request, "bad-ms-mode", request.meta.tokenStart("M") - 1);
  }
}

export function readMaMode(request: RequestFields): boolean {
  if ((request.meta.upper & MODE) === 0) {
    request.mode = "I";
    return true;
  }
  switch (modeCode(request)) {
    case 73: // I
    case 43: // +
      request.mode = "I";
      return true;
    case 68: // D
    case 45: // -
      request.mode = "D";
      return true;
    default:
      return refused(request, "bad-ma-mode", request.meta.tokenStart("M") - 1);
  }
}

function modeCode({ bytes, meta }: RequestFields): number {
  const at = meta.tokenStart("M");
  return at < meta.tokenEnd("M") ? (bytes[at] as number) : 0;
}

export function readOpaque(request: RequestFields, limits: Limits): boolean {
  const { meta } = request;
  if ((meta.upper & OPAQUE) === 0) return true;
  const i = meta.indexOf("O");
  const start = meta.offsets[i * 2] as number;
  if ((meta.offsets[i * 2 + 1] as number) - start - 1 <= limits.opaqueBytesMax) return true;
  return refused(request, "opaque-too-long", start);
}
