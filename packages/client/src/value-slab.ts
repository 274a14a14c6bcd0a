// Copies of small values, many in one piece of memory.
//
// V8 takes over a microsecond for the memory of an array of its own, which is a third of what a get costs; a view of
// memory that is there takes a tenth of that. Values of a slab keep the whole of it, so it is small, and large values
// have memory of their own.

const SLAB_BYTES = 8_192;

/** The largest value that shares memory with others. */
export const SHARED_BYTES_MAX = 1_024;

export class ValueSlab {
  #slab: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** A copy of `bytes[start]` to `bytes[end - 1]` that nobody else writes to. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (length > SHARED_BYTES_MAX) return bytes.slice(start, end);
    if (this.#end + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#end = 0;
    }
    const at = this.#end;
    this.#end = at + length;
    this.#slab.set(bytes.subarray(start, end), at);
    return this.#slab.subarray(at, this.#end);
  }
}
