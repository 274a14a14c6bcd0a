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
import { readDecimal, readDecimal64, type Halves } from "./decimal.ts";
import { limitsOf, type Limits } from "./limits.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { Refusal } from "./refusal.ts";
import type { CommandName, Request } from "./request.ts";
import { snapshotRequest } from "./request-snapshot.ts";
import { findLineFeed, startsWith } from "./text.ts";

/** What `next()` found. */
export type Decoded<Message extends string> = Message | "invalid" | "fatal" | "need-data";

// memcached keeps lengths in an int and adds 2 for the line end.
const LENGTH_MAX = 2_147_483_645;

// 2^63 - 1 as memcached reads exptimes; doubles end at the power itself.
const EXPTIME_MAX = 9_223_372_036_854_775_807;

// Words of a line whose places are kept; further ones count but for a last `noreply` mean nothing.
const WORDS_KEPT = 8;

export class RequestDecoder {
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
  keyOffsets: Uint32Array = new Uint32Array(16);
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
  readonly #words: Int32Array = new Int32Array(WORDS_KEPT * 2);
  #wordCount = 0;
  #lastWordStart = 0;
  #lastWordEnd = 0;
  /** Bytes of the unfinished message that hold no line feed. */
  #scanned = 0;
  /** Bytes that the unfinished message has at least. */
  #needed = 1;
  /** Bytes of a refused data block still to come. */
  #discarding = 0;
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

  next(): Decoded<"request"> {
    if (this.#fatal) return "fatal";
    const input = this.#input;
    if (this.#discarding > 0) {
      const discarded = Math.min(this.#discarding, input.end - input.start);
      this.#discarding -= discarded;
      input.start += discarded;
    }
    const available = input.end - input.start;
    if (available < this.#needed) return this.#wait(this.#needed);
    const { bytes, start } = input;
    this.bytes = bytes;
    this.start = start;
    const feed = findLineFeed(bytes, start + this.#scanned, input.end);
    const lineBytes = feed < 0 ? available : feed - start;
    if (lineBytes > this.#limits.lineBytesMax && this.#isTooLong(lineBytes)) {
      this.end = feed < 0 ? input.end : feed + 1;
      return this.#fail("line-too-long");
    }
    if (feed < 0) {
      this.#scanned = available;
      return this.#wait(available + 1);
    }
    this.lineEnd = feed + 1;
    this.end = feed + 1;
    const answer = this.#parse(feed > start && bytes[feed - 1] === 13 ? feed - 1 : feed);
    if (answer === "need-data") {
      this.#scanned = lineBytes;
      return answer;
    }
    this.#scanned = 0;
    this.#needed = 1;
    input.start = this.end;
    return answer;
  }

  /** The current message as a value that owns its bytes. Only after `next()` answered "request". */
  snapshot(): Request {
    return snapshotRequest(this);
  }

  /** Bytes of memory held for the unfinished message. */
  get heldBytes(): number {
    return this.#input.heldBytes + this.keyOffsets.byteLength;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.keep();
    return "need-data";
  }

  #fail(refusal: Refusal): "fatal" {
    this.refusal = refusal;
    this.#fatal = true;
    this.#input.start = this.#input.end;
    this.#input.keep();
    return "fatal";
  }

  #refuse(refusal: Refusal): "invalid" {
    this.refusal = refusal;
    return "invalid";
  }

  /** A retrieval line may be longer than others, as clients rely on it, after at most 100 leading blanks. */
  #isTooLong(lineBytes: number): boolean {
    const { bytes, start } = this;
    const end = start + lineBytes;
    let at = start;
    while (at < end && at - start <= 100 && bytes[at] === 32) at++;
    if (!startsWith(bytes, at, end, "get ") && !startsWith(bytes, at, end, "gets ")) return true;
    return lineBytes > this.#limits.retrievalLineBytesMax;
  }

  /** The line is whole: `start` to `end` without its line end. */
  #parse(end: number): Decoded<"request"> {
    const { bytes, start } = this;
    let at = start;
    while (at < end && bytes[at] !== 32) at++;
    const command = commandName(bytes, start, at);
    this.noreply = false;
    this.argumentsEnd = end;
    if (command === undefined) return this.#unknown(end);
    this.command = command;
    switch (command) {
      case "get":
      case "gets":
        return this.#keys(at, end);
      case "gat":
      case "gats":
        return this.#getAndTouch(at, end);
      case "set":
      case "add":
      case "replace":
      case "append":
      case "prepend":
      case "cas":
        return this.#storage(at, end, command === "cas" ? 5 : 4);
      case "delete":
        return this.#delete(at, end);
      case "incr":
      case "decr":
        return this.#arithmetic(at, end);
      case "touch":
        return this.#touch(at, end);
      case "flush_all":
      case "verbosity":
        return this.#number(at, end, command === "verbosity");
      default:
        this.#split(at, end);
        this.valueStart = this.#wordCount > 0 ? this.#start(0) : end;
        this.valueEnd = this.#wordCount > 0 ? this.#lastWordEnd : end;
        return "request";
    }
  }

  #unknown(end: number): "invalid" | "fatal" {
    this.#split(this.start, end);
    // A browser or a forged form post: memcached drops it without a word.
    if (this.#wordCount > 1 && startsWith(this.bytes, this.#lastWordStart, this.#lastWordEnd, "HTTP/")) {
      return this.#fail("http");
    }
    return this.#refuse(end - this.start < 2 ? "bad-format" : "unknown-command");
  }

  #keys(from: number, end: number): "request" | "invalid" {
    const { bytes } = this;
    const { keyBytesMax, keysMax } = this.#limits;
    let count = 0;
    let at = from;
    let tooLong = false;
    for (;;) {
      while (at < end && bytes[at] === 32) at++;
      if (at === end) break;
      const keyStart = at;
      while (at < end && bytes[at] !== 32) at++;
      if (at - keyStart > keyBytesMax) tooLong = true;
      if (count === keysMax) return this.#refuse("too-many-keys");
      if (count * 2 === this.keyOffsets.length) this.#growOffsets();
      this.keyOffsets[count * 2] = keyStart;
      this.keyOffsets[count * 2 + 1] = at;
      count++;
    }
    if (tooLong || count === 0) return this.#refuse("bad-format");
    this.keyCount = count;
    this.keyStart = this.keyOffsets[0] as number;
    this.keyEnd = this.keyOffsets[1] as number;
    return "request";
  }

  #growOffsets(): void {
    const grown = new Uint32Array(this.keyOffsets.length * 2);
    grown.set(this.keyOffsets);
    this.keyOffsets = grown;
  }

  #getAndTouch(from: number, end: number): "request" | "invalid" {
    const { bytes } = this;
    let at = from;
    while (at < end && bytes[at] === 32) at++;
    const wordStart = at;
    while (at < end && bytes[at] !== 32) at++;
    const keys = this.#keys(at, end);
    if (keys === "invalid") return keys;
    return this.#exptime(wordStart, at) ? "request" : this.#refuse("bad-exptime");
  }

  #storage(from: number, end: number, wordsMin: number): Decoded<"request"> {
    this.#split(from, end);
    if (this.#wordCount < wordsMin) return this.#refuse("bad-format");
    const { bytes } = this;
    const valueBytes = readDecimal(bytes, this.#start(3), this.#end(3), LENGTH_MAX);
    // Without a length the data block cannot be told from commands: it will be read as such, as memcached does.
    if (valueBytes < 0) return this.#refuse("bad-format");
    this.noreply = this.#endsInNoreply(wordsMin);
    this.argumentsEnd = this.#end(wordsMin - 1);
    this.#key(0);
    const flags = readDecimal(bytes, this.#start(1), this.#end(1), 0xffff_ffff);
    const wellFormed =
      this.keyEnd - this.keyStart <= this.#limits.keyBytesMax &&
      flags >= 0 &&
      this.#exptime(this.#start(2), this.#end(2)) &&
      (wordsMin === 4 || readDecimal64(bytes, this.#start(4), this.#end(4), this.cas));
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
  #delete(from: number, end: number): "request" | "invalid" {
    this.#split(from, end);
    const count = this.#wordCount;
    if (count === 0) return this.#refuse("bad-format");
    if (count > 3) return this.#refuse("unknown-command");
    this.#key(0);
    if (this.keyEnd - this.keyStart > this.#limits.keyBytesMax) return this.#refuse("bad-format");
    this.noreply = this.#endsInNoreply(1);
    this.argumentsEnd = this.keyEnd;
    const zero = count > 1 && this.#end(1) - this.#start(1) === 1 && this.bytes[this.#start(1)] === 48;
    const known = count === 1 || (count === 2 && (zero || this.noreply)) || (zero && this.noreply);
    return known ? "request" : this.#refuse("bad-delete");
  }

  #arithmetic(from: number, end: number): "request" | "invalid" {
    this.#split(from, end);
    if (this.#wordCount < 2) return this.#refuse("bad-format");
    this.#key(0);
    this.noreply = this.#endsInNoreply(2);
    this.argumentsEnd = this.#end(1);
    if (this.keyEnd - this.keyStart > this.#limits.keyBytesMax) return this.#refuse("bad-format");
    return readDecimal64(this.bytes, this.#start(1), this.#end(1), this.delta)
      ? "request"
      : this.#refuse("bad-delta");
  }

  #touch(from: number, end: number): "request" | "invalid" {
    this.#split(from, end);
    if (this.#wordCount < 2) return this.#refuse("bad-format");
    this.#key(0);
    this.noreply = this.#endsInNoreply(2);
    this.argumentsEnd = this.#end(1);
    if (this.keyEnd - this.keyStart > this.#limits.keyBytesMax) return this.#refuse("bad-format");
    return this.#exptime(this.#start(1), this.#end(1)) ? "request" : this.#refuse("bad-exptime");
  }

  /** `flush_all [delay] [noreply]` and `verbosity level [noreply]`. */
  #number(from: number, end: number, required: boolean): "request" | "invalid" {
    this.#split(from, end);
    this.noreply = this.#endsInNoreply(0);
    const words = this.#wordCount - (this.noreply ? 1 : 0);
    this.exptime = 0;
    if (words === 0) return required ? this.#refuse("bad-format") : "request";
    if (this.#exptime(this.#start(0), this.#end(0))) return "request";
    return this.#refuse(required ? "bad-format" : "bad-exptime");
  }

  /** Finds the words of the line behind the command. */
  #split(from: number, end: number): void {
    const { bytes } = this;
    const words = this.#words;
    let count = 0;
    let at = from;
    for (;;) {
      while (at < end && bytes[at] === 32) at++;
      if (at === end) break;
      this.#lastWordStart = at;
      if (count < WORDS_KEPT) words[count * 2] = at;
      while (at < end && bytes[at] !== 32) at++;
      this.#lastWordEnd = at;
      if (count < WORDS_KEPT) words[count * 2 + 1] = at;
      count++;
    }
    this.#wordCount = count;
  }

  #start(word: number): number {
    return this.#words[word * 2] as number;
  }

  #end(word: number): number {
    return this.#words[word * 2 + 1] as number;
  }

  #key(word: number): void {
    this.keyStart = this.#start(word);
    this.keyEnd = this.#end(word);
  }

  #endsInNoreply(wordsBefore: number): boolean {
    return (
      this.#wordCount > wordsBefore &&
      this.#lastWordEnd - this.#lastWordStart === 7 &&
      startsWith(this.bytes, this.#lastWordStart, this.#lastWordEnd, "noreply")
    );
  }

  /** Reads a number that may be negative into `exptime`. */
  #exptime(start: number, end: number): boolean {
    const negative = this.bytes[start] === 45;
    const value = readDecimal(this.bytes, negative ? start + 1 : start, end, EXPTIME_MAX);
    if (value < 0) return false;
    this.exptime = negative ? -value : value;
    return true;
  }
}
