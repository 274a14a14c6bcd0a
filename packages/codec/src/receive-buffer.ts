// Bytes received and not yet consumed.
//
// `lend` borrows the caller's chunk; `keep` copies the unconsumed tail, after which the chunk is the caller's
// again. While a tail is kept, the next chunk is joined to it. A message of n bytes costs O(n) copying however
// small the pieces it arrives in, and the memory held is at most twice the tail and one chunk.

const EMPTY: Uint8Array = new Uint8Array(0);

// Kept tails are mostly cut command lines. Storage that a large value needed is given back once it is consumed.
const STORAGE_BYTES_MIN = 256;
const STORAGE_BYTES_RETAINED = 65_536;

export class ReceiveBuffer {
  /** The unconsumed bytes are `bytes[start]` to `bytes[end - 1]`. Lent or own: read only. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  #storage: Uint8Array = EMPTY;

  /** Lends a chunk, which follows what is still unconsumed. */
  lend(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      return;
    }
    this.keep();
    const tail = this.end - this.start;
    const total = tail + chunk.length;
    if (this.end + chunk.length > this.#storage.length) {
      // Doubling, so that a value of n bytes in small pieces is moved O(log n) times.
      const room = total > this.#storage.length ? new Uint8Array(total * 2) : this.#storage;
      room.set(this.#storage.subarray(this.start, this.end));
      this.#storage = room;
      this.bytes = room;
      this.start = 0;
      this.end = tail;
    }
    this.#storage.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Makes the unconsumed bytes this buffer's own: the chunk that was lent may be reused. */
  keep(): void {
    if (this.bytes === this.#storage && this.start < this.end) return;
    const tail = this.end - this.start;
    if (tail === 0) {
      if (this.#storage.length > STORAGE_BYTES_RETAINED) this.#storage = EMPTY;
      this.bytes = EMPTY;
    } else {
      if (tail > this.#storage.length) this.#storage = new Uint8Array(Math.max(tail, STORAGE_BYTES_MIN));
      this.#storage.set(this.bytes.subarray(this.start, this.end));
      this.bytes = this.#storage;
    }
    this.start = 0;
    this.end = tail;
  }

  /** Bytes of memory held, for limits and tests. */
  get heldBytes(): number {
    return this.#storage.length;
  }
}
