// Replies of the classic text protocol, as a client or proxy receives them.
//
// The same shape as the request decoder: `receive(chunk)` lends, `next()` answers "reply", "fatal" or
// "need-data", and the decoder itself is the current reply. A line that no memcached sends is "fatal": replies
// can only be paired with requests while the stream is in step. Hot path: no allocation a reply.

import { readDecimal, readDecimal64, type Halves } from "./decimal.ts";
import { limitsOf, type Limits } from "./limits.ts";
import { Line } from "./line.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { Reply, ReplyKind } from "./reply.ts";
import { snapshotReply } from "./reply-snapshot.ts";
import { findReplyWord } from "./reply-word.ts";
import { findLineFeed } from "./text.ts";

// memcached keeps lengths in an int and adds 2 for the line end.
const LENGTH_MAX = 2_147_483_645;

const BLANK = 32;

/** Key, flags, length and cas unique of a `VALUE` line, and one more: the last word of a line that has too many. */
const WORDS_MAX = 5;

export class ReplyDecoder {
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
  readonly #line: Line = new Line(WORDS_MAX);
  /** Bytes of the unfinished reply that hold no line feed, or its whole line. */
  #scanned = 0;
  /** Bytes that the unfinished reply has at least. */
  #needed = 1;
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
    const { bytes, start } = input;
    this.bytes = bytes;
    this.start = start;
    const feed = this.#splitLine(bytes, start, input.end);
    const lineBytes = feed < 0 ? available : feed - start;
    if (lineBytes > this.#limits.lineBytesMax) return this.#fail("line-too-long");
    if (feed < 0) {
      this.#scanned = available;
      return this.#wait(available + 1);
    }
    this.end = feed + 1;
    const answer = this.#parse();
    if (answer === "need-data") {
      this.#scanned = lineBytes;
      return answer;
    }
    if (answer === "fatal") return answer;
    this.#scanned = 0;
    this.#needed = 1;
    input.start = this.end;
    return answer;
  }

  /** Whether bytes are left that belong to no whole reply yet. */
  get hasRest(): boolean {
    return this.#input.end > this.#input.start;
  }

  /** The current reply as a value that owns its bytes. Only after `next()` answered "reply". */
  snapshot(): Reply {
    return snapshotReply(this);
  }

  /**
   * Bytes of memory held for the unfinished reply: after "need-data" at most twice a line, a value and the largest
   * chunk that was lent.
   */
  get heldBytes(): number {
    return this.#input.heldBytes + this.#line.heldBytes;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.keep();
    return "need-data";
  }

  #fail(fault: ReplyDecoder["fault"]): "fatal" {
    this.fault = fault;
    this.#fatal = true;
    this.#input.drop();
    return "fatal";
  }

  /** Where the line feed is; -1 if it is not there yet. A line that came in pieces is split when it is whole. */
  #splitLine(bytes: Uint8Array, start: number, end: number): number {
    if (this.#scanned > 0 && findLineFeed(bytes, start + this.#scanned, end) < 0) return -1;
    return this.#line.split(bytes, start, end);
  }

  /** The line is whole, and split. */
  #parse(): "reply" | "fatal" | "need-data" {
    const { bytes, start } = this;
    const line = this.#line;
    const word = findReplyWord(bytes, start, line.firstEnd);
    if (word === undefined) return this.#number();
    const { kind } = word;
    if (kind === "value") return this.#value();
    this.kind = kind;
    const wordEnd = start + word.bytes.length;
    if (!word.hasText) return line.end === wordEnd ? "reply" : this.#fail("not-a-reply");
    this.valueStart = wordEnd < line.end && bytes[wordEnd] === BLANK ? wordEnd + 1 : wordEnd;
    this.valueEnd = line.end;
    return "reply";
  }

  /** `VALUE <key> <flags> <bytes> [<cas unique>]` and a data block. */
  #value(): "reply" | "fatal" | "need-data" {
    const { bytes } = this;
    const { count, offsets } = this.#line;
    if (count !== 3 && count !== 4) return this.#fail("bad-value");
    this.keyStart = offsets[0] as number;
    this.keyEnd = offsets[1] as number;
    this.flags = readDecimal(bytes, offsets[2] as number, offsets[3] as number, 0xffff_ffff);
    const valueBytes = readDecimal(bytes, offsets[4] as number, offsets[5] as number, LENGTH_MAX);
    this.hasCas = count === 4;
    const wellFormed =
      this.keyEnd - this.keyStart <= this.#limits.keyBytesMax &&
      this.flags >= 0 &&
      valueBytes >= 0 &&
      (count === 3 || readDecimal64(bytes, offsets[6] as number, offsets[7] as number, this.cas));
    if (!wellFormed) return this.#fail("bad-value");
    if (valueBytes > this.#limits.valueBytesMax) return this.#fail("value-too-large");
    this.valueStart = this.end;
    this.valueEnd = this.end + valueBytes;
    const blockEnd = this.valueEnd + 2;
    if (blockEnd > this.#input.end) return this.#wait(blockEnd - this.start);
    if (bytes[blockEnd - 2] !== 13 || bytes[blockEnd - 1] !== 10) return this.#fail("bad-value");
    this.end = blockEnd;
    this.kind = "value";
    return "reply";
  }

  /** The new value of `incr` or `decr`. Old servers showed the blanks that decr pads what it stores with. */
  #number(): "reply" | "fatal" {
    const line = this.#line;
    if (line.count > 0 || !readDecimal64(this.bytes, this.start, line.firstEnd, this.number)) {
      return this.#fail("not-a-reply");
    }
    this.kind = "number";
    return "reply";
  }
}
