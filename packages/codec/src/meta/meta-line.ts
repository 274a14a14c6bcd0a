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
import { readDecimal } from "../decimal.ts";
import type { Limits } from "../limits.ts";
import type { Line } from "../text/line.ts";
import { LENGTH_MAX, refuse, refused, type LineAnswer } from "../text/line-reading.ts";
import type { RequestFields } from "../text/request-fields.ts";
import {
  hasKnownLetters,
  LETTER_B,
  readMaMode,
  readMsMode,
  readOpaque,
  readTokens,
  UNKNOWN_LOWER,
  UNKNOWN_UPPER,
} from "./meta-tokens.ts";

/** From here on bytes count as flags that are there twice. */
const CODE_END = 127;

/** Reads the line of mg, ms, md, ma or me. */
export function readMetaLine(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  const { command } = request;
  const stores = command === "ms";
  request.meta.clear();
  if (line.count < (stores ? 3 : 2)) return refuse(request, "bad-format", line.end);
  request.keyStart = line.wordStart(0);
  request.keyEnd = line.wordEnd(0);
  if (command === "me") return readDebug(request, line, limits);
  request.argumentsEnd = line.lastEnd;
  if (stores) return readStore(request, line, limits);
  if (!readFlags(request, line, limits, 1)) {
    if (command === "ma") request.refusal = "bad-ma-flags";
    return "invalid";
  }
  if (command === "ma" && !readMaMode(request)) return "invalid";
  return readOpaque(request, limits) ? "request" : "invalid";
}

function readStore(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  const valueBytes = readDecimal(request.bytes, line.wordStart(1), line.wordEnd(1), LENGTH_MAX);
  // Without a length the data block cannot be told from commands: it will be read as such, as memcached does.
  if (valueBytes < 0) return refuse(request, "bad-format", line.wordStart(1));
  request.valueBytes = valueBytes;
  if (!readFlags(request, line, limits, 2) || !readMsMode(request)) return "skip";
  if (valueBytes > limits.valueBytesMax) {
    refuse(request, "too-large", line.wordStart(1));
    return "skip";
  }
  return readOpaque(request, limits) ? "value" : "skip";
}

/** Takes the words from `first` on as flags. @returns false if one is refused */
function readFlags(request: RequestFields, line: Line, limits: Limits, first: number): boolean {
  const { bytes, keyStart, meta } = request;
  if (request.keyEnd - keyStart > limits.keyBytesMax) return refused(request, "bad-format", keyStart);
  if (line.count > limits.metaWordsMax) {
    return refused(request, "too-many-flags", line.wordStart(limits.metaWordsMax - 1));
  }
  const { rest } = line;
  const end = (line.count - 1) * 2;
  for (let at = first * 2; at < end; at += 2) {
    const start = rest[at] as number;
    if (meta.add(bytes[start] as number, start, rest[at + 1] as number) !== "added") {
      return refuseLetter(request, line, first);
    }
  }
  return hasKnownLetters(meta) ? readTokens(request) : refuseLetter(request, line, first);
}

/** The first letter that is no flag, or is there again. */
function refuseLetter(request: RequestFields, line: Line, first: number): false {
  const { bytes } = request;
  let upper = UNKNOWN_UPPER;
  let lower = UNKNOWN_LOWER;
  for (let word = first; ; word++) {
    const at = line.wordStart(word);
    const code = bytes[at] as number;
    const bit = 1 << (code & 31);
    if (code >= CODE_END) return refused(request, "duplicate-flag", at);
    if (code < 65 || (code > 90 && code < 97) || code > 122) return refused(request, "invalid-flag", at);
    if (((code < 97 ? upper : lower) & bit) !== 0) {
      const known = ((code < 97 ? UNKNOWN_UPPER : UNKNOWN_LOWER) & bit) === 0;
      return refused(request, known ? "duplicate-flag" : "invalid-flag", at);
    }
    if (code < 97) upper |= bit;
    else lower |= bit;
  }
}

/** `me key [b]`: no other word means anything. */
function readDebug(request: RequestFields, line: Line, limits: Limits): LineAnswer {
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
