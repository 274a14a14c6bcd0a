// Requests of the text protocol, classic, meta and admin commands, as a server or proxy receives them.
//
//     receive(chunk)   lends bytes
//     next()           moves to the next message:
//         "request"    the decoder itself is the request: command, offsets into `bytes`, numbers
//         "invalid"    refused: `refusal` says why, `refusedAt` where; the stream goes on behind it
//         "fatal"      refused, and the stream cannot go on; every later call answers this too
//         "need-data"  nothing whole is left; the chunk is the caller's again
//
// A value of `partsFromBytes` or more is handed out as it comes, and never held:
//
//     set key 0 0 1000000 \r\n   value      value      value      \r\n
//     "head"                     "part"     "part"     "part"     "tail", or "invalid"
//
// Offsets hold until the next call of `next`, `receive` or `keep`. Input never throws, memory stays within the
// limits, and what the chunks' borders are changes nothing but the parts. Hot path: no allocation a message.

import type { PoolOptions } from "../buffer-pool.ts";
import { findLineFeed, startsWith } from "../bytes.ts";
import { limitsOf, type Limits } from "../limits.ts";
import { type Decoded, partsFromBytesOf, type PartsOptions } from "../parts.ts";
import { ReceiveBuffer } from "../receive-buffer.ts";
import { Line } from "./line.ts";
import { readFastLine } from "./fast-line.ts";
import { refuse, type LineAnswer } from "./line-reading.ts";
import { RequestFields } from "./request-fields.ts";
import { readLine } from "./request-line.ts";
import type { TextRequest } from "./request.ts";
import { snapshotRequest } from "./request-snapshot.ts";

/** Until then nobody can tell whether an unfinished line is a retrieval: 100 blanks and `gets `. */
const RETRIEVAL_KNOWN_BYTES = 105;
const LEADING_BLANKS_MAX = 100;

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/** Reads requests of the text protocol: after `next()` it is the message at hand itself. */
export class TextRequestDecoder extends RequestFields {
  readonly #limits: Limits;
  readonly #partsFromBytes: number;
  readonly #input: ReceiveBuffer;
  readonly #line: Line;
  /** Bytes of the unfinished message that hold no line feed, or its whole line. */
  #scanned = 0;
  /** Bytes that the unfinished message has at least. */
  #needed = 1;
  /** What comes next is the data block of a message whose line is done with. */
  #block: "none" | "skipped" | "in-parts" = "none";
  /** Bytes still to come: of a block that is skipped all, of one in parts those of the value. */
  #blockBytes = 0;
  /** Bytes of the message that its head and parts had. */
  #handedBytes = 0;
  #fatal = false;

  /** @throws RangeError as `limitsOf`, and for a `partsFromBytes` that is neither a whole number from 0 nor Infinity */
  constructor(limits: Partial<Limits> = {}, options: PartsOptions & PoolOptions = {}) {
    const checked = limitsOf(limits);
    const { keysMax, metaWordsMax } = checked;
    super(Math.max(metaWordsMax - 2, 0));
    this.#limits = checked;
    this.#input = new ReceiveBuffer(options.pool);
    this.#partsFromBytes = partsFromBytesOf(options);
    // Of keys: the command, the exptime of gat, the first one too many, and the last word of a line that has more.
    this.#line = new Line(Math.max(keysMax + 4, metaWordsMax + 2));
    this.keyOffsets = this.#line.rest;
  }

  /** Lends a chunk. Call `next()` until it answers "need-data", or `keep()`; then the chunk may be reused. */
  receive(chunk: Uint8Array): void {
    if (!this.#fatal) this.#input.lend(chunk);
  }

  /** Stops before "need-data": copies what is left of the chunk, which may then be reused. */
  keep(): void {
    this.#input.keep();
    // What was held for a large value is not to live on in here.
    this.bytes = this.#input.bytes;
  }

  next(): Decoded<"request"> {
    if (this.#fatal) return "fatal";
    if (this.#block !== "none") {
      if (this.#block === "in-parts") return this.#nextPart();
      if (!this.#skipBlock()) return this.#wait(1);
    }
    const input = this.#input;
    const available = input.end - input.start;
    if (available < this.#needed) return this.#wait(this.#needed);
    const { bytes, start } = input;
    this.bytes = bytes;
    this.start = start;
    const fast = this.#scanned === 0 ? readFastLine(this, input.end, this.#limits) : null;
    if (fast !== null) {
      this.end = this.lineEnd;
      return this.#settle(fast);
    }
    const feed = this.#splitLine(bytes, start, input.end);
    const lineBytes = feed < 0 ? available : feed - start;
    if (lineBytes > this.#limits.lineBytesMax && this.#isTooLong(lineBytes, feed >= 0)) return this.#fail();
    if (feed < 0) {
      this.#scanned = available;
      return this.#wait(available + 1);
    }
    this.lineEnd = feed + 1;
    this.end = feed + 1;
    return this.#settle(readLine(this, this.#line, this.#limits));
  }

  /**
   * The current message as a value that owns its bytes. Only after `next()` answered "request", or "head": then its
   * value is empty.
   */
  snapshot(): TextRequest {
    return snapshotRequest(this);
  }

  /**
   * Bytes of memory held for the unfinished message. After "need-data" at most 256, or twice what one message may
   * have (a retrieval line, or a line and a value that is not in parts) and the largest chunk that was lent; and 8 for
   * each of `keysMax` keys and 4 words more, or `metaWordsMax` and 2. With a pool it is the next size that the pool
   * has, which is less than twice as much.
   */
  get heldBytes(): number {
    return this.#input.heldBytes + this.#line.heldBytes;
  }

  /** After "need-data": whether what is to come is the rest of a value. */
  get awaitsValue(): boolean {
    return this.#block !== "none" || (this.#scanned > 0 && this.#needed > this.#scanned + 1);
  }

  /** After "need-data": whether more memory is needed for the rest of the message. */
  get lacksRoom(): boolean {
    return this.#input.lacksRoom;
  }

  /** The stream is over: forgets a message that has begun, and holds nothing. It must not be used any more. */
  drop(): void {
    this.#input.drop();
  }

  /** Bytes received that no message has had yet. */
  get unreadBytes(): number {
    return this.#input.end - this.#input.start;
  }

  /** After "need-data": whether a message has begun, of which more is to come. */
  get isInMessage(): boolean {
    return this.unreadBytes > 0 || this.#block !== "none";
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.expected = needed;
    this.keep();
    this.#line.release();
    this.keyOffsets = this.#line.rest;
    return "need-data";
  }

  /** `refusal` and `refusedAt` say why. */
  #fail(): "fatal" {
    this.#fatal = true;
    this.#input.drop();
    this.#line.release();
    this.keyOffsets = this.#line.rest;
    return "fatal";
  }

  /** Where the line feed is; -1 if it is not there yet. A line that came in pieces is split when it is whole. */
  #splitLine(bytes: Uint8Array, start: number, end: number): number {
    if (this.#scanned > 0 && findLineFeed(bytes, start + this.#scanned, end) < 0) return -1;
    const feed = this.#line.split(bytes, start, end);
    this.keyOffsets = this.#line.rest;
    return feed;
  }

  /**
   * A retrieval line may be longer than others, as clients rely on it, after at most 100 leading blanks. Of `gat` and
   * `gats` memcached takes such a line only if it comes whole.
   */
  #isTooLong(lineBytes: number, whole: boolean): boolean {
    if (!whole && lineBytes < RETRIEVAL_KNOWN_BYTES) return false;
    const { bytes, start } = this;
    const { lineBytesMax, retrievalLineBytesMax } = this.#limits;
    const end = start + lineBytes;
    let at = start;
    while (at < end && at - start < LEADING_BLANKS_MAX && bytes[at] === 32) at++;
    const retrieves =
      startsWith(bytes, at, end, "get ") ||
      startsWith(bytes, at, end, "gets ") ||
      startsWith(bytes, at, end, "gat ") ||
      startsWith(bytes, at, end, "gats ");
    const max = retrieves ? retrievalLineBytesMax : lineBytesMax;
    if (lineBytes <= max) return false;
    this.family = "none";
    this.noreply = false;
    this.lineEnd = start + max;
    this.end = this.lineEnd;
    refuse(this, "line-too-long", this.end);
    return true;
  }

  /** The line has been read. */
  #settle(answer: LineAnswer): Decoded<"request"> {
    let found: Decoded<"request"> = "invalid";
    if (answer === "request") found = answer;
    else if (answer === "value") found = this.#readValue();
    else if (answer === "fatal") return this.#fail();
    else if (answer === "skip") {
      this.#block = "skipped";
      this.#blockBytes = this.valueBytes + 2;
    }
    if (found === "need-data") return found;
    this.#scanned = 0;
    this.#needed = 1;
    this.#input.start = this.end;
    return found;
  }

  #readValue(): Decoded<"request"> {
    const { valueBytes, lineEnd } = this;
    this.valueStart = lineEnd;
    if (valueBytes >= this.#partsFromBytes) {
      this.valueEnd = lineEnd;
      this.#block = "in-parts";
      this.#blockBytes = valueBytes;
      this.#handedBytes = lineEnd - this.start;
      return "head";
    }
    this.valueEnd = lineEnd + valueBytes;
    const blockEnd = this.valueEnd + 2;
    if (blockEnd > this.#input.end) {
      this.#scanned = lineEnd - this.start - 1;
      return this.#wait(blockEnd - this.start);
    }
    this.end = blockEnd;
    return this.#endsWell(this.valueEnd) ? "request" : "invalid";
  }

  /** Whether CR LF is there. Only where two bytes are. */
  #endsWell(at: number): boolean {
    const { bytes } = this;
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) return true;
    refuse(this, "bad-data-chunk", at);
    return false;
  }

  /** @returns whether all of it came */
  #skipBlock(): boolean {
    this.#blockBytes -= this.#input.skip(this.#blockBytes);
    if (this.#blockBytes > 0) return false;
    this.#block = "none";
    return true;
  }

  #nextPart(): Decoded<"request"> {
    const input = this.#input;
    const available = input.end - input.start;
    const wanted = this.#blockBytes > 0 ? 1 : 2;
    if (available < wanted) return this.#wait(1);
    const start = input.start;
    this.bytes = input.bytes;
    this.start = start;
    if (this.#blockBytes > 0) {
      const partBytes = input.skip(this.#blockBytes);
      this.#blockBytes -= partBytes;
      this.#handedBytes += partBytes;
      this.end = start + partBytes;
      this.partStart = start;
      this.partEnd = this.end;
      return "part";
    }
    this.#block = "none";
    input.start = start + 2;
    this.end = start + 2;
    if (this.#endsWell(start)) return "tail";
    this.refusedAt = this.#handedBytes;
    return "invalid";
  }
}
