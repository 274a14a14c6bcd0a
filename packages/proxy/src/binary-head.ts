// The head of a binary reply, with the flags behind it where it has them: one for all replies, which is copied out at
// once. Hot path.
//
//      0 magic | 1 opcode | 2 key length | 4 extras length | 5 data type | 6 status
//      8 body length | 12 opaque | 16 cas | 24 flags

import { REPLY_MAGIC } from "@memwire/codec";

const HEADER_BYTES = 24;
const FLAGS_BYTES = 4;

export class BinaryHead {
  readonly bytes: Uint8Array = new Uint8Array(HEADER_BYTES + FLAGS_BYTES);
  /** How many of them are the head at hand. */
  length: number = HEADER_BYTES;

  constructor() {
    this.bytes[0] = REPLY_MAGIC;
  }

  /** Begins one without flags and without a cas. Behind it come `keyBytes` and `valueBytes`. */
  begin(code: number, opaque: number, status: number, keyBytes: number, valueBytes: number): void {
    const { bytes } = this;
    this.length = HEADER_BYTES;
    bytes[1] = code;
    bytes[2] = keyBytes >>> 8;
    bytes[3] = keyBytes;
    bytes[4] = 0;
    bytes[7] = status;
    this.#uint32(8, keyBytes + valueBytes);
    this.#uint32(12, opaque);
    this.cas(0, 0);
  }

  cas(high: number, low: number): void {
    this.#uint32(16, high);
    this.#uint32(20, low);
  }

  /** Puts flags between the head at hand and what comes behind it. @param bodyBytes Of key and value. */
  flags(flags: number, bodyBytes: number): void {
    this.length = HEADER_BYTES + FLAGS_BYTES;
    this.bytes[4] = FLAGS_BYTES;
    this.#uint32(8, FLAGS_BYTES + bodyBytes);
    this.#uint32(24, flags);
  }

  #uint32(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
}
