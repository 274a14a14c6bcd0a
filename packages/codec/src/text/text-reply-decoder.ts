// Replies of the classic text protocol, as a client or proxy receives them.
//
// The same shape as the request decoder: `receive(chunk)` lends, `next()` answers "reply", "fatal" or
// "need-data", and the decoder itself is the current reply. A line that no memcached sends is "fatal": replies
// can only be paired with requests while the stream is in step. Hot path: no allocation a reply.

import { readDecimal64, type Halves } from "../decimal.ts";
import { limitsOf, type Limits } from "../limits.ts";
import { ReceiveBuffer } from "../receive-buffer.ts";
import type { TextReply, ReplyKind } from "./reply.ts";
import { snapshotReply } from "./reply-snapshot.ts";
import { findReplyWord } from "./reply-word.ts";
import { findLineFeed, startsWith } from "../bytes.ts";

// memcached keeps lengths in an int and adds 2 for the line end.
const LENGTH_MAX = 2_147_483_645;

const BLANK = 32;
const LETTER_V = 86;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export class TextReplyDecoder {
  /** Bytes that all offsets refer to. Read only; they may be the lent chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The reply: `start` to `end`, line and data block with their ends, as received. */
  start = 0;
  end = 0;
  kind: ReplyKind = "end";
  keyStart = 0;
  keyEnd = 0;
  flags = 0;
  /** The value, or the text of a reply that has one. */
  valueStart = 0;
  valueEnd = 0;
  /** Whether the `VALUE` line has a cas unique. */
  hasCas = false;
  /** Unsigned 64-bit halves: the cas unique of a `value`; the value of a `number`. */
  readonly cas: Halves = { high: 0, low: 0 };
  readonly number: Halves = { high: 0, low: 0 };
  /** What was wrong when `next()` answered "fatal". */
  fault: "not-a-reply" | "line-too-long" | "value-too-large" | "bad-value" = "not-a-reply";

  readonly #limits: Limits;
  readonly #input: ReceiveBuffer = new ReceiveBuffer();
  /** Bytes of the unfinished line that hold no line feed. */
  #scanned = 0;
  /** Bytes that the unfinished reply has at least. */
  #needed = 1;
  /** Where the digits ended that were read last. */
  #digitsEnd = 0;
  #fatal = false;

  /** @throws RangeError as `limitsOf` */
  constructor(limits: Partial<Limits> = {}) {
    this.#limits = limitsOf(limits);
  }

  /** Lends a chunk. Call `next()` until it answers "need-data", or `keep()`; then the chunk may be reused. */
  receive(chunk: Uint8Array): void {
    if (!this.#fatal) this.#input.lend(chunk);
  }

  /** Stops before "need-data": copies what is left of the chunk, which may then be reused. */
  keep(): void {
    this.#input.keep();
  }

  next(): "reply" | "fatal" | "need-data" {
    if (this.#fatal) return "fatal";
    const input = this.#input;
    const available = input.end - input.start;
    if (available < this.#needed) return this.#wait(this.#needed);
    this.bytes = input.bytes;
    this.start = input.start;
    // A line that comes in pieces is not looked into before its end is there.
    const mayBeWhole =
      this.#scanned === 0 || findLineFeed(input.bytes, input.start + this.#scanned, input.end) >= 0;
    const answer = mayBeWhole && this.#value(input.end) ? this.#block() : this.#line(available);
    if (answer === "reply") {
      this.#scanned = 0;
      this.#needed = 1;
      input.start = this.end;
    }
    return answer;
  }

  /** Whether bytes are left that belong to no whole reply yet. */
  get hasRest(): boolean {
    return this.#input.end > this.#input.start;
  }

  /** The current reply as a value that owns its bytes. Only after `next()` answered "reply". */
  snapshot(): TextReply {
    return snapshotReply(this);
  }

  /**
   * Bytes of memory held for the unfinished reply: after "need-data" at most twice a line, a value and the largest
   * chunk that was lent.
   */
  get heldBytes(): number {
    return this.#input.heldBytes;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.keep();
    return "need-data";
  }

  #fail(fault: TextReplyDecoder["fault"]): "fatal" {
    this.fault = fault;
    this.#fatal = true;
    this.#input.drop();
    return "fatal";
  }

  /**
   * Reads `VALUE <key> <flags> <bytes> [<cas unique>]` and the line's end in one pass.
   *
   * @returns false if that is not there, or not whole
   */
  #value(end: number): boolean {
    const { bytes, start } = this;
    if (bytes[start] !== LETTER_V || !startsWith(bytes, start, end, "VALUE ")) return false;
    const keyEnd = this.#wordEnd(start + 6, end);
    const flags = this.#digits(keyEnd + 1, end);
    const flagsEnd = this.#digitsEnd;
    const valueBytes = this.#digits(flagsEnd + 1, end);
    let at = this.#digitsEnd;
    if (flags < 0 || valueBytes < 0 || bytes[keyEnd] !== BLANK || bytes[flagsEnd] !== BLANK) return false;
    this.hasCas = at < end && bytes[at] === BLANK;
    if (this.hasCas) {
      const casStart = at + 1;
      this.#digits(casStart, end);
      at = this.#digitsEnd;
      if (!readDecimal64(bytes, casStart, at, this.cas)) return false;
    }
    if (at < end && bytes[at] === CARRIAGE_RETURN) at++;
    if (at >= end || bytes[at] !== LINE_FEED) return false;
    this.keyStart = start + 6;
    this.keyEnd = keyEnd;
    this.flags = flags;
    this.valueStart = at + 1;
    this.valueEnd = at + 1 + valueBytes;
    return true;
  }

  /** The `VALUE` line is whole and well formed; now its data block. */
  #block(): "reply" | "fatal" | "need-data" {
    const { bytes, valueStart, valueEnd } = this;
    const { keyBytesMax, lineBytesMax, valueBytesMax } = this.#limits;
    const keyBytes = this.keyEnd - this.keyStart;
    if (valueStart - this.start - 1 > lineBytesMax) return this.#fail("line-too-long");
    if (keyBytes === 0 || keyBytes > keyBytesMax || this.flags > 0xffff_ffff) return this.#fail("bad-value");
    const valueBytes = valueEnd - valueStart;
    if (valueBytes > valueBytesMax)
      return this.#fail(valueBytes > LENGTH_MAX ? "bad-value" : "value-too-large");
    const blockEnd = valueEnd + 2;
    if (blockEnd > this.#input.end) return this.#wait(blockEnd - this.start);
    if (bytes[valueEnd] !== CARRIAGE_RETURN || bytes[valueEnd + 1] !== LINE_FEED)
      return this.#fail("bad-value");
    this.end = blockEnd;
    this.kind = "value";
    return "reply";
  }

  /** Any other line. */
  #line(available: number): "reply" | "fatal" | "need-data" {
    const { bytes, start } = this;
    const feed = findLineFeed(bytes, start + this.#scanned, start + available);
    const lineBytes = feed < 0 ? available : feed - start;
    if (lineBytes > this.#limits.lineBytesMax) return this.#fail("line-too-long");
    if (feed < 0) {
      this.#scanned = available;
      return this.#wait(available + 1);
    }
    this.end = feed + 1;
    const lineEnd = feed > start && bytes[feed - 1] === CARRIAGE_RETURN ? feed - 1 : feed;
    const word = findReplyWord(bytes, start, this.#wordEnd(start, lineEnd));
    if (word === undefined) return this.#number(lineEnd);
    const { kind } = word;
    if (kind === "value") return this.#fail("bad-value");
    this.kind = kind;
    const wordEnd = start + word.bytes.length;
    if (!word.hasText) return lineEnd === wordEnd ? "reply" : this.#fail("not-a-reply");
    this.valueStart = wordEnd < lineEnd && bytes[wordEnd] === BLANK ? wordEnd + 1 : wordEnd;
    this.valueEnd = lineEnd;
    return "reply";
  }

  /** The new value of `incr` or `decr`. Old servers showed the blanks that decr pads what it stores with. */
  #number(lineEnd: number): "reply" | "fatal" {
    const { bytes, start } = this;
    let end = lineEnd;
    while (end > start && bytes[end - 1] === BLANK) end--;
    if (!readDecimal64(bytes, start, end, this.number)) return this.#fail("not-a-reply");
    this.kind = "number";
    return "reply";
  }

  #wordEnd(from: number, end: number): number {
    const { bytes } = this;
    let at = from;
    let byte = 0;
    while (at < end && ((byte = bytes[at] as number) > BLANK || (byte !== BLANK && byte !== LINE_FEED))) at++;
    return at;
  }

  /** Reads digits, and leaves in `#digitsEnd` where they end. -1 if there are none. */
  #digits(from: number, end: number): number {
    const { bytes } = this;
    let value = 0;
    let at = from;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#digitsEnd = at;
    return at > from ? value : -1;
  }
}
