// Bytes received and not yet consumed.
//
// `lend` borrows the caller's chunk; `keep` copies the unconsumed tail, after which the chunk is the caller's
// again. While a tail is kept, the next chunk is joined to it. A message of n bytes costs O(n) copying however
// small the pieces it arrives in. The memory held is at most twice the tail and one chunk, or the whole message once an
// eighth of it has come, unless the pool is full; of a pool, which has a few sizes, the next size from there on.

import type { BufferPool } from "./buffer-pool.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

// Kept tails are mostly cut command lines. Storage that a large value needed is given back once it is consumed. Without a
// pool to give it to, making it anew costs more.
const STORAGE_BYTES_MIN = 256;
const STORAGE_BYTES_RETAINED = 4_096;
const STORAGE_BYTES_RETAINED_UNPOOLED = 65_536;

/** Room is made for all of a message when an eighth of it has come: what was only announced costs little. */
const EXPECTED_PER_RECEIVED = 8;

export class ReceiveBuffer {
  /** The unconsumed bytes are `bytes[start]` to `bytes[end - 1]`. Lent or own: read only. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** Bytes that the unconsumed message will have at least, from `start` on. */
  expected = 0;
  #storage: Uint8Array = EMPTY;
  readonly #pool: BufferPool | undefined;
  readonly #retainedMax: number;

  /** @param pool Where large storage comes from, and goes back to. */
  constructor(pool?: BufferPool) {
    this.#pool = pool;
    this.#retainedMax = pool === undefined ? STORAGE_BYTES_RETAINED_UNPOOLED : STORAGE_BYTES_RETAINED;
  }

  /** Lends a chunk, which follows what is still unconsumed. */
  lend(chunk: Uint8Array): void {
    if (this.start < this.end) return this.#join(chunk);
    // Node's Buffer is a Uint8Array whose `slice` is a view: whoever reads `bytes` is to find a plain one.
    this.bytes =
      chunk.constructor === Uint8Array
        ? chunk
        : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.start = 0;
    this.end = chunk.length;
  }

  /** Makes the unconsumed bytes this buffer's own: the chunk that was lent may be reused. */
  keep(): void {
    const tail = this.end - this.start;
    if (tail === 0) {
      if (this.#storage.length > this.#retainedMax) this.#replace(EMPTY);
      this.bytes = EMPTY;
    } else {
      if (this.bytes === this.#storage) return;
      if (tail > this.#storage.length) this.#replace(this.#make(this.#bytesFor(tail, tail)));
      this.#storage.set(this.bytes.subarray(this.start, this.end));
      this.bytes = this.#storage;
    }
    this.start = 0;
    this.end = tail;
  }

  /** Consumes up to `length` bytes. @returns how many there were */
  skip(length: number): number {
    const skipped = Math.min(length, this.end - this.start);
    this.start += skipped;
    return skipped;
  }

  /** Forgets everything, and holds nothing. */
  drop(): void {
    this.bytes = EMPTY;
    this.#replace(EMPTY);
    this.start = 0;
    this.end = 0;
  }

  /** Bytes of memory held, for limits and tests. */
  get heldBytes(): number {
    return this.#storage.length;
  }

  /** Whether the storage is too small for the message that is not consumed yet. */
  get lacksRoom(): boolean {
    return this.expected > this.#storage.length;
  }

  #join(chunk: Uint8Array): void {
    this.keep();
    if (this.end + chunk.length > this.#storage.length) this.#makeRoom(chunk.length);
    this.#storage.set(chunk, this.end);
    this.end += chunk.length;
  }

  #makeRoom(length: number): void {
    const tail = this.end - this.start;
    const total = tail + length;
    const held = this.#storage.length;
    // Doubling, and moving within the storage only if a quarter of it is free afterwards: either way the next move
    // is so far off that a byte is moved a bounded number of times.
    const room = total > held - held / 4 ? this.#make(this.#bytesFor(total, total * 2)) : this.#storage;
    room.set(this.#storage.subarray(this.start, this.end));
    if (room !== this.#storage) this.#replace(room);
    this.bytes = room;
    this.start = 0;
    this.end = tail;
  }

  /** Bytes of storage for `held` bytes: room for the rest of their message, if enough of it has come, or `least`. */
  #bytesFor(held: number, least: number): number {
    const { expected } = this;
    const isWorthIt = expected > held && expected <= held * EXPECTED_PER_RECEIVED;
    const whole = isWorthIt && this.#pool?.isFull !== true ? expected : 0;
    return Math.max(whole, least, STORAGE_BYTES_MIN);
  }

  #make(length: number): Uint8Array {
    return this.#pool === undefined ? new Uint8Array(length) : this.#pool.take(length);
  }

  #replace(storage: Uint8Array): void {
    this.#pool?.give(this.#storage);
    this.#storage = storage;
  }
}
