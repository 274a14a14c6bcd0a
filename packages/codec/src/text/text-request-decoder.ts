// Requests of the classic text protocol, as a server or proxy receives them.
//
//     receive(chunk)   lends bytes
//     next()           moves to the next message:
//         "request"    the decoder itself is the request: command, offsets into `bytes`, numbers
//         "invalid"    refused: `refusal` says why; the stream goes on behind it
//         "fatal"      refused, and the stream cannot go on; every later call answers this too
//         "need-data"  nothing whole is left; the chunk is the caller's again
//
// Offsets hold until the next call of `next`, `receive` or `keep`. Input never throws, memory stays within the
// limits, and what the chunks' borders are changes nothing. Hot path: no allocation a message.

import { commandName } from "./command-name.ts";
import { readDecimal, readDecimal64, type Halves } from "../decimal.ts";
import { limitsOf, type Limits } from "../limits.ts";
import { Line } from "./line.ts";
import { ReceiveBuffer } from "../receive-buffer.ts";
import type { Refusal } from "./refusal.ts";
import type { CommandName, TextRequest } from "./request.ts";
import { snapshotRequest } from "./request-snapshot.ts";
import { findLineFeed, startsWith } from "../bytes.ts";

/** What `next()` found. */
export type Decoded<Message extends string> = Message | "invalid" | "fatal" | "need-data";

// memcached keeps lengths in an int and adds 2 for the line end.
const LENGTH_MAX = 2_147_483_645;

// Exptimes are signed 64-bit numbers. One that a server of 1.6.18 refuses while we take it would leave its data
// block to be read as commands: the bound is exact.
const EXPTIME_HIGH_END = 0x8000_0000;

/** Numbers of no more digits are read as doubles. */
const DIGITS_EXACT = 15;

const MINUS = 45;

/** Until then nobody can tell whether an unfinished line is a retrieval: 100 blanks and `gets `. */
const RETRIEVAL_KNOWN_BYTES = 105;
const LEADING_BLANKS_MAX = 100;

export class TextRequestDecoder {
  /** Bytes that all offsets refer to. Read only; they may be the lent chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The message: `start` to `end`, line and data block with their ends, as received. */
  start = 0;
  end = 0;
  /** Behind the command line and its end; where the data block starts if there is one. */
  lineEnd = 0;
  /** Behind the last word that means something, `noreply` not counted: what a proxy sends on as the line. */
  argumentsEnd = 0;
  command: CommandName = "version";
  /** The first key. */
  keyStart = 0;
  keyEnd = 0;
  /** All keys of a retrieval command: start and end of key i at `2 * i` and `2 * i + 1`. */
  keyOffsets: Uint32Array;
  keyCount = 0;
  flags = 0;
  /** Seconds as sent: see the store for what they mean. Exact to 2^53. Delay of `flush_all`, level of `verbosity`. */
  exptime = 0;
  /** The value, or the argument of `stats` and `shutdown`. */
  valueStart = 0;
  valueEnd = 0;
  /** Whether the client wants no reply. Also set on "invalid" where the line got that far. */
  noreply = false;
  /** Unsigned 64-bit halves: the cas unique of `cas`, the delta of `incr` and `decr`. */
  readonly cas: Halves = { high: 0, low: 0 };
  readonly delta: Halves = { high: 0, low: 0 };
  /** Why the last `next()` answered "invalid" or "fatal". On "too-large" command, key and noreply are set. */
  refusal: Refusal = "unknown-command";

  readonly #limits: Limits;
  readonly #input: ReceiveBuffer = new ReceiveBuffer();
  readonly #line: Line;
  /** Words behind the command. */
  #count = 0;
  readonly #seconds: Halves = { high: 0, low: 0 };
  /** Bytes of the unfinished message that hold no line feed, or its whole line. */
  #scanned = 0;
  /** Bytes that the unfinished message has at least. */
  #needed = 1;
  /** Bytes of a refused data block still to come. */
  #discarding = 0;
  #fatal = false;

  /** @throws RangeError as `limitsOf` */
  constructor(limits: Partial<Limits> = {}) {
    this.#limits = limitsOf(limits);
    // The command, the exptime of gat, and one more: the last word of a line that has too many.
    this.#line = new Line(this.#limits.keysMax + 3);
    this.keyOffsets = this.#line.rest;
  }

  /** Lends a chunk. Call `next()` until it answers "need-data", or `keep()`; then the chunk may be reused. */
  receive(chunk: Uint8Array): void {
    if (!this.#fatal) this.#input.lend(chunk);
  }

  /** Stops before "need-data": copies what is left of the chunk, which may then be reused. */
  keep(): void {
    this.#input.keep();
  }

  next(): Decoded<"request"> {
    if (this.#fatal) return "fatal";
    const input = this.#input;
    if (this.#discarding > 0) this.#discarding -= input.skip(this.#discarding);
    const available = input.end - input.start;
    if (available < this.#needed) return this.#wait(this.#needed);
    const { bytes, start } = input;
    this.bytes = bytes;
    this.start = start;
    const feed = this.#splitLine(bytes, start, input.end);
    const lineBytes = feed < 0 ? available : feed - start;
    if (lineBytes > this.#limits.lineBytesMax && this.#isTooLong(lineBytes, feed >= 0)) {
      return this.#fail("line-too-long");
    }
    if (feed < 0) {
      this.#scanned = available;
      return this.#wait(available + 1);
    }
    this.lineEnd = feed + 1;
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

  /** The current message as a value that owns its bytes. Only after `next()` answered "request". */
  snapshot(): TextRequest {
    return snapshotRequest(this);
  }

  /**
   * Bytes of memory held for the unfinished message. After "need-data" at most 256, or twice what one message may
   * have (a retrieval line, or a line and a value) and the largest chunk that was lent; and 8 for each of `keysMax`
   * keys and 3 words more.
   */
  get heldBytes(): number {
    return this.#input.heldBytes + this.#line.heldBytes;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.keep();
    this.#line.release();
    this.keyOffsets = this.#line.rest;
    return "need-data";
  }

  #fail(refusal: Refusal): "fatal" {
    this.refusal = refusal;
    this.#fatal = true;
    this.#input.drop();
    this.#line.release();
    return "fatal";
  }

  #refuse(refusal: Refusal): "invalid" {
    this.refusal = refusal;
    return "invalid";
  }

  /** Where the line feed is; -1 if it is not there yet. A line that came in pieces is split when it is whole. */
  #splitLine(bytes: Uint8Array, start: number, end: number): number {
    if (this.#scanned > 0 && findLineFeed(bytes, start + this.#scanned, end) < 0) return -1;
    const feed = this.#line.split(bytes, start, end);
    this.keyOffsets = this.#line.rest;
    return feed;
  }

  /** A retrieval line may be longer than others, as clients rely on it, after at most 100 leading blanks. */
  #isTooLong(lineBytes: number, whole: boolean): boolean {
    if (!whole && lineBytes < RETRIEVAL_KNOWN_BYTES) return false;
    const { bytes, start } = this;
    const end = start + lineBytes;
    let at = start;
    while (at < end && at - start < LEADING_BLANKS_MAX && bytes[at] === 32) at++;
    if (!startsWith(bytes, at, end, "get ") && !startsWith(bytes, at, end, "gets ")) return true;
    return lineBytes > this.#limits.retrievalLineBytesMax;
  }

  /** The line is whole, and split. */
  #parse(): Decoded<"request"> {
    const line = this.#line;
    this.noreply = false;
    if (line.count === 0 || line.offsets[0] !== this.start) return this.#unknown();
    this.argumentsEnd = line.offsets[1] as number;
    const command = commandName(this.bytes, this.start, this.argumentsEnd);
    if (command === undefined) return this.#unknown();
    this.#count = line.count - 1;
    this.command = command;
    switch (command) {
      case "get":
      case "gets":
        return this.#keys(0);
      case "gat":
      case "gats":
        return this.#getAndTouch();
      case "set":
      case "add":
      case "replace":
      case "append":
      case "prepend":
        return this.#storage(4);
      case "cas":
        return this.#storage(5);
      case "delete":
        return this.#delete();
      case "incr":
      case "decr":
        return this.#arithmetic();
      case "touch":
        return this.#touch();
      case "flush_all":
        return this.#flush();
      case "verbosity":
        return this.#verbosity();
      case "stats":
      case "shutdown":
        this.argumentsEnd = line.lastEnd;
        this.valueStart = this.#count > 0 ? this.#start(0) : line.end;
        this.valueEnd = this.#count > 0 ? line.lastEnd : line.end;
        return "request";
      case "version":
      case "quit":
        return "request";
    }
  }

  #unknown(): "invalid" | "fatal" {
    const line = this.#line;
    // A browser or a forged form post: memcached drops it without a word.
    if (line.count > 1 && startsWith(this.bytes, line.lastStart, line.lastEnd, "HTTP/")) {
      return this.#fail("http");
    }
    // memcached looks for a command in four bytes or more, the line's end counted.
    return this.#refuse(this.lineEnd - this.start < 4 ? "bad-format" : "unknown-command");
  }

  /** Takes the words from `first` on as keys. */
  #keys(first: number): "request" | "invalid" {
    const { keyOffsets } = this;
    const { keyBytesMax, keysMax } = this.#limits;
    const count = this.#count - first;
    if (count <= 0) return this.#refuse("bad-format");
    if (count > keysMax) return this.#refuse("too-many-keys");
    if (first > 0) keyOffsets.copyWithin(0, first * 2, (first + count) * 2);
    for (let i = 0; i < count * 2; i += 2) {
      if ((keyOffsets[i + 1] as number) - (keyOffsets[i] as number) > keyBytesMax) {
        return this.#refuse("bad-format");
      }
    }
    this.keyCount = count;
    this.keyStart = keyOffsets[0] as number;
    this.keyEnd = keyOffsets[1] as number;
    this.argumentsEnd = keyOffsets[count * 2 - 1] as number;
    return "request";
  }

  #getAndTouch(): "request" | "invalid" {
    if (this.#count < 2) return this.#refuse("bad-format");
    return this.#exptime(0) ? this.#keys(1) : this.#refuse("bad-exptime");
  }

  #storage(words: number): Decoded<"request"> {
    const { bytes } = this;
    if (this.#count < words) return this.#refuse("bad-format");
    const valueBytes = readDecimal(bytes, this.#start(3), this.#end(3), LENGTH_MAX);
    // Without a length the data block cannot be told from commands: it will be read as such, as memcached does.
    if (valueBytes < 0) return this.#refuse("bad-format");
    this.noreply = this.#count > 4 && this.#endsInNoreply();
    this.argumentsEnd = this.#end(words - 1);
    const flags = readDecimal(bytes, this.#start(1), this.#end(1), 0xffff_ffff);
    const wellFormed =
      this.#key() &&
      flags >= 0 &&
      this.#exptime(2) &&
      (words === 4 || readDecimal64(bytes, this.#start(4), this.#end(4), this.cas));
    if (!wellFormed || valueBytes > this.#limits.valueBytesMax) {
      this.#discarding = valueBytes + 2;
      return this.#refuse(wellFormed ? "too-large" : "bad-format");
    }
    this.flags = flags;
    this.valueStart = this.lineEnd;
    this.valueEnd = this.lineEnd + valueBytes;
    const blockEnd = this.valueEnd + 2;
    if (blockEnd > this.#input.end) return this.#wait(blockEnd - this.start);
    this.end = blockEnd;
    if (bytes[blockEnd - 2] !== 13 || bytes[blockEnd - 1] !== 10) return this.#refuse("bad-data-chunk");
    return "request";
  }

  /** memcached once took a time here; `0` and `noreply` are what remains of that, and all that is taken. */
  #delete(): "request" | "invalid" {
    const count = this.#count;
    if (count === 0) return this.#refuse("bad-format");
    if (count > 3) return this.#refuse("unknown-command");
    // The only word may be the key `noreply`.
    this.noreply = count > 1 && this.#endsInNoreply();
    const zero = count > 1 && this.#end(1) - this.#start(1) === 1 && this.bytes[this.#start(1)] === 48;
    const known = count === 1 || (count === 2 && (zero || this.noreply)) || (zero && this.noreply);
    if (!known) return this.#refuse("bad-delete");
    this.argumentsEnd = this.#end(0);
    return this.#key() ? "request" : this.#refuse("bad-format");
  }

  #arithmetic(): "request" | "invalid" {
    if (this.#count < 2) return this.#refuse("bad-format");
    this.noreply = this.#endsInNoreply();
    this.argumentsEnd = this.#end(1);
    if (!this.#key()) return this.#refuse("bad-format");
    return readDecimal64(this.bytes, this.#start(1), this.#end(1), this.delta)
      ? "request"
      : this.#refuse("bad-delta");
  }

  #touch(): "request" | "invalid" {
    if (this.#count < 2) return this.#refuse("bad-format");
    this.noreply = this.#endsInNoreply();
    this.argumentsEnd = this.#end(1);
    if (!this.#key()) return this.#refuse("bad-format");
    return this.#exptime(1) ? "request" : this.#refuse("bad-exptime");
  }

  /** `flush_all [delay] [noreply]` */
  #flush(): "request" | "invalid" {
    const count = this.#count;
    this.noreply = count > 0 && this.#endsInNoreply();
    this.exptime = 0;
    if (count === (this.noreply ? 1 : 0)) return "request";
    this.argumentsEnd = this.#end(0);
    return this.#exptime(0) ? "request" : this.#refuse("bad-exptime");
  }

  /** `verbosity level [noreply]` */
  #verbosity(): "request" | "invalid" {
    if (this.#count === 0) return this.#refuse("bad-format");
    this.noreply = this.#endsInNoreply();
    this.argumentsEnd = this.#end(0);
    this.exptime = readDecimal(this.bytes, this.#start(0), this.#end(0), 0xffff_ffff);
    return this.exptime >= 0 ? "request" : this.#refuse("bad-format");
  }

  #start(word: number): number {
    return this.keyOffsets[word * 2] as number;
  }

  #end(word: number): number {
    return this.keyOffsets[word * 2 + 1] as number;
  }

  /** The first word is the key. */
  #key(): boolean {
    this.keyStart = this.#start(0);
    this.keyEnd = this.#end(0);
    return this.keyEnd - this.keyStart <= this.#limits.keyBytesMax;
  }

  #endsInNoreply(): boolean {
    const { lastStart, lastEnd } = this.#line;
    return lastEnd - lastStart === 7 && startsWith(this.bytes, lastStart, lastEnd, "noreply");
  }

  /** Reads a word as a number that may be negative. */
  #exptime(word: number): boolean {
    const { bytes } = this;
    const start = this.#start(word);
    const end = this.#end(word);
    const negative = bytes[start] === MINUS;
    const from = negative ? start + 1 : start;
    const value =
      end - from <= DIGITS_EXACT ? readDecimal(bytes, from, end, Infinity) : this.#longExptime(from, end);
    if (value < 0) return false;
    this.exptime = negative ? -value : value;
    return true;
  }

  #longExptime(start: number, end: number): number {
    const seconds = this.#seconds;
    if (!readDecimal64(this.bytes, start, end, seconds) || seconds.high >= EXPTIME_HIGH_END) return -1;
    return seconds.high * 4_294_967_296 + seconds.low;
  }
}
