// Bytes to be sent, joined: N messages cost one write.
//
//     storage  [ lent to the network | written, length bytes | room ]
//                                    ^taken                  ^end
//
// `take` lends what was written so far as one view; writing goes on behind it, never in it. `reclaim` says that
// the network is done with it: the storage is then used again from its start, so that a connection that keeps up
// costs no allocation but the view. Hot path.

import type { BufferPool } from "./buffer-pool.ts";
import { type CopyBytes, copyByView } from "./copy-bytes.ts";
import { writeDigits, writeDigits64 } from "./decimal.ts";

// Most replies of a turn fit; what a larger one needed is given back once it is sent, or ten thousand connections that
// were once asked for much would hold it for good. Without a pool to give it to, making it anew costs more.
const STORAGE_BYTES_MIN = 512;
const STORAGE_BYTES_RETAINED = 4_096;
const STORAGE_BYTES_RETAINED_UNPOOLED = 65_536;

/** Behind a large value come its line end and an `END`, which are to fit. */
const LINE_BYTES = 64;

/** Up to here a loop is no slower on any runtime. */
const LOOP_BYTES_MAX = 32;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Bytes to be sent: written message by message, taken all at once. */
export class SendBuffer {
  #bytes: Uint8Array = EMPTY;
  #taken = 0;
  #end = 0;
  /** What was written in the turn whose storage was given back: the next one is likely to need as much. */
  #usual = 0;
  /** What was lent last from the start of the storage: messages of a connection are often as long as the one before. */
  #lent: Uint8Array = EMPTY;
  /** Storage that was outgrown while some of it was lent: it is given back when that is reclaimed. */
  #outgrown: Uint8Array = EMPTY;
  readonly #retainedMax: number;
  readonly #pool: BufferPool | undefined;
  readonly #copy: CopyBytes;

  /** @param pool Where storage for much comes from and goes back to, and how it is copied into. */
  constructor(pool?: BufferPool) {
    this.#pool = pool;
    this.#retainedMax = pool === undefined ? STORAGE_BYTES_RETAINED_UNPOOLED : STORAGE_BYTES_RETAINED;
    this.#copy = pool === undefined ? copyByView : pool.copy;
  }

  /** Bytes of memory held, for limits and tests. */
  get heldBytes(): number {
    return this.#bytes.length + this.#outgrown.length;
  }

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#end - this.#taken;
  }

  /** Shows what was written and not taken, from `start` of it on: lent until more is written. */
  written(start: number): Uint8Array {
    return this.#bytes.subarray(this.#taken + start, this.#end);
  }

  /**
   * Lends what was written so far, the first `bytesMax` of it, until `reclaim` or for good. Empty if nothing was
   * written.
   */
  take(bytesMax: number = Infinity): Uint8Array {
    const start = this.#taken;
    const end = Math.min(this.#end, start + bytesMax);
    this.#taken = end;
    if (start > 0) return this.#bytes.subarray(start, end);
    if (this.#lent.length !== end) this.#lent = this.#bytes.subarray(0, end);
    return this.#lent;
  }

  /** What was taken is this buffer's again: nobody reads those views any more. */
  reclaim(): void {
    if (this.#outgrown !== EMPTY) {
      this.#pool?.give(this.#outgrown);
      this.#outgrown = EMPTY;
    }
    const written = this.#end - this.#taken;
    if (written === 0) {
      if (this.#bytes.length > this.#retainedMax) {
        this.#usual = this.#pool === undefined ? 0 : this.#end;
        this.#giveBack();
      }
    } else {
      // What is taken in pieces is moved when a third of it is gone, not with each.
      if (this.#taken * 2 < written) return;
      this.#bytes.copyWithin(0, this.#taken, this.#end);
    }
    this.#taken = 0;
    this.#end = written;
  }

  /**
   * Forgets the first `length` bytes of what was written and not taken: they are not to be sent after all.
   *
   * @throws RangeError if there are not so many
   */
  skip(length: number): void {
    if (length > this.length) throw new RangeError(`cannot skip ${length} bytes of ${this.length}`);
    this.#taken += length;
  }

  /** Forgets what was written and not taken, and leaves what was taken to whoever has it. */
  clear(): void {
    this.#pool?.drop(this.#bytes);
    this.#pool?.drop(this.#outgrown);
    this.#replace(EMPTY);
    this.#outgrown = EMPTY;
    this.#end = 0;
  }

  byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
    this.#end = at + 1;
  }

  /** An unsigned 32-bit number, big-endian. */
  uint32(value: number): void {
    const at = this.#room(4);
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#end = at + 4;
  }

  /** Text of one byte a character (U+0000 to U+00FF). */
  latin1(text: string): void {
    const { length } = text;
    const at = this.#room(length);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#end = at + length;
  }

  /** Copies `source[start]` to `source[end - 1]`. @throws RangeError if it does not have them */
  copy(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    // What is not there would be sent as what was there before.
    if (!(start >= 0 && length >= 0 && end <= source.length)) {
      throw new RangeError(`cannot copy ${start} to ${end} of ${source.length} bytes`);
    }
    const at = this.#room(length);
    const bytes = this.#bytes;
    if (length > LOOP_BYTES_MAX) this.#copy(source, start, end, bytes, at);
    else for (let i = 0; i < length; i++) bytes[at + i] = source[start + i] as number;
    this.#end = at + length;
  }

  /** A whole number from 0 to 2^53 - 1, in decimal. */
  decimal(value: number): void {
    const at = this.#room(16);
    this.#end = writeDigits(this.#bytes, at, value);
  }

  /** An unsigned 64-bit number in two unsigned halves, in decimal. */
  decimal64(high: number, low: number): void {
    const at = this.#room(20);
    this.#end = writeDigits64(this.#bytes, at, high, low);
  }

  /** Moves here what was written into another buffer and not taken. */
  append(other: SendBuffer): void {
    this.copy(other.#bytes, other.#taken, other.#end);
    other.#end = other.#taken;
    if (other.#taken === 0) other.reclaim();
  }

  /**
   * Copies some of what was written into another buffer and not taken, by its places there.
   *
   * @throws RangeError if there is not so much
   */
  copyFrom(other: SendBuffer, start: number, end: number): void {
    if (!(start >= 0 && end <= other.length)) {
      throw new RangeError(`cannot copy ${start} to ${end} of ${other.length} bytes`);
    }
    this.copy(other.#bytes, other.#taken + start, other.#taken + end);
  }

  /** Makes room for `length` bytes and answers where they go. */
  #room(length: number): number {
    if (this.#end + length > this.#bytes.length) this.#grow(length);
    return this.#end;
  }

  #grow(length: number): void {
    const written = this.#end - this.#taken;
    // At least twice what is moved, so that a byte is moved a bounded number of times. What is lent stays where it
    // is.
    // With nothing written: as much as in the turn before, and a quarter more, as no two are quite alike.
    const least = written > 0 ? STORAGE_BYTES_MIN : Math.max(STORAGE_BYTES_MIN, this.#usual * 1.25);
    const bytes = Math.ceil(Math.max(least, written * 2 + length + LINE_BYTES));
    const room = this.#pool === undefined ? new Uint8Array(bytes) : this.#pool.take(bytes);
    if (written > 0) room.set(this.#bytes.subarray(this.#taken, this.#end));
    if (this.#taken === 0) this.#giveBack();
    else if (this.#pool !== undefined) {
      this.#pool.drop(this.#outgrown); // one is remembered: that before it may still be lent, and is left to the collector
      this.#outgrown = this.#bytes;
    }
    this.#replace(room);
    this.#end = written;
  }

  /** Of the storage nothing is lent. */
  #giveBack(): void {
    this.#pool?.give(this.#bytes);
    this.#replace(EMPTY);
  }

  #replace(storage: Uint8Array): void {
    this.#bytes = storage;
    this.#lent = EMPTY;
    this.#taken = 0;
  }
}
