// Bytes received and not yet consumed, where only the message that two chunks share is copied. Hot path: a chunk.
//
//     chunk before   [ messages | tail ]
//     own storage               [ tail | copy of the beginning ]
//     chunk                            [ beginning             | ............. ]
//                                            ^seam: where the shared message ends
//
// A `ReceiveBuffer` alone joins the whole chunk to the tail, and all its messages are then read from the copy. Here
// the copy has as much as the one message is known to need, or a little more; when that message is consumed, `cross`
// goes over to the chunk itself, behind the seam. Measured: 10 to 20% of what small replies cost in chunks of 64 KiB,
// and more than half of what replies of 10 KB do.

import { ReceiveBuffer } from "./receive-buffer.ts";

/** How much is copied at least: most lines end within it. */
const COPIED_BYTES_MIN = 256;

export class BridgedInput {
  readonly #buffer: ReceiveBuffer = new ReceiveBuffer();
  /** The chunk whose beginning was copied behind a tail; null if all that is unconsumed is in one place. */
  #chunk: Uint8Array | null = null;
  #copied = 0;
  /** Bytes of the tail. */
  #tail = 0;

  /** The unconsumed bytes, as far as they are in one place, are `bytes[start]` to `bytes[end - 1]`. */
  get bytes(): Uint8Array {
    return this.#buffer.bytes;
  }

  get start(): number {
    return this.#buffer.start;
  }

  get end(): number {
    return this.#buffer.end;
  }

  /** Whether more of the chunk is to be had, by `more` or by `cross`. */
  get isBridged(): boolean {
    return this.#chunk !== null;
  }

  get heldBytes(): number {
    return this.#buffer.heldBytes;
  }

  /**
   * Lends a chunk.
   *
   * @param at Where the unconsumed bytes start by now.
   * @param needed Bytes that the unfinished message has at least; Infinity if there is none.
   */
  lend(at: number, chunk: Uint8Array, needed: number): void {
    if (this.#chunk !== null) this.keep(at);
    else this.#buffer.start = at;
    const buffer = this.#buffer;
    const tail = buffer.end - buffer.start;
    const copied = Math.max(needed - tail, COPIED_BYTES_MIN);
    // A tail that was kept meanwhile may have all that its first message needs, and others behind it.
    if (tail === 0 || needed <= tail || copied >= chunk.length) return buffer.lend(chunk);
    this.#chunk = chunk;
    this.#copied = copied;
    this.#tail = tail;
    buffer.lend(chunk.subarray(0, copied));
  }

  /** Copies more of the chunk, for a message that needs so many bytes. @returns false if there is no more */
  more(needed: number): boolean {
    const chunk = this.#chunk;
    if (chunk === null) return false;
    const buffer = this.#buffer;
    const from = this.#copied;
    // At least as much again, so that a long line is not gone for in small pieces.
    const to = Math.min(chunk.length, from + Math.max(needed - (buffer.end - buffer.start), from));
    this.#copied = to;
    if (to === chunk.length) this.#chunk = null;
    buffer.lend(chunk.subarray(from, to));
    return true;
  }

  /** Goes over to the chunk: the message that was shared is consumed, up to `at`. Only if it is bridged. */
  cross(at: number): void {
    const buffer = this.#buffer;
    const seam = at - buffer.start - this.#tail;
    buffer.start = buffer.end;
    buffer.lend(this.#chunk as Uint8Array);
    buffer.start = seam;
    this.#chunk = null;
  }

  /** Makes the unconsumed bytes, from `at` on, this input's own: the chunk that was lent may be reused. */
  keep(at: number): void {
    const buffer = this.#buffer;
    const chunk = this.#chunk;
    if (chunk === null) buffer.start = at;
    else if (at - buffer.start >= this.#tail) this.cross(at);
    else {
      buffer.lend(chunk.subarray(this.#copied));
      this.#chunk = null;
    }
    buffer.keep();
  }

  /** Forgets everything, and holds nothing. */
  drop(): void {
    this.#buffer.drop();
    this.#chunk = null;
  }
}
