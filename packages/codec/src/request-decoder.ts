// Requests of a client that may speak text or binary: the first byte of the stream decides, for good.
//
// 0x80 is binary, as in memcached, where no command begins with it; anything else is text. Whoever wants to know more
// of a message than its kind reads it from `text` or `binary`, by `protocol`. Hot path: one branch a message.

import { BinaryRequestDecoder } from "./binary/binary-request-decoder.ts";
import type { PoolOptions } from "./buffer-pool.ts";
import { REQUEST_MAGIC } from "./binary/header.ts";
import { type KeyListener, LOOK_AHEAD_MAX, lookAhead, type Protocol } from "./look-ahead.ts";
import type { Limits } from "./limits.ts";
import type { Decoded, PartsOptions } from "./parts.ts";
import { TextRequestDecoder } from "./text/text-request-decoder.ts";

export interface ProtocolOptions extends PartsOptions, PoolOptions {
  /**
   * The protocol that is spoken whatever the first byte is, as memcached's `-B ascii` and `-B binary` have it. By
   * default the first byte decides.
   */
  readonly protocol?: Protocol;
}

/** Reads requests of either protocol: after `next()` the message is `text` or `binary`, by `protocol`. */
export class RequestDecoder {
  /** `undefined` until the first byte is there. */
  protocol: Protocol | undefined;
  readonly text: TextRequestDecoder;
  readonly binary: BinaryRequestDecoder;
  #isBinary: boolean;

  /** @throws RangeError as the two decoders */
  constructor(limits: Partial<Limits> = {}, options: ProtocolOptions = {}) {
    this.protocol = options.protocol;
    this.text = new TextRequestDecoder(limits, options);
    this.binary = new BinaryRequestDecoder(limits, options);
    this.#isBinary = options.protocol === "binary";
  }

  /**
   * Goes on with another stream: of this protocol, or of the one that its first byte decides. Only between two
   * messages, which is where `next()` answered "need-data" and `isInMessage` is false.
   */
  begin(protocol: Protocol | undefined): void {
    this.protocol = protocol;
    this.#isBinary = protocol === "binary";
  }

  /** Lends a chunk. Call `next()` until it answers "need-data", or `keep()`; then the chunk may be reused. */
  receive(chunk: Uint8Array): void {
    if (this.protocol === undefined && chunk.length > 0) {
      this.#isBinary = chunk[0] === REQUEST_MAGIC;
      this.protocol = this.#isBinary ? "binary" : "text";
    }
    if (this.#isBinary) this.binary.receive(chunk);
    else this.text.receive(chunk);
  }

  /** What the decoder of the protocol that is spoken answers, which then is the message. */
  next(): Decoded<"request"> {
    return this.#isBinary ? this.binary.next() : this.text.next();
  }

  /**
   * Tells which keys the requests from the one at hand on are for, the first of each, as far as they have been
   * received. A hint: of what is not well formed anything may be told. Only after `next()` answered "request".
   *
   * @param requestsMax With the one at hand, 32 at most.
   * @returns how many requests behind the one at hand have been looked at
   */
  lookAhead(listener: KeyListener, requestsMax: number = LOOK_AHEAD_MAX): number {
    const { bytes, start, end } = this.#isBinary ? this.binary : this.text;
    const seen = lookAhead(this.protocol, bytes, start, end + this.unreadBytes, listener, requestsMax);
    return Math.max(seen - 1, 0);
  }

  /** Stops before "need-data": copies what is left of the chunk, which may then be reused. */
  keep(): void {
    if (this.#isBinary) this.binary.keep();
    else this.text.keep();
  }

  /** After "need-data": whether what is to come is the rest of a value; of the binary protocol it is not known. */
  get awaitsValue(): boolean {
    return !this.#isBinary && this.text.awaitsValue;
  }

  /** Bytes received that no message has had yet: more to be asked for by `next()`, or the beginning of a message. */
  get unreadBytes(): number {
    return this.#isBinary ? this.binary.unreadBytes : this.text.unreadBytes;
  }

  /** After "need-data": whether a message has begun, of which more is to come. */
  get isInMessage(): boolean {
    return this.#isBinary ? this.binary.isInMessage : this.text.isInMessage;
  }

  /** After "need-data": whether more memory is needed for the rest of the message. */
  get lacksRoom(): boolean {
    return this.#isBinary ? this.binary.lacksRoom : this.text.lacksRoom;
  }

  /** The stream is over: forgets a message that has begun, and holds nothing. It must not be used any more. */
  drop(): void {
    this.text.drop();
    this.binary.drop();
  }

  /** Bytes of memory held for the unfinished message: as that decoder says, and what the text decoder begins with. */
  get heldBytes(): number {
    return this.text.heldBytes + this.binary.heldBytes;
  }
}
