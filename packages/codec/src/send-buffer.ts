// Bytes to be sent, joined: N messages cost one write.
//
//     storage  [ given away | written, length bytes | room ]
//                           ^taken                  ^end
//
// `take` gives away everything written so far as one view; the buffer keeps no reference to those bytes and
// writes on behind them, so that small replies cost no allocation of their own. Hot path.

import { writeDigits, writeDigits64 } from "./decimal.ts";

// A first storage small enough for thousands of idle connections; busy ones get larger storage as they need it.
const STORAGE_BYTES_MIN = 512;
const STORAGE_BYTES_MAX = 65_536;

// Below this a loop beats making a view for set().
const LOOP_BYTES_MAX = 64;

const EMPTY: Uint8Array = new Uint8Array(0);

export class SendBuffer {
  #bytes: Uint8Array = EMPTY;
  #taken = 0;
  #end = 0;
  #storageBytes = STORAGE_BYTES_MIN / 2;

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#end - this.#taken;
  }

  /** Gives away everything written so far; the buffer keeps no reference to it. Empty if nothing was. */
  take(): Uint8Array {
    const given = this.#bytes.subarray(this.#taken, this.#end);
    if (this.#end === this.#bytes.length) {
      this.#bytes = EMPTY;
      this.#end = 0;
    }
    this.#taken = this.#end;
    return given;
  }

  /** Forgets what was written and not taken. */
  clear(): void {
    this.#bytes = EMPTY;
    this.#taken = 0;
    this.#end = 0;
  }

  byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
    this.#end = at + 1;
  }

  /** Text of one byte a character (U+0000 to U+00FF). */
  latin1(text: string): void {
    const { length } = text;
    const at = this.#room(length);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#end = at + length;
  }

  /** Copies `source[start]` to `source[end - 1]`. */
  copy(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const at = this.#room(length);
    const bytes = this.#bytes;
    if (length <= LOOP_BYTES_MAX) {
      for (let i = 0; i < length; i++) bytes[at + i] = source[start + i] as number;
    } else if (start === 0 && end === source.length) {
      bytes.set(source, at);
    } else {
      bytes.set(source.subarray(start, end), at);
    }
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

  /** Moves everything written into another buffer, which follows what that one has. */
  append(other: SendBuffer): void {
    this.copy(other.#bytes, other.#taken, other.#end);
    other.clear();
  }

  /** Makes room for `length` bytes and answers where they go. */
  #room(length: number): number {
    if (this.#end + length > this.#bytes.length) this.#grow(length);
    return this.#end;
  }

  #grow(length: number): void {
    const written = this.#end - this.#taken;
    // Doubles while storage keeps running out: a connection that was idle for long starts small again only when
    // it is closed, which costs at most STORAGE_BYTES_MAX.
    this.#storageBytes = Math.min(this.#storageBytes * 2, STORAGE_BYTES_MAX);
    const room = new Uint8Array(Math.max(this.#storageBytes, (written + length) * (written > 0 ? 2 : 1)));
    if (written > 0) room.set(this.#bytes.subarray(this.#taken, this.#end));
    this.#bytes = room;
    this.#taken = 0;
    this.#end = written;
  }
}
