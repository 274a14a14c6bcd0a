// Buffers that the kernel chooses from when something has come, so that who waits for bytes needs no buffer of its own.
//
//     give(buffer) --> [ring of buffers] --- kernel reads into one ---> bytesOf(buffer, length) --- read ---> give(buffer)
//
// Source: IORING_REGISTER_PBUF_RING of io_uring_register(2), Linux 5.19.

import type { Queues } from "./queues.ts";
import type { System } from "./system.ts";

const REGISTER_PBUF_RING = 22;

/** How far apart the beginnings lie beyond a buffer's length: at whole pages they would share the same lines of the cache. */
const APART_BYTES = 192;

const HALF = 2 ** 32;
const ENTRY_WORDS = 4; // of 4 bytes: address, length, number and, of the first entry alone, the tail

export class ReceiveBuffers {
  readonly group: number;
  /** How long each is. */
  readonly bytes: number;
  readonly #count: number;
  readonly #memory: Uint8Array;
  readonly #at: number;
  readonly #words: Int32Array;
  readonly #shorts: Uint16Array;
  #tail = 0;

  private constructor(group: number, count: number, bytes: number, system: System, ring: ArrayBuffer) {
    this.group = group;
    this.bytes = bytes;
    this.#count = count;
    this.#memory = new Uint8Array(count * (bytes + APART_BYTES));
    this.#at = system.addressOf(this.#memory);
    this.#words = new Int32Array(ring);
    this.#shorts = new Uint16Array(ring);
    for (let buffer = 0; buffer < count; buffer++) this.give(buffer);
  }

  /** @param count A power of two. @returns undefined where the kernel does not have this */
  static open(
    system: System,
    queues: Queues,
    group: number,
    count: number,
    bytes: number,
  ): ReceiveBuffers | undefined {
    const ring = system.map(count * ENTRY_WORDS * 4);
    if (ring === undefined) return undefined;
    const wanted = new BigUint64Array(5); // a struct io_uring_buf_reg
    wanted[0] = BigInt(ring.at);
    new Uint32Array(wanted.buffer)[2] = count;
    new Uint16Array(wanted.buffer)[6] = group;
    if (!queues.register(REGISTER_PBUF_RING, system.addressOf(wanted), 1)) return undefined;
    return new ReceiveBuffers(group, count, bytes, system, ring.memory);
  }

  /** What lies in a buffer that the kernel has chosen; there until it is given back. */
  bytesOf(buffer: number, length: number): Uint8Array {
    const start = buffer * (this.bytes + APART_BYTES);
    return this.#memory.subarray(start, start + length);
  }

  /** The kernel may choose it again. */
  give(buffer: number): void {
    const i = (this.#tail & (this.#count - 1)) * ENTRY_WORDS;
    const at = this.#at + buffer * (this.bytes + APART_BYTES);
    this.#words[i] = at % HALF;
    this.#words[i + 1] = at / HALF;
    this.#words[i + 2] = this.bytes;
    this.#shorts[i * 2 + 6] = buffer;
    this.#tail = (this.#tail + 1) & 0xffff;
    Atomics.store(this.#shorts, 7, this.#tail);
  }
}
