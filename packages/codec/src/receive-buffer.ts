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
      if (this.#storage.length > STORAGE_BYTES_RETAINED) this.#storage = EMPTY;
      this.bytes = EMPTY;
    } else {
      if (this.bytes === this.#storage) return;
      if (tail > this.#storage.length) this.#storage = new Uint8Array(Math.max(tail, STORAGE_BYTES_MIN));
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
    this.#storage = EMPTY;
    this.start = 0;
    this.end = 0;
  }

  /** Bytes of memory held, for limits and tests. */
  get heldBytes(): number {
    return this.#storage.length;
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
    const room = total > held - held / 4 ? new Uint8Array(total * 2) : this.#storage;
    room.set(this.#storage.subarray(this.start, this.end));
    this.#storage = room;
    this.bytes = room;
    this.start = 0;
    this.end = tail;
  }
}
