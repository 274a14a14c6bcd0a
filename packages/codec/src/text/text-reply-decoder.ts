// Replies of the text protocol, as a client or proxy receives them.
//
//     receive(chunk)   lends bytes
//     next()           moves to the next reply:
//         "reply"      the decoder itself is the reply: kind, offsets into `bytes`, numbers
//         "head"       a reply whose value comes in pieces: all but the value; `start` to `end` is its line
//         "part"       some of that value: `partStart` to `partEnd`, and `start` to `end`
//         "tail"       the line end behind that value: the reply is whole
//         "fatal"      no memcached sends this, and every later call answers the same: replies can only be paired
//                      with requests while the stream is in step
//         "need-data"  nothing whole is left; the chunk is the caller's again
//
// Offsets hold until the next call of `next`, `receive` or `keep`. Input never throws, memory stays within the
// limits, and what the chunks' borders are changes nothing, but where pieces begin. Hot path: no allocation a reply.
//
// What is hot reads a line once and takes what is usual; all else goes to the thorough reading, which alone says what
// is wrong. Both must agree on what they take: the laws and the fuzzer compare them by cutting.

import { BridgedInput } from "../bridged-input.ts";
import { readDecimal64 } from "../decimal.ts";
import { limitsOf, type Limits } from "../limits.ts";
import { LENGTH_MAX } from "./line-reading.ts";
import type { ReplyForm, TextReply } from "./reply.ts";
import { ReplyFields, type ReplyFault } from "./reply-fields.ts";
import { readMetaFlags, readNumber, ReplyLine, WELL_FORMED } from "./reply-line.ts";
import { partsFromBytesOf, type PartsOptions } from "../parts.ts";
import { snapshotReply } from "./reply-snapshot.ts";
import { findReplyWord, type ReplyWord } from "./reply-word.ts";
import { findLineFeed } from "../bytes.ts";

/** What `next()` found. The three in the middle come only where `partsFromBytes` was given. */
export type ReplyFound = "reply" | "head" | "part" | "tail" | "fatal" | "need-data";

/** Numbers of so many digits stay 32-bit integers; longer ones are read thoroughly. */
const DIGITS_SMALL = 9;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;

// "VALUE ", "VA " and "END" as they are compared, byte by byte.
const V = 86;
const A = 65;
const L = 76;
const U = 85;
const E = 69;
const N = 78;
const D = 68;
const VALUE_BYTES = 6;
const VA_BYTES = 3;
const END_BYTES = 3;

// What the next call of `next` begins with.
const AT_REPLY = 0;
const IN_REPLY = 1;
const IN_VALUE = 2;
const AT_SEAM = 3;
const GIVEN_UP = 4;

/** Reads replies of the text protocol: after `next()` it is the message at hand itself. */
export class TextReplyDecoder extends ReplyFields {
  readonly #input: BridgedInput = new BridgedInput();
  // What is unconsumed: `bytes[#at]` to `bytes[#limit - 1]`.
  #at = 0;
  #limit = 0;
  #state = AT_REPLY;
  /** Bytes that the unfinished reply has at least, and those of its line that hold no line feed. */
  #needed = 0;
  #scanned = 0;
  /** Bytes of the value still to come in pieces, and those of the line before it. */
  #left = 0;
  #lineBytes = 0;

  readonly #lineReader: ReplyLine;
  readonly #keyBytesMax: number;
  readonly #lineBytesMax: number;
  readonly #valueBytesMax: number;
  readonly #partsFromBytes: number;
  /** Up to here a value is taken, and whole. */
  readonly #wholeBytesMax: number;

  /** @throws RangeError as `limitsOf`, and for a `partsFromBytes` that is not a whole number from 0 or Infinity */
  constructor(limits: Partial<Limits> = {}, options: PartsOptions = {}) {
    super();
    const partsFromBytes = partsFromBytesOf(options);
    const { keyBytesMax, lineBytesMax, valueBytesMax } = limitsOf(limits);
    this.#lineReader = new ReplyLine(keyBytesMax, Math.max(LENGTH_MAX, valueBytesMax));
    this.#keyBytesMax = keyBytesMax;
    this.#lineBytesMax = lineBytesMax;
    this.#valueBytesMax = valueBytesMax;
    this.#partsFromBytes = partsFromBytes;
    this.#wholeBytesMax = Math.min(valueBytesMax, partsFromBytes - 1, LENGTH_MAX);
  }

  /** Lends a chunk. Call `next()` until it answers "need-data", or `keep()`; then the chunk may be reused. */
  receive(chunk: Uint8Array): void {
    if (this.#state === GIVEN_UP) return;
    this.#input.lend(this.#at, chunk, this.#state === IN_REPLY ? this.#needed : Infinity);
    this.#borrow();
  }

  /** Stops before "need-data": copies what is left of the chunk, which may then be reused. */
  keep(): void {
    if (this.#state === GIVEN_UP) return;
    this.#input.keep(this.#at);
    this.#borrow();
  }

  next(): ReplyFound {
    if (this.#state !== AT_REPLY) return this.#resume();
    const { bytes } = this;
    const start = this.#at;
    const end = this.#limit;
    if (end - start > VALUE_BYTES && bytes[start] === V && bytes[start + 1] === A) {
      const third = bytes[start + 2];
      const found =
        third === L
          ? this.#value(bytes, start, end)
          : third === BLANK
            ? this.#va(bytes, start, end)
            : undefined;
      if (found !== undefined) return found;
    }
    if (this.#isEnd(bytes, start, end)) {
      this.kind = "end";
      this.start = start;
      this.end = start + END_BYTES + 2;
      this.#at = start + END_BYTES + 2;
      return "reply";
    }
    return this.#line(bytes, start, end);
  }

  /** Whether bytes are left that belong to no whole reply yet, or a value has not come to its end. */
  get hasRest(): boolean {
    return this.#state === IN_VALUE || this.#limit > this.#at || this.#input.isBridged;
  }

  /**
   * The current reply as a value that owns its bytes. Only after `next()` answered "reply", or "head": then its value
   * is empty.
   */
  snapshot(): TextReply {
    return snapshotReply(this);
  }

  /**
   * Bytes of memory held for the unfinished reply: after "need-data" at most twice a line, a value that is not to
   * come in pieces, and the largest chunk that was lent.
   */
  get heldBytes(): number {
    return this.#input.heldBytes;
  }

  /**
   * Reads `VALUE <key> <flags> <bytes> [<cas unique>]` and its data block, if all is there, small and as it should
   * be; `undefined` leaves it to the thorough reading.
   */
  #value(bytes: Uint8Array, start: number, end: number): ReplyFound | undefined {
    if (bytes[start + 3] !== U || bytes[start + 4] !== E || bytes[start + 5] !== BLANK) return undefined;
    let at = start + VALUE_BYTES;
    while (at < end && (bytes[at] as number) > BLANK) at++;
    const keyEnd = at;
    const flagsStart = ++at;
    // A digit with the bits of "0" turned over is its value; any other byte is more than 9 then.
    let flags = 0;
    for (let digit = 0; at < end && (digit = (bytes[at] as number) ^ 48) < 10; at++)
      flags = (flags * 10 + digit) | 0;
    const flagsEnd = at;
    const lengthStart = ++at;
    let valueBytes = 0;
    for (let digit = 0; at < end && (digit = (bytes[at] as number) ^ 48) < 10; at++)
      valueBytes = (valueBytes * 10 + digit) | 0;
    const lengthEnd = at;
    if (flagsEnd === flagsStart || flagsEnd - flagsStart > DIGITS_SMALL) return undefined;
    if (lengthEnd === lengthStart || lengthEnd - lengthStart > DIGITS_SMALL) return undefined;
    if (bytes[keyEnd] !== BLANK || bytes[flagsEnd] !== BLANK) return undefined;
    const hasCas = at < end && bytes[at] === BLANK;
    if (hasCas) {
      const casStart = ++at;
      let cas = 0;
      for (let digit = 0; at < end && (digit = (bytes[at] as number) ^ 48) < 10; at++)
        cas = (cas * 10 + digit) | 0;
      if (at > casStart && at - casStart <= DIGITS_SMALL) {
        this.cas.high = 0;
        this.cas.low = cas;
      } else if (!readDecimal64(bytes, casStart, at, this.cas)) return undefined;
    }
    if (at + 1 >= end || bytes[at] !== CARRIAGE_RETURN || bytes[at + 1] !== LINE_FEED) return undefined;
    const keyBytes = keyEnd - start - VALUE_BYTES;
    if (keyBytes === 0 || keyBytes > this.#keyBytesMax || at + 1 - start > this.#lineBytesMax)
      return undefined;
    if (valueBytes > this.#wholeBytesMax) return undefined;
    const valueStart = at + 2;
    const valueEnd = valueStart + valueBytes;
    if (valueEnd + 2 > end) return this.#wait(valueEnd + 2 - start, 0);
    if (bytes[valueEnd] !== CARRIAGE_RETURN || bytes[valueEnd + 1] !== LINE_FEED) return undefined;
    this.kind = "value";
    this.start = start;
    this.keyStart = start + VALUE_BYTES;
    this.keyEnd = keyEnd;
    this.flags = flags;
    this.hasCas = hasCas;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
    this.valueBytes = valueBytes;
    this.end = valueEnd + 2;
    this.#at = valueEnd + 2;
    return "reply";
  }

  /** The same for `VA <bytes> <flags>*`. */
  #va(bytes: Uint8Array, start: number, end: number): ReplyFound | undefined {
    const lengthStart = start + VA_BYTES;
    let at = lengthStart;
    let valueBytes = 0;
    for (let digit = 0; at < end && (digit = (bytes[at] as number) ^ 48) < 10; at++)
      valueBytes = (valueBytes * 10 + digit) | 0;
    if (at === lengthStart || at - lengthStart > DIGITS_SMALL || at >= end) return undefined;
    if (bytes[at] !== BLANK && bytes[at] !== CARRIAGE_RETURN) return undefined;
    const feed = readMetaFlags(this.meta, bytes, at, end);
    if (feed < 0 || (bytes[at] === CARRIAGE_RETURN && feed !== at + 1)) return undefined;
    if (valueBytes > this.#wholeBytesMax || feed - start > this.#lineBytesMax) return undefined;
    const valueStart = feed + 1;
    const valueEnd = valueStart + valueBytes;
    if (valueEnd + 2 > end) return this.#wait(valueEnd + 2 - start, 0);
    if (bytes[valueEnd] !== CARRIAGE_RETURN || bytes[valueEnd + 1] !== LINE_FEED) return undefined;
    this.kind = "va";
    this.start = start;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
    this.valueBytes = valueBytes;
    this.end = valueEnd + 2;
    this.#at = valueEnd + 2;
    return "reply";
  }

  /**
   * Whether this is `END`, whole. One comes behind every get; by the table of words it cost a fifth of a get of one
   * key.
   */
  #isEnd(bytes: Uint8Array, start: number, end: number): boolean {
    return (
      start + END_BYTES + 1 < end &&
      bytes[start] === E &&
      bytes[start + 1] === N &&
      bytes[start + 2] === D &&
      bytes[start + 3] === CARRIAGE_RETURN &&
      bytes[start + 4] === LINE_FEED &&
      END_BYTES + 1 <= this.#lineBytesMax
    );
  }

  /** Any reply, thoroughly. */
  #line(bytes: Uint8Array, start: number, end: number): ReplyFound {
    this.start = start;
    if (start === end) return this.#wait(1, 0);
    const word = findReplyWord(bytes, start, end);
    const wordEnd = word === undefined ? start : start + word.bytes.length;
    const form = word === undefined ? "number" : word.form;
    if (
      form === "bare" &&
      wordEnd + 1 < end &&
      bytes[wordEnd] === CARRIAGE_RETURN &&
      bytes[wordEnd + 1] === LINE_FEED &&
      wordEnd + 1 - start <= this.#lineBytesMax
    ) {
      this.kind = (word as ReplyWord).kind;
      this.end = wordEnd + 2;
      this.#at = wordEnd + 2;
      return "reply";
    }
    const feed = this.#lineFeed(bytes, wordEnd, end, form);
    if ((feed < 0 ? end : feed) - start > this.#lineBytesMax) {
      return this.#fail("line-too-long", this.#lineBytesMax);
    }
    if (feed < 0) return this.#wait(end - start + 1, end - start);
    const lineEnd = feed > start && bytes[feed - 1] === CARRIAGE_RETURN ? feed - 1 : feed;
    this.end = feed + 1;
    const hasBlock = form === "value" || form === "block";
    let wrongAt: number;
    if (word === undefined) wrongAt = readNumber(this, lineEnd);
    else {
      this.kind = word.kind;
      wrongAt = this.#lineReader.read(this, word, wordEnd, lineEnd);
    }
    if (wrongAt !== WELL_FORMED) return this.#fail(hasBlock ? "bad-value" : "not-a-reply", wrongAt - start);
    if (hasBlock) return this.#dataBlock();
    this.#at = feed + 1;
    return "reply";
  }

  /** Where the line's end is; -1 if it is not there. Meta flags are read on the way. */
  #lineFeed(bytes: Uint8Array, wordEnd: number, end: number, form: ReplyForm | "number"): number {
    if (form === "flags") return readMetaFlags(this.meta, bytes, wordEnd, end);
    if (form === "value") {
      let at = wordEnd + 1;
      while (at < end && (bytes[at] as number) > BLANK) at++;
      return readMetaFlags(this.meta, bytes, at, end);
    }
    const isNext =
      wordEnd + 1 < end && bytes[wordEnd] === CARRIAGE_RETURN && bytes[wordEnd + 1] === LINE_FEED;
    return isNext ? wordEnd + 1 : findLineFeed(bytes, wordEnd, end);
  }

  /** The line is whole and well formed, up to `end`; now its data block. */
  #dataBlock(): ReplyFound {
    const { bytes, start, end, valueBytes } = this;
    if (valueBytes > this.#valueBytesMax) {
      return this.#fail("value-too-large", this.#lineReader.lengthStart - start);
    }
    this.valueStart = end;
    if (valueBytes >= this.#partsFromBytes) {
      this.valueEnd = end;
      this.#left = valueBytes;
      this.#lineBytes = end - start;
      this.#state = IN_VALUE;
      this.#at = end;
      return "head";
    }
    const valueEnd = end + valueBytes;
    if (valueEnd + 2 > this.#limit) return this.#wait(valueEnd + 2 - start, 0);
    if (bytes[valueEnd] !== CARRIAGE_RETURN) return this.#fail("bad-value", valueEnd - start);
    if (bytes[valueEnd + 1] !== LINE_FEED) return this.#fail("bad-value", valueEnd + 1 - start);
    this.valueEnd = valueEnd;
    this.end = valueEnd + 2;
    this.#at = valueEnd + 2;
    return "reply";
  }

  /** Goes on with what the last call left unfinished. */
  #resume(): ReplyFound {
    const input = this.#input;
    if (this.#state === GIVEN_UP) return "fatal";
    if (this.#state !== IN_REPLY) {
      if (input.isBridged) {
        input.cross(this.#at);
        this.#borrow();
      }
      if (this.#state === IN_VALUE) return this.#piece(this.#limit - this.#at);
    } else {
      const available = this.#limit - this.#at;
      if (available < this.#needed) return this.#wait(this.#needed, this.#scanned);
      const scanned = this.#scanned;
      // A line that comes in pieces is not looked into before its end is there.
      if (scanned > 0 && findLineFeed(this.bytes, this.#at + scanned, this.#limit) < 0) {
        if (available <= this.#lineBytesMax) return this.#wait(available + 1, available);
        this.start = this.#at;
        return this.#fail("line-too-long", this.#lineBytesMax);
      }
    }
    this.#state = AT_REPLY;
    const found = this.next();
    if (found === "reply" && input.isBridged) this.#state = AT_SEAM;
    return found;
  }

  /** A value that is handed out as it comes. */
  #piece(available: number): ReplyFound {
    const { bytes } = this;
    const start = this.#at;
    const left = this.#left;
    if (available < (left > 0 ? 1 : 2)) {
      this.keep();
      return "need-data";
    }
    this.start = start;
    if (left > 0) {
      const end = start + Math.min(left, available);
      this.end = end;
      this.partStart = start;
      this.partEnd = end;
      this.#left = left - (end - start);
      this.#at = end;
      return "part";
    }
    const valueEndAt = this.#lineBytes + this.valueBytes;
    if (bytes[start] !== CARRIAGE_RETURN) return this.#fail("bad-value", valueEndAt);
    if (bytes[start + 1] !== LINE_FEED) return this.#fail("bad-value", valueEndAt + 1);
    this.end = start + 2;
    this.#at = start + 2;
    this.#state = AT_REPLY;
    return "tail";
  }

  #wait(needed: number, scanned: number): ReplyFound {
    this.#needed = needed;
    this.#scanned = scanned;
    this.#state = IN_REPLY;
    if (this.#input.more(needed)) {
      this.#borrow();
      return this.#resume();
    }
    this.keep();
    return "need-data";
  }

  #fail(fault: ReplyFault, faultAt: number): "fatal" {
    this.fault = fault;
    this.faultAt = faultAt;
    this.#state = GIVEN_UP;
    this.#at = this.#limit;
    this.#input.drop();
    return "fatal";
  }

  #borrow(): void {
    const input = this.#input;
    this.bytes = input.bytes;
    this.#at = input.start;
    this.#limit = input.end;
  }
}
