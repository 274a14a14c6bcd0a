// One line of a meta command, split into words, into the fields of a request. Hot path: no allocation a line.
//
//     ms  key 5 T30 O123 k \r\n
//         ^   ^ ^ flags, each a letter and what follows it
//         |   valueBytes, of ms alone
//         key, in base64 if there is a flag b
//
// What is looked at first decides which text is told of a line with several mistakes. The order is memcached's: key,
// number of words, then flag by flag; a letter that is wrong is told at once, of tokens that are wrong the last.

import { base64Bytes } from "../base64.ts";
import { readDecimal, readDecimal64, type Halves } from "../decimal.ts";
import { readExptime } from "../text/exptime.ts";
import { LENGTH_MAX, refuse, type LineAnswer, type LineReading } from "../text/line-reading.ts";
import type { Refusal } from "../text/refusal.ts";
import type { RequestFields } from "../text/request-fields.ts";

/** From here on bytes count as flags that are there twice. */
const CODE_END = 127;

const LETTER_B = 98;

/** Reads the line of mg, ms, md, ma or me. */
export function readMetaLine(request: RequestFields, reading: LineReading): LineAnswer {
  const { line } = reading;
  const { command } = request;
  const stores = command === "ms";
  request.meta.clear();
  request.quiet = false;
  if (line.count < (stores ? 3 : 2)) return refuse(request, "bad-format", line.end);
  request.keyStart = line.wordStart(0);
  request.keyEnd = line.wordEnd(0);
  if (command === "me") return readDebug(request, reading);
  request.argumentsEnd = line.lastEnd;
  if (!stores) {
    if (!readFlags(request, reading, 1)) {
      if (command === "ma") request.refusal = "bad-ma-flags";
      return "invalid";
    }
    if (command === "ma" && !readMaMode(request)) return "invalid";
    return readOpaque(request, reading) ? "request" : "invalid";
  }
  const valueBytes = readDecimal(request.bytes, line.wordStart(1), line.wordEnd(1), LENGTH_MAX);
  // Without a length the data block cannot be told from commands: it will be read as such, as memcached does.
  if (valueBytes < 0) return refuse(request, "bad-format", line.wordStart(1));
  request.valueBytes = valueBytes;
  if (!readFlags(request, reading, 2) || !readMsMode(request)) return "skip";
  if (valueBytes > reading.limits.valueBytesMax) {
    refuse(request, "too-large", line.wordStart(1));
    return "skip";
  }
  return readOpaque(request, reading) ? "value" : "skip";
}

/** Takes the words from `first` on as flags. @returns false if one is refused */
function readFlags(request: RequestFields, reading: LineReading, first: number): boolean {
  const { line, limits } = reading;
  const { bytes, meta, keyStart } = request;
  forgetTokens(request);
  if (request.keyEnd - keyStart > limits.keyBytesMax) return refused(request, "bad-format", keyStart);
  if (line.count > limits.metaWordsMax) {
    return refused(request, "too-many-flags", line.wordStart(limits.metaWordsMax - 1));
  }
  let wrong: Refusal | null = null;
  let wrongAt = 0;
  for (let word = first; word < line.count - 1; word++) {
    const start = line.wordStart(word);
    const end = line.wordEnd(word);
    const code = bytes[start] as number;
    if (code >= CODE_END) return refused(request, "duplicate-flag", start);
    const added = meta.add(code, start, end);
    if (added === "duplicate") return refused(request, "duplicate-flag", start);
    const found =
      added === "added" ? readToken(request, code, start + 1, end, reading.scratch) : "invalid-flag";
    if (found === null) continue;
    if (found === "invalid-flag") return refused(request, found, start);
    // Client flags that are wrong have no text of their own, and leave that of another token as it is.
    if (found === "bad-format" && wrong !== null) continue;
    wrong = found;
    wrongAt = found === "bad-base64" ? keyStart : start;
  }
  return wrong === null || refused(request, wrong, wrongAt);
}

/** What a line without these flags means. */
function forgetTokens(request: RequestFields): void {
  request.flags = 0;
  request.exptime = 0;
  request.vivifyExptime = 0;
  request.recacheExptime = 0;
  request.delta.high = 0;
  request.delta.low = 1;
  request.initial.high = 0;
  request.initial.low = 0;
}

/** Reads what follows a flag's letter. @returns what is wrong with it; null if nothing is */
function readToken(
  request: RequestFields,
  code: number,
  start: number,
  end: number,
  scratch: Halves,
): Refusal | null {
  const { bytes } = request;
  switch (code) {
    case 76: // L
    case 77: // M, which means something to ms and ma alone
    case 79: // O
    case 80: // P
    case 73: // I
    case 99: // c
    case 102: // f
    case 104: // h
    case 107: // k
    case 108: // l
    case 115: // s
    case 116: // t
    case 117: // u
    case 118: // v
    case 120: // x
      return null;
    case 113: // q
      request.quiet = true;
      return null;
    case LETTER_B:
      return base64Bytes(bytes, request.keyStart, request.keyEnd) > 0 ? null : "bad-base64";
    case 84: // T
      request.exptime = readExptime(bytes, start, end, scratch);
      return Number.isNaN(request.exptime) ? "bad-token" : null;
    case 78: // N
      request.vivifyExptime = readExptime(bytes, start, end, scratch);
      return Number.isNaN(request.vivifyExptime) ? "bad-token" : null;
    case 82: // R
      request.recacheExptime = readExptime(bytes, start, end, scratch);
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
    default:
      return "invalid-flag";
  }
}

/** memcached looks at the first byte of the token only. */
function readMsMode(request: RequestFields): boolean {
  const at = request.meta.tokenStart("M");
  switch (at < 0 ? 83 : modeCode(request, at)) {
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
      return refused(request, "bad-ms-mode", at - 1);
  }
}

function readMaMode(request: RequestFields): boolean {
  const at = request.meta.tokenStart("M");
  switch (at < 0 ? 73 : modeCode(request, at)) {
    case 73: // I
    case 43: // +
      request.mode = "I";
      return true;
    case 68: // D
    case 45: // -
      request.mode = "D";
      return true;
    default:
      return refused(request, "bad-ma-mode", at - 1);
  }
}

function modeCode({ bytes, meta }: RequestFields, at: number): number {
  return at < meta.tokenEnd("M") ? (bytes[at] as number) : 0;
}

function readOpaque(request: RequestFields, { limits }: LineReading): boolean {
  const start = request.meta.tokenStart("O");
  if (start < 0 || request.meta.tokenEnd("O") - start <= limits.opaqueBytesMax) return true;
  return refused(request, "opaque-too-long", start - 1);
}

/** `me key [b]`: no other word means anything. */
function readDebug(request: RequestFields, { line, limits }: LineReading): LineAnswer {
  const { bytes, meta, keyStart, keyEnd } = request;
  request.argumentsEnd = keyEnd;
  if (keyEnd - keyStart > limits.keyBytesMax) return refuse(request, "bad-format", keyStart);
  if (line.count < 3) return "request";
  const start = line.wordStart(1);
  const end = line.wordEnd(1);
  if (end - start !== 1 || bytes[start] !== LETTER_B) return "request";
  meta.add(LETTER_B, start, end);
  request.argumentsEnd = end;
  return base64Bytes(bytes, keyStart, keyEnd) > 0 ? "request" : refuse(request, "bad-format", keyStart);
}

function refused(request: RequestFields, refusal: Refusal, at: number): false {
  refuse(request, refusal, at);
  return false;
}
