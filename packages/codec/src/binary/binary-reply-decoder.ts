// Replies of the binary protocol, as a client or proxy receives them.
//
// The same shape as the request decoder: `receive(chunk)` lends, `next()` answers "reply", "fatal" or "need-data", and
// "head", "part" and "tail" for a value in pieces; the decoder itself is the current reply. What no memcached sends
// is "fatal": replies can only be paired with requests while the stream is in step. Hot path: no allocation a reply.
//
// A `stat` is answered by one reply for each statistic, and one with an empty key behind them.

import type { Halves } from "../decimal.ts";
import { limitsOf, type Limits } from "../limits.ts";
import { ReceiveBuffer } from "../receive-buffer.ts";
import type { BinaryReply, BinaryStatus, Opcode } from "./binary-message.ts";
import { snapshotBinaryReply } from "./binary-reply-snapshot.ts";
import { readUint16, readUint32, readUint64 } from "../big-endian.ts";
import { FIELD_AT, HEADER_BYTES, REPLY_MAGIC } from "./header.ts";
import { shapeOf } from "./opcode.ts";
import { partsFromBytesOf, type PartsOptions } from "../parts.ts";
import { statusName } from "./status.ts";

const FLAGS_BYTES = 4;
const NUMBER_BYTES = 8;

/** `#valueLeft` while no value is being handed out. */
const NO_PARTS = -1;

/** What was wrong with the bytes that came. */
export type BinaryFault =
  | "bad-magic"
  | "bad-length"
  | "key-too-long"
  | "bad-extras"
  | "bad-status"
  | "bad-number"
  | "value-too-large";

/** Reads replies of the binary protocol: after `next()` it is the message at hand itself. */
export class BinaryReplyDecoder {
  /** Bytes that all offsets refer to. Read only; they may be the lent chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The reply: `start` to `end`, as received; on "head" without its value, on "part" that, on "tail" nothing. */
  start = 0;
  end = 0;
  /** "unknown" answers a request whose opcode memcached does not know: see `code`. */
  opcode: Opcode | "unknown" = "noop";
  /** The opcode's number. */
  code = 0;
  status: BinaryStatus = "ok";
  dataType = 0;
  /** Unsigned 32-bit, as it was in the request. */
  opaque = 0;
  extrasStart = 0;
  extrasEnd = 0;
  keyStart = 0;
  keyEnd = 0;
  /** The value, or a text for people if the status is not "ok"; empty if it comes in pieces. */
  valueStart = 0;
  valueEnd = 0;
  /** Bytes of the value, also where it comes in pieces. */
  valueBytes = 0;
  partStart = 0;
  partEnd = 0;
  /** Whether there are flags: 4 bytes of extras. */
  hasFlags = false;
  flags = 0;
  /** Unsigned 64-bit halves; 0 is none. */
  readonly cas: Halves = { high: 0, low: 0 };
  /** Whether `incr` or `decr` went well: then the value is a number. */
  hasNumber = false;
  readonly number: Halves = { high: 0, low: 0 };
  /** What was wrong when `next()` answered "fatal", and where in the message, counted from its first byte. */
  fault: BinaryFault = "bad-magic";
  faultAt = 0;

  readonly #limits: Limits;
  readonly #partsFromBytes: number;
  readonly #input: ReceiveBuffer = new ReceiveBuffer();
  /** Bytes that the unfinished reply has at least. */
  #needed = HEADER_BYTES;
  /** Bytes still to come of a value that is handed out in pieces. */
  #valueLeft = NO_PARTS;
  #fatal = false;

  /** @throws RangeError as `limitsOf`, or for a `partsFromBytes` that is not a whole number from 0 */
  constructor(limits: Partial<Limits> = {}, options: PartsOptions = {}) {
    this.#limits = limitsOf(limits);
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

  next(): "reply" | "head" | "part" | "tail" | "fatal" | "need-data" {
    if (this.#fatal) return "fatal";
    if (this.#valueLeft !== NO_PARTS) return this.#part();
    const input = this.#input;
    const { bytes, start } = input;
    const available = input.end - start;
    this.bytes = bytes;
    this.start = start;
    if (available < this.#needed) {
      if (available > 0 && bytes[start] !== REPLY_MAGIC) return this.#fail("bad-magic", FIELD_AT.magic);
      return this.#wait(this.#needed);
    }
    if (bytes[start] !== REPLY_MAGIC) return this.#fail("bad-magic", FIELD_AT.magic);
    const code = bytes[start + 1] as number;
    const shape = shapeOf(code);
    this.code = code;
    this.opcode = shape === undefined ? "unknown" : shape.name;
    this.dataType = bytes[start + 5] as number;
    this.opaque = readUint32(bytes, start + 12);
    readUint64(bytes, start + 16, this.cas);
    const keyBytes = readUint16(bytes, start + FIELD_AT.keyLength);
    const extrasBytes = bytes[start + FIELD_AT.extrasLength] as number;
    const bodyBytes = readUint32(bytes, start + FIELD_AT.bodyLength);
    if (keyBytes + extrasBytes > bodyBytes) {
      return this.#fail("bad-length", keyBytes > bodyBytes ? FIELD_AT.keyLength : FIELD_AT.extrasLength);
    }
    if (keyBytes > this.#limits.keyBytesMax) return this.#fail("key-too-long", FIELD_AT.keyLength);
    if (extrasBytes !== 0 && extrasBytes !== FLAGS_BYTES) {
      return this.#fail("bad-extras", FIELD_AT.extrasLength);
    }
    const status = statusName(readUint16(bytes, start + FIELD_AT.status));
    if (status === undefined) return this.#fail("bad-status", FIELD_AT.status);
    this.status = status;
    this.extrasStart = start + HEADER_BYTES;
    this.extrasEnd = this.extrasStart + extrasBytes;
    this.keyStart = this.extrasEnd;
    this.keyEnd = this.keyStart + keyBytes;
    this.valueStart = this.keyEnd;
    this.valueBytes = this.extrasStart + bodyBytes - this.valueStart;
    this.hasFlags = extrasBytes === FLAGS_BYTES;
    this.hasNumber = status === "ok" && shape !== undefined && shape.extras === "arithmetic";
    return this.#body(available);
  }

  /** Whether bytes are left that belong to no whole reply yet, or a value has not come to its end. */
  get hasRest(): boolean {
    return this.#valueLeft !== NO_PARTS || this.#input.end > this.#input.start;
  }

  /**
   * The current reply as a value that owns its bytes. Only after `next()` answered "reply", or "head": then its value
   * is empty.
   */
  snapshot(): BinaryReply {
    return snapshotBinaryReply(this);
  }

  /**
   * Bytes of memory held for the unfinished reply: after "need-data" at most 256, or twice what one reply may have
   * (header, extras, key and value; no value if it comes in pieces) and the largest chunk that was lent.
   */
  get heldBytes(): number {
    return this.#input.heldBytes;
  }

  #wait(needed: number): "need-data" {
    this.#needed = needed;
    this.#input.expected = needed;
    this.keep();
    return "need-data";
  }

  #fail(fault: BinaryFault, at: number): "fatal" {
    this.fault = fault;
    this.faultAt = at;
    this.#fatal = true;
    this.#input.drop();
    return "fatal";
  }

  /** The header is there, and in order. */
  #body(available: number): "reply" | "head" | "fatal" | "need-data" {
    const { bytes, valueBytes, hasFlags, hasNumber } = this;
    if (hasNumber && valueBytes !== NUMBER_BYTES) return this.#fail("bad-number", FIELD_AT.bodyLength);
    if (valueBytes > this.#limits.valueBytesMax) return this.#fail("value-too-large", FIELD_AT.bodyLength);
    // Most replies have no value at all: an empty one counts where there are flags, as it is an item's.
    const isHead = valueBytes >= this.#partsFromBytes && !hasNumber && (valueBytes > 0 || hasFlags);
    const end = isHead ? this.valueStart : this.valueStart + valueBytes;
    const needed = end - this.start;
    if (available < needed) return this.#wait(needed);
    this.flags = hasFlags ? readUint32(bytes, this.extrasStart) : 0;
    if (hasNumber) readUint64(bytes, this.valueStart, this.number);
    this.end = end;
    this.valueEnd = end;
    this.#needed = HEADER_BYTES;
    this.#input.start = end;
    if (!isHead) return "reply";
    this.#valueLeft = valueBytes;
    return "head";
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
