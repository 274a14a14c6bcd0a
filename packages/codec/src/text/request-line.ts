// One command line, split into words, into the fields of a request. Hot path: no allocation a line.
//
//     set  key 0 0  5 noreply \r\n
//     ^start           ^argumentsEnd
//     command, key, flags, exptime, valueBytes, noreply

import { startsWith } from "../bytes.ts";
import { readDecimal, readDecimal64 } from "../decimal.ts";
import type { Limits } from "../limits.ts";
import { readMetaLine } from "../meta/meta-line.ts";
import { commandName } from "./command-name.ts";
import { readExptime } from "./exptime.ts";
import type { Line } from "./line.ts";
import { LENGTH_MAX, refuse, type LineAnswer } from "./line-reading.ts";
import type { RequestFields } from "./request-fields.ts";

/** memcached looks for a command in four bytes or more, the line's end counted. */
const LINE_BYTES_MIN = 4;

/** Reads the line that has been split: `bytes`, `start`, `lineEnd` and `keyOffsets` are set. */
export function readLine(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  request.noreply = false;
  request.quiet = false;
  if (line.count === 0 || line.offsets[0] !== request.start) return refuseUnknown(request, line);
  const wordEnd = line.offsets[1] as number;
  const command = commandName(request.bytes, request.start, wordEnd);
  if (command === undefined) return refuseUnknown(request, line);
  request.argumentsEnd = wordEnd;
  request.command = command;
  request.family = "classic";
  switch (command) {
    case "get":
    case "gets":
      return readKeys(request, line, limits, 0);
    case "gat":
    case "gats":
      return readGetAndTouch(request, line, limits);
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
      return readStorage(request, line, limits, 4);
    case "cas":
      return readStorage(request, line, limits, 5);
    case "delete":
      return readDelete(request, line, limits);
    case "incr":
    case "decr":
      return readArithmetic(request, line, limits);
    case "touch":
      return readTouch(request, line, limits);
    case "flush_all":
      return readFlush(request, line);
    case "verbosity":
      return readVerbosity(request, line);
    case "stats":
    case "shutdown":
      return readArgument(request, line);
    case "version":
    case "quit":
      return "request";
    case "mg":
    case "ms":
    case "md":
    case "ma":
    case "me":
      request.family = "meta";
      return readMetaLine(request, line, limits);
    case "mn":
      request.family = "meta";
      return request.lineEnd - request.start < LINE_BYTES_MIN ? refuseUnknown(request, line) : "request";
    case "watch":
    case "config":
      request.family = "admin";
      return readArgument(request, line);
    case "lru_crawler":
    case "lru":
    case "slabs":
    case "cache_memlimit":
    case "refresh_certs":
    case "extstore":
    case "debugtime":
      request.family = "admin";
      request.noreply = line.count > 1 && endsInNoreply(request, line);
      return readArgument(request, line);
  }
}

function refuseUnknown(request: RequestFields, line: Line): "invalid" | "fatal" {
  request.family = "none";
  if (request.lineEnd - request.start < LINE_BYTES_MIN) return refuse(request, "bad-format", request.start);
  refuse(request, "unknown-command", request.start);
  // A browser or a forged form post: memcached drops it without a word.
  if (line.count === 0 || !startsWith(request.bytes, line.lastStart, line.lastEnd, "HTTP/")) return "invalid";
  request.refusal = "http";
  return "fatal";
}

/** Takes the words from `first` on as keys. */
function readKeys(request: RequestFields, line: Line, limits: Limits, first: number): LineAnswer {
  const { keyOffsets } = request;
  const count = line.count - 1 - first;
  if (count <= 0) return refuse(request, "bad-format", line.end);
  if (count > limits.keysMax) return refuse(request, "too-many-keys", line.wordStart(first + limits.keysMax));
  if (first > 0) keyOffsets.copyWithin(0, first * 2, (first + count) * 2);
  const { keyBytesMax } = limits;
  for (let i = 0; i < count * 2; i += 2) {
    const start = keyOffsets[i] as number;
    if ((keyOffsets[i + 1] as number) - start > keyBytesMax) return refuse(request, "bad-format", start);
  }
  request.keyCount = count;
  request.keyStart = keyOffsets[0] as number;
  request.keyEnd = keyOffsets[1] as number;
  request.argumentsEnd = keyOffsets[count * 2 - 1] as number;
  return "request";
}

function readGetAndTouch(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  if (line.count < 3) return refuse(request, "bad-format", line.end);
  return readSeconds(request, line, 0)
    ? readKeys(request, line, limits, 1)
    : refuse(request, "bad-exptime", line.wordStart(0));
}

function readStorage(request: RequestFields, line: Line, limits: Limits, words: number): LineAnswer {
  const { bytes } = request;
  const count = line.count - 1;
  if (count < words) return refuse(request, "bad-format", line.end);
  // Also where the word stands in the place of another: who wrote it reads no answer.
  request.noreply = endsInNoreply(request, line);
  const valueBytes = readDecimal(bytes, line.wordStart(3), line.wordEnd(3), LENGTH_MAX);
  // Without a length the data block cannot be told from commands: it will be read as such, as memcached does.
  if (valueBytes < 0) return refuse(request, "bad-format", line.wordStart(3));
  request.valueBytes = valueBytes;
  request.argumentsEnd = line.wordEnd(words - 1);
  const flags = readDecimal(bytes, line.wordStart(1), line.wordEnd(1), 0xffff_ffff);
  let wrong = -1;
  if (!readKey(request, line, limits)) wrong = 0;
  else if (flags < 0) wrong = 1;
  else if (!readSeconds(request, line, 2)) wrong = 2;
  else if (words === 5 && !readDecimal64(bytes, line.wordStart(4), line.wordEnd(4), request.cas)) wrong = 4;
  if (wrong >= 0) {
    refuse(request, "bad-format", line.wordStart(wrong));
    return "skip";
  }
  request.flags = flags;
  if (valueBytes <= limits.valueBytesMax) return "value";
  refuse(request, "too-large", line.wordStart(3));
  return "skip";
}

/** memcached once took a time here; `0` and `noreply` are what remains of that, and all that is taken. */
function readDelete(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  const count = line.count - 1;
  if (count === 0) return refuse(request, "bad-format", line.end);
  if (count > 3) return refuse(request, "unknown-command", line.wordStart(3));
  // The only word may be the key `noreply`.
  request.noreply = count > 1 && endsInNoreply(request, line);
  const zero =
    count > 1 && line.wordEnd(1) - line.wordStart(1) === 1 && request.bytes[line.wordStart(1)] === 48;
  const known = count === 1 || (count === 2 && (zero || request.noreply)) || (zero && request.noreply);
  if (!known) return refuse(request, "bad-delete", line.wordStart(zero ? 2 : 1));
  request.argumentsEnd = line.wordEnd(0);
  return readKey(request, line, limits) ? "request" : refuse(request, "bad-format", line.wordStart(0));
}

function readArithmetic(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  if (line.count < 3) return refuse(request, "bad-format", line.end);
  request.noreply = endsInNoreply(request, line);
  request.argumentsEnd = line.wordEnd(1);
  if (!readKey(request, line, limits)) return refuse(request, "bad-format", line.wordStart(0));
  return readDecimal64(request.bytes, line.wordStart(1), line.wordEnd(1), request.delta)
    ? "request"
    : refuse(request, "bad-delta", line.wordStart(1));
}

function readTouch(request: RequestFields, line: Line, limits: Limits): LineAnswer {
  if (line.count < 3) return refuse(request, "bad-format", line.end);
  request.noreply = endsInNoreply(request, line);
  request.argumentsEnd = line.wordEnd(1);
  if (!readKey(request, line, limits)) return refuse(request, "bad-format", line.wordStart(0));
  return readSeconds(request, line, 1) ? "request" : refuse(request, "bad-exptime", line.wordStart(1));
}

/** `flush_all [delay] [noreply]` */
function readFlush(request: RequestFields, line: Line): LineAnswer {
  const count = line.count - 1;
  request.noreply = count > 0 && endsInNoreply(request, line);
  request.exptime = 0;
  if (count === (request.noreply ? 1 : 0)) return "request";
  request.argumentsEnd = line.wordEnd(0);
  return readSeconds(request, line, 0) ? "request" : refuse(request, "bad-exptime", line.wordStart(0));
}

/** `verbosity level [noreply]` */
function readVerbosity(request: RequestFields, line: Line): LineAnswer {
  if (line.count < 2) return refuse(request, "bad-format", line.end);
  request.noreply = endsInNoreply(request, line);
  request.argumentsEnd = line.wordEnd(0);
  request.exptime = readDecimal(request.bytes, line.wordStart(0), line.wordEnd(0), 0xffff_ffff);
  return request.exptime >= 0 ? "request" : refuse(request, "bad-format", line.wordStart(0));
}

/** All words behind the command, but for `noreply`, are the argument. */
function readArgument(request: RequestFields, line: Line): LineAnswer {
  let start = line.end;
  let end = line.end;
  if (line.count > (request.noreply ? 2 : 1)) {
    start = line.wordStart(0);
    end = request.noreply ? line.lastStart : line.lastEnd;
    while (request.bytes[end - 1] === 32) end--;
    request.argumentsEnd = end;
  }
  request.valueStart = start;
  request.valueEnd = end;
  return "request";
}

/** The first word is the key. */
function readKey(request: RequestFields, line: Line, limits: Limits): boolean {
  const start = line.wordStart(0);
  const end = line.wordEnd(0);
  request.keyStart = start;
  request.keyEnd = end;
  return end - start <= limits.keyBytesMax;
}

/** Reads a word as a number that may be negative. */
function readSeconds(request: RequestFields, line: Line, word: number): boolean {
  const seconds = readExptime(request.bytes, line.wordStart(word), line.wordEnd(word));
  if (Number.isNaN(seconds)) return false;
  request.exptime = seconds;
  return true;
}

function endsInNoreply({ bytes }: RequestFields, { lastStart, lastEnd }: Line): boolean {
  return lastEnd - lastStart === 7 && startsWith(bytes, lastStart, lastEnd, "noreply");
}
