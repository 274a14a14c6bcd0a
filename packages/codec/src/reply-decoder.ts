// Replies of the classic text protocol, as a client or proxy receives them.
//
// The same shape as the request decoder: `receive(chunk)` lends, `next()` answers "reply", "fatal" or
// "need-data", and the decoder itself is the current reply. A line that no memcached sends is "fatal": replies
// can only be paired with requests while the stream is in step. Hot path: no allocation a reply.

import { readDecimal, readDecimal64, type Halves } from "./decimal.ts";
import { limitsOf, type Limits } from "./limits.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import {
  BARE_REPLIES,
  TEXT_REPLIES,
  type BareReplyKind,
  type Reply,
  type ReplyKind,
  type TextReplyKind,
} from "./reply.ts";
import { snapshotReply } from "./reply-snapshot.ts";
import { findLineFeed, startsWith } from "./text.ts";

const LENGTH_MAX = 2_147_483_645;

interface Word<Kind> {
  readonly word: string;
  readonly kind: Kind;
}

// Reply words by their first byte: at most four to compare.
const bareWords: Word<BareReplyKind>[][] = [];
for (const [kind, word] of Object.entries(BARE_REPLIES)) {
  (bareWords[word.charCodeAt(0)] ??= []).push({ word, kind: kind as BareReplyKind });
}
const textWords: Word<TextReplyKind>[][] = [];
for (const [kind, word] of Object.entries(TEXT_REPLIES)) {
  (textWords[word.charCodeAt(0)] ??= []).push({ word, kind: kind as TextReplyKind });
}

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
  #scanned = 0;
  #needed = 1;
  #fatal = false;

  /** @throws RangeError for a limit that is not a whole number from 1 */
  constructor(limits: Partial<Limits> = {}) {
    this.#limits = limitsOf(limits);
  }

  /** Lends a chunk. Call `next()` until it answers "need-data", or `keep()`; then the chunk may be reused. */
  receive(chunk: Uint8Array): void {
    this.#input.lend(chunk);
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
    const feed = findLineFeed(bytes, start + this.#scanned, input.end);
    const lineBytes = feed < 0 ? available : feed - start;
    if (lineBytes > this.#limits.lineBytesMax) return this.#fail("line-too-long");
    if (feed < 0) {
      this.#scanned = available;
      return this.#wait(available + 1);
    }
    this.bytes = bytes;
    this.start = start;
    this.end = feed + 1;
    const lineEnd = feed > start && bytes[feed - 1] === 13 ? feed - 1 : feed;
    const answer = startsWith(bytes, start, lineEnd, "VALUE ") ? this.#value(lineEnd) : this.#line(lineEnd);
    if (answer === "need-data") {
      this.#scanned = lineBytes;
      return answer;
    }
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

  /** Bytes of memory held for the unfinished reply. */
  get heldBytes(): number {
    return this.#input.heldBytes;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.keep();
    return "need-data";
  }

  #fail(fault: ReplyDecoder["fault"]): "fatal" {
    this.fault = fault;
    this.#fatal = true;
    this.#input.start = this.#input.end;
    this.#input.keep();
    return "fatal";
  }

  #value(lineEnd: number): "reply" | "fatal" | "need-data" {
    const { bytes } = this;
    this.keyStart = this.start + 6;
    this.keyEnd = this.#wordEnd(this.keyStart, lineEnd);
    const flagsStart = this.keyEnd + 1;
    const flagsEnd = this.#wordEnd(flagsStart, lineEnd);
    const lengthStart = flagsEnd + 1;
    const lengthEnd = this.#wordEnd(lengthStart, lineEnd);
    this.flags = readDecimal(bytes, flagsStart, flagsEnd, 0xffff_ffff);
    const valueBytes = readDecimal(bytes, lengthStart, lengthEnd, LENGTH_MAX);
    this.hasCas = lengthEnd < lineEnd;
    const keyBytes = this.keyEnd - this.keyStart;
    if (keyBytes === 0 || keyBytes > this.#limits.keyBytesMax || this.flags < 0 || valueBytes < 0) {
      return this.#fail("bad-value");
    }
    if (this.hasCas && !readDecimal64(bytes, lengthEnd + 1, lineEnd, this.cas))
      return this.#fail("bad-value");
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

  #line(lineEnd: number): "reply" | "fatal" {
    const { bytes, start } = this;
    const first = bytes[start] as number;
    for (const { word, kind } of bareWords[first] ?? []) {
      if (lineEnd - start === word.length && startsWith(bytes, start, lineEnd, word)) {
        this.kind = kind;
        return "reply";
      }
    }
    for (const { word, kind } of textWords[first] ?? []) {
      if (!startsWith(bytes, start, lineEnd, word)) continue;
      const textStart = start + word.length;
      // `ERROR: shutdown not enabled` is memcached's, too.
      if (textStart < lineEnd && bytes[textStart] !== 32 && bytes[textStart] !== 58) continue;
      this.kind = kind;
      this.valueStart = textStart < lineEnd && bytes[textStart] === 32 ? textStart + 1 : textStart;
      this.valueEnd = lineEnd;
      return "reply";
    }
    // decr pads the value that it stores, and old servers showed the blanks.
    let numberEnd = lineEnd;
    while (numberEnd > start && bytes[numberEnd - 1] === 32) numberEnd--;
    if (!readDecimal64(bytes, start, numberEnd, this.number)) return this.#fail("not-a-reply");
    this.kind = "number";
    return "reply";
  }

  #wordEnd(from: number, end: number): number {
    const { bytes } = this;
    let at = from;
    while (at < end && bytes[at] !== 32) at++;
    return at;
  }
}
