// The line of a text request, written with changes: what stays is copied from where it is, from left to right.
//
// The server is to see the request that the decoder saw, and no other. Words that mean nothing are left out: 1.6.18
// refuses a `set` for them, and reads its data block as commands. At a NUL it ends the line, so there is to be none.
//
//     set key 7 60 5 noreply \r\n        mg key v q T30
//         ^     ^    ^                           ^ ^
//         key   exptime                          q T
//               argumentsEnd
//
// Hot path: no allocation a line.

import { base64Length, writeBase64 } from "../base64.ts";
import { hasNul, startsWith } from "../bytes.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { SendBuffer } from "../send-buffer.ts";
import type { RequestFields } from "../text/request-fields.ts";
import type { Changes, ForwardRefusal } from "./forwarding.ts";

const BLANK = 32;
const MINUS = 45;
const NOREPLY = " noreply";
const LETTER_N = 78;
const LETTER_O = 79;
const LETTER_T = 84;
const LETTER_Q = 113;

const { keyBytesMax, lineBytesMax, metaWordsMax } = DEFAULT_LIMITS;

/** More than a line can gain but by its keys: a key that is encoded anew, two exptimes, an opaque. */
const GAIN_BYTES_MAX = 320;

/** A key that is encoded anew; the memory is the caller's, for good. */
export interface Scratch {
  readonly key: Uint8Array;
  readonly line: SendBuffer;
}

export function scratchBytes(): Uint8Array {
  return new Uint8Array(keyBytesMax * 2);
}

/** Which word the exptime is: counted from the first key, -1 for the one before it, 0 for none. */
function exptimeWord({ command }: RequestFields): number {
  switch (command) {
    case "gat":
    case "gats":
      return -1;
    case "touch":
      return 1;
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
    case "cas":
      return 2;
    default:
      return 0;
  }
}

/** How many keys the request has. */
function keysOf(request: RequestFields): number {
  switch (request.command) {
    case "get":
    case "gets":
    case "gat":
    case "gats":
      return request.keyCount;
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
    case "cas":
    case "delete":
    case "incr":
    case "decr":
    case "touch":
    case "mg":
    case "ms":
    case "md":
    case "ma":
    case "me":
      return 1;
    default:
      return 0;
  }
}

/** Writes the line and its end. @param opaque -1 for as it is. @returns why not, and nothing written; null if it was */
export function writeTextLine(
  out: SendBuffer,
  request: RequestFields,
  changes: Changes,
  opaque: number,
  scratch: Scratch,
): ForwardRefusal | null {
  if (hasNul(request.bytes, request.start, request.lineEnd)) return "nul";
  const keys = keysOf(request);
  if (changes.changesKeys && keys > 0) {
    const refusal = refuseKeys(request, changes, keys, scratch.key);
    if (refusal !== null) return refusal;
  }
  if (request.family === "meta" && hasTooMany(request, changes, opaque)) return "too-many-flags";
  const { command, start, lineEnd } = request;
  const isBounded = command !== "get" && command !== "gets";
  const bytesMax = lineEnd - start + GAIN_BYTES_MAX + keys * changes.added.length;
  if (!isBounded || bytesMax <= lineBytesMax) {
    writeLine(out, request, changes, keys, opaque, scratch.key);
    return null;
  }
  const { line } = scratch;
  writeLine(line, request, changes, keys, opaque, scratch.key);
  // The line feed does not count.
  if (line.length - 1 > lineBytesMax) {
    line.clear();
    return "line-too-long";
  }
  out.append(line);
  return null;
}

function refuseKeys(
  request: RequestFields,
  changes: Changes,
  keys: number,
  scratch: Uint8Array,
): ForwardRefusal | null {
  if (request.keyIsBase64) {
    const end = request.copyKey(scratch);
    const refusal = changes.keyRefusal(scratch, 0, end);
    if (refusal !== null) return refusal;
    const keyBytes = end - changes.removed.length + changes.added.length;
    return base64Length(keyBytes) > keyBytesMax ? "key-too-long" : null;
  }
  if (!changes.isWord) return "prefix-unsayable";
  const { bytes, keyOffsets } = request;
  if (keys === 1) return changes.keyRefusal(bytes, request.keyStart, request.keyEnd);
  for (let i = 0; i < keys * 2; i += 2) {
    const refusal = changes.keyRefusal(bytes, keyOffsets[i] as number, keyOffsets[i + 1] as number);
    if (refusal !== null) return refusal;
  }
  return null;
}

function hasTooMany(request: RequestFields, changes: Changes, opaque: number): boolean {
  const { command, meta } = request;
  const stores = command === "ms";
  const words = meta.count + (stores ? 3 : 2);
  const removed = changes.answered && meta.has("q") ? 1 : 0;
  // At one word less than 1.6.45 does 1.6.18 refuse an `ms`, and reads its data block as commands.
  const wordsMax = stores ? metaWordsMax - 1 : metaWordsMax;
  return words - removed + addedFlags(request, changes, opaque) > wordsMax;
}

const addsOpaque = ({ command, meta }: RequestFields, opaque: number): boolean =>
  opaque >= 0 && command !== "mn" && command !== "me" && !meta.has("O");

const addsExptime = ({ command, meta }: RequestFields, changes: Changes): boolean =>
  changes.changesExptime && command === "ms" && !meta.has("T");

const addedFlags = (request: RequestFields, changes: Changes, opaque: number): number =>
  (addsOpaque(request, opaque) ? 1 : 0) + (addsExptime(request, changes) ? 1 : 0);

function writeLine(
  out: SendBuffer,
  request: RequestFields,
  changes: Changes,
  keys: number,
  opaque: number,
  scratch: Uint8Array,
): void {
  const { bytes, argumentsEnd, lineEnd } = request;
  let at = request.start;
  const word = changes.changesExptime ? exptimeWord(request) : 0;
  if (word < 0) {
    const start = wordStart(bytes, wordEnd(bytes, at));
    out.copy(bytes, at, start);
    writeSeconds(out, changes.exptime);
    at = wordEnd(bytes, start);
  }
  if (changes.changesKeys && keys > 0) at = writeKeys(out, request, changes, keys, at, scratch);
  if (word > 0) {
    let start = wordStart(bytes, request.keyEnd);
    if (word === 2) start = wordStart(bytes, wordEnd(bytes, start));
    out.copy(bytes, at, start);
    writeSeconds(out, changes.exptime);
    at = wordEnd(bytes, start);
  }
  const isMeta = request.family === "meta";
  if (isMeta) at = writeFlags(out, request, changes, opaque, at);
  const adds = isMeta && addedFlags(request, changes, opaque) > 0;
  if (!adds && !changes.answered && endsInMeaning(request)) return out.copy(bytes, at, lineEnd);
  out.copy(bytes, at, changes.answered ? answeredEnd(request) : argumentsEnd);
  if (isMeta && addsExptime(request, changes)) {
    out.byte(BLANK);
    out.byte(LETTER_T);
    writeSeconds(out, changes.exptime);
  }
  if (isMeta && addsOpaque(request, opaque)) {
    out.byte(BLANK);
    out.byte(LETTER_O);
    out.decimal(opaque);
  }
  if (request.noreply && !changes.answered) out.latin1(NOREPLY);
  out.byte(13);
  out.byte(10);
}

/** Whether nothing is behind the arguments but `noreply`, and that only if it counts. */
function endsInMeaning({ bytes, argumentsEnd, lineEnd, noreply }: RequestFields): boolean {
  let at = wordStart(bytes, argumentsEnd);
  if (noreply) at = wordStart(bytes, at + NOREPLY.length - 1);
  return at === lineEnd - 1 || (at === lineEnd - 2 && bytes[at] === 13);
}

/** Where the arguments end of a request that is to be answered. */
function answeredEnd({ bytes, argumentsEnd, family, noreply }: RequestFields): number {
  let end = argumentsEnd;
  if (family !== "admin" || !noreply) return end;
  // The argument itself may end in that word, which then would be the one that counts.
  while (startsWith(bytes, end - NOREPLY.length, end, NOREPLY)) {
    end -= NOREPLY.length;
    while (bytes[end - 1] === BLANK) end--;
  }
  return end;
}

/** Copies from `at` to the last key, with the keys changed. @returns where the last key ends */
function writeKeys(
  out: SendBuffer,
  request: RequestFields,
  changes: Changes,
  keys: number,
  from: number,
  scratch: Uint8Array,
): number {
  const { bytes, keyOffsets, keyStart, keyEnd } = request;
  const { added, removed } = changes;
  if (request.keyIsBase64) {
    out.copy(bytes, from, keyStart);
    const end = request.copyKey(scratch);
    scratch.copyWithin(added.length, removed.length, end);
    scratch.set(added);
    writeBase64(out, scratch, end - removed.length + added.length);
    return keyEnd;
  }
  let at = from;
  for (let i = 0; i < keys; i++) {
    const start = keys === 1 ? keyStart : (keyOffsets[i * 2] as number);
    out.copy(bytes, at, start);
    out.copy(added, 0, added.length);
    at = start + removed.length;
  }
  return at;
}

/** Copies from `at` to the last flag, with flags changed or left out. @returns how far */
function writeFlags(
  out: SendBuffer,
  request: RequestFields,
  changes: Changes,
  opaque: number,
  from: number,
): number {
  const { bytes, command, meta } = request;
  if (command === "mn" || command === "me") return from;
  let at = from;
  for (let i = 0; i < meta.count; i++) {
    const start = meta.offsets[i * 2] as number;
    const end = meta.offsets[i * 2 + 1] as number;
    const code = bytes[start];
    if (code === LETTER_Q && changes.answered) {
      let before = start;
      while (bytes[before - 1] === BLANK) before--;
      out.copy(bytes, at, before);
    } else if (changes.changesExptime && (code === LETTER_T || code === LETTER_N)) {
      out.copy(bytes, at, start + 1);
      writeSeconds(out, changes.exptime);
    } else if (opaque >= 0 && code === LETTER_O) {
      out.copy(bytes, at, start + 1);
      out.decimal(opaque);
    } else continue;
    at = end;
  }
  return at;
}

function writeSeconds(out: SendBuffer, seconds: number): void {
  if (seconds < 0) out.byte(MINUS);
  out.decimal(Math.abs(seconds));
}

/** Where the next word begins. Only where there is one. */
function wordStart(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === BLANK) at++;
  return at;
}

/** Where the word ends that a word is followed by on the line. */
function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] !== BLANK && bytes[at] !== 10 && bytes[at] !== 13) at++;
  return at;
}
