// Requests of the binary protocol, as a server or proxy receives them.
//
//     receive(chunk)   lends bytes
//     next()           moves to the next message:
//         "request"    the decoder itself is the request: opcode, offsets into `bytes`, numbers
//         "head"       the same but for its value, of `valueBytes` bytes, which comes in pieces: see parts.ts
//         "part"       a piece of it, `partStart` to `partEnd`, at least one byte
//         "tail"       that was all of it
//         "invalid"    refused: `refusal` says why; the stream goes on behind it
//         "fatal"      refused, and the stream cannot go on; every later call answers this too
//         "need-data"  nothing whole is left; the chunk is the caller's again
//
// A header that is wrong is refused as soon as it is there, without the rest of its message; a wrong first byte alone.
// Offsets hold until the next call of `next`, `receive` or `keep`. Input never throws, memory stays within the
// limits, and what the chunks' borders are changes nothing. Hot path: no allocation a message.

import type { Halves } from "../decimal.ts";
import type { PoolOptions } from "../buffer-pool.ts";
import { limitsOf, type Limits } from "../limits.ts";
import { ReceiveBuffer } from "../receive-buffer.ts";
import type { BinaryRequest, Opcode } from "./binary-message.ts";
import type { BinaryRefusal } from "./binary-refusal.ts";
import { snapshotBinaryRequest } from "./binary-request-snapshot.ts";
import { readUint16, readUint32, readUint64 } from "../big-endian.ts";
import { FIELD_AT, HEADER_BYTES, REQUEST_MAGIC } from "./header.ts";
import { shapeOf, type OpcodeShape } from "./opcode.ts";
import { type Decoded, partsFromBytesOf, type PartsOptions } from "../parts.ts";

/** `#valueLeft` while no value is being handed out. */
const NO_PARTS = -1;

/** Reads requests of the binary protocol: after `next()` it is the message at hand itself. */
export class BinaryRequestDecoder {
  /** Bytes that all offsets refer to. Read only; they may be the lent chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The message: `start` to `end`, as received; on "head" without its value, on "part" that, on "tail" nothing. */
  start = 0;
  end = 0;
  opcode: Opcode = "noop";
  /** The opcode's number as it came, also where it has no name. */
  code = 0;
  /** Whether the client wants no reply where all goes well, or where nothing is found. */
  quiet = false;
  dataType = 0;
  /** Unsigned 16-bit; memcached ignores it. */
  vbucket = 0;
  /** Unsigned 32-bit; the reply repeats it. */
  opaque = 0;
  extrasStart = 0;
  extrasEnd = 0;
  keyStart = 0;
  keyEnd = 0;
  /** The value, empty if it comes in pieces or is too large. */
  valueStart = 0;
  valueEnd = 0;
  /** Bytes of the value, also where it comes in pieces or is too large. */
  valueBytes = 0;
  partStart = 0;
  partEnd = 0;
  flags = 0;
  /** Seconds, unsigned, and so memcached reads them. 0 where `flush` has none. */
  exptime = 0;
  /** Unsigned 64-bit halves; 0 is none. */
  readonly cas: Halves = { high: 0, low: 0 };
  /** Of `incr` and `decr`, likewise. */
  readonly delta: Halves = { high: 0, low: 0 };
  readonly initial: Halves = { high: 0, low: 0 };
  /**
   * Why the last `next()` answered "invalid" or "fatal". `code` and `opaque` are set but on "bad-magic"; on
   * "too-large" all but the value is.
   */
  refusal: BinaryRefusal = "unknown-command";
  /** Where in the message, counted from its first byte, that was which was wrong. */
  refusedAt = 0;

  /**
   * Bytes of a value, at most. May be changed between messages: a server need not take large ones before it knows who
   * sends them.
   */
  valueBytesMax: number;

  readonly #limits: Limits;
  readonly #partsFromBytes: number;
  readonly #input: ReceiveBuffer;
  /** Bytes that the unfinished message has at least. */
  #needed = HEADER_BYTES;
  /** Bytes of a refused body still to come. */
  #discarding = 0;
  /** Bytes still to come of a value that is handed out in pieces. */
  #valueLeft = NO_PARTS;
  #fatal = false;

  /** @throws RangeError as `limitsOf`, or for a `partsFromBytes` that is not a whole number from 0 */
  constructor(limits: Partial<Limits> = {}, options: PartsOptions & PoolOptions = {}) {
    this.#limits = limitsOf(limits);
    this.valueBytesMax = this.#limits.valueBytesMax;
    this.#input = new ReceiveBuffer(options.pool);
    this.#partsFromBytes = partsFromBytesOf(options);
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
    const input = this.#input;
    if (this.#discarding > 0) this.#discarding -= input.skip(this.#discarding);
    if (this.#valueLeft !== NO_PARTS) return this.#part();
    const { bytes, start } = input;
    const available = input.end - start;
    this.bytes = bytes;
    this.start = start;
    if (available < this.#needed) {
      if (available > 0 && bytes[start] !== REQUEST_MAGIC) return this.#fail("bad-magic", FIELD_AT.magic);
      return this.#wait(this.#needed);
    }
    if (bytes[start] !== REQUEST_MAGIC) return this.#fail("bad-magic", FIELD_AT.magic);
    const code = bytes[start + 1] as number;
    this.code = code;
    this.dataType = bytes[start + 5] as number;
    this.vbucket = readUint16(bytes, start + 6);
    this.opaque = readUint32(bytes, start + 12);
    readUint64(bytes, start + 16, this.cas);
    const keyBytes = readUint16(bytes, start + FIELD_AT.keyLength);
    const extrasBytes = bytes[start + FIELD_AT.extrasLength] as number;
    const bodyBytes = readUint32(bytes, start + FIELD_AT.bodyLength);
    if (keyBytes + extrasBytes > bodyBytes) {
      return this.#fail("bad-length", keyBytes > bodyBytes ? FIELD_AT.keyLength : FIELD_AT.extrasLength);
    }
    if (keyBytes > this.#limits.keyBytesMax) return this.#fail("key-too-long", FIELD_AT.keyLength);
    const shape = shapeOf(code);
    if (shape === undefined) return this.#unknown(bodyBytes);
    this.opcode = shape.name;
    this.quiet = shape.quiet;
    this.extrasStart = start + HEADER_BYTES;
    this.extrasEnd = this.extrasStart + extrasBytes;
    this.keyStart = this.extrasEnd;
    this.keyEnd = this.keyStart + keyBytes;
    this.valueStart = this.keyEnd;
    this.valueBytes = this.extrasStart + bodyBytes - this.valueStart;
    return this.#body(shape, available);
  }

  /**
   * The current message as a value that owns its bytes. Only after `next()` answered "request", or "head": then its
   * value is empty.
   */
  snapshot(): BinaryRequest {
    return snapshotBinaryRequest(this);
  }

  /**
   * Bytes of memory held for the unfinished message. After "need-data" at most 256, or twice what one message may have
   * (header, extras, key and value; no value if it comes in pieces) and the largest chunk that was lent. With a pool it
   * is the next size that the pool has, which is less than twice as much.
   */
  get heldBytes(): number {
    return this.#input.heldBytes;
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
    return this.unreadBytes > 0 || this.#discarding > 0 || this.#valueLeft !== NO_PARTS;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.expected = needed;
    this.keep();
    return "need-data";
  }

  #fail(refusal: BinaryRefusal, at: number): "fatal" {
    this.refusal = refusal;
    this.refusedAt = at;
    this.#fatal = true;
    this.#input.drop();
    return "fatal";
  }

  #unknown(bodyBytes: number): "invalid" {
    this.quiet = false;
    this.end = this.start + HEADER_BYTES;
    return this.#skip("unknown-command", FIELD_AT.opcode, bodyBytes);
  }

  /** Refuses the message up to `end`, and what is to be skipped behind it. */
  #skip(refusal: BinaryRefusal, at: number, skippedBytes: number): "invalid" {
    this.refusal = refusal;
    this.refusedAt = at;
    this.#discarding = skippedBytes;
    this.#consume();
    return "invalid";
  }

  #consume(): void {
    this.#needed = HEADER_BYTES;
    this.#input.start = this.end;
  }

  /** The header is there, and its lengths are in order: now what this opcode must have. */
  #body(shape: OpcodeShape, available: number): Decoded<"request"> {
    const { extrasStart, valueBytes } = this;
    const extrasBytes = this.extrasEnd - extrasStart;
    if (extrasBytes !== shape.extrasBytes && !(extrasBytes === 0 && shape.extras === "delay")) {
      return this.#fail("bad-extras", FIELD_AT.extrasLength);
    }
    if (this.keyEnd === this.keyStart ? shape.key === "some" : shape.key === "none") {
      return this.#fail("bad-key", FIELD_AT.keyLength);
    }
    const headBytes = this.valueStart - this.start;
    const isTooLarge = valueBytes > this.valueBytesMax;
    let needed = headBytes + valueBytes;
    let isHead = false;
    if (!shape.hasValue) {
      if (valueBytes > 0) return this.#fail("bad-body", FIELD_AT.bodyLength);
    } else if (isTooLarge || valueBytes >= this.#partsFromBytes) {
      needed = headBytes;
      isHead = true;
    }
    if (available < needed) return this.#wait(needed);
    this.#readExtras(shape);
    this.end = this.start + needed;
    this.valueEnd = this.end;
    if (!isHead) {
      this.#consume();
      return "request";
    }
    if (isTooLarge) return this.#skip("too-large", FIELD_AT.bodyLength, valueBytes);
    this.#consume();
    this.#valueLeft = valueBytes;
    return "head";
  }

  #readExtras(shape: OpcodeShape): void {
    const { bytes, extrasStart } = this;
    switch (shape.extras) {
      case "none":
        return;
      case "storage":
        this.flags = readUint32(bytes, extrasStart);
        this.exptime = readUint32(bytes, extrasStart + 4);
        return;
      case "arithmetic":
        readUint64(bytes, extrasStart, this.delta);
        readUint64(bytes, extrasStart + 8, this.initial);
        this.exptime = readUint32(bytes, extrasStart + 16);
        return;
      case "exptime":
        this.exptime = readUint32(bytes, extrasStart);
        return;
      case "delay":
        this.exptime = this.extrasEnd > extrasStart ? readUint32(bytes, extrasStart) : 0;
    }
  }

  #part(): "part" | "tail" | "need-data" {
    const input = this.#input;
    if (this.#valueLeft === 0) {
      this.#valueLeft = NO_PARTS;
      this.bytes = input.bytes;
      this.start = input.start;
      this.end = input.start;
      return "tail";
    }
    const { start } = input;
    const partBytes = Math.min(this.#valueLeft, input.end - start);
    if (partBytes === 0) return this.#wait(HEADER_BYTES);
    this.bytes = input.bytes;
    this.start = start;
    this.end = start + partBytes;
    this.partStart = start;
    this.partEnd = this.end;
    this.#valueLeft -= partBytes;
    input.start = this.end;
    return "part";
  }
}
