// When the chunks that Bun has handed over are collected.
//
// Bun makes memory of its own for each chunk, and its collector comes by itself when the heap has doubled. Buffers
// count as heap, so in a process with a gigabyte of items another gigabyte of chunks may pile up first. Bun looks once a
// second beside that, but only once in thirty when the heap has seemed steady for a while, as it does under an even load. So
// what was handed over is counted here, and collected when it is much: what is young, which takes a millisecond or two.
// Not counted are chunks of TLS, which node:tls hands over.

/** What was handed over since the last time. At full load that takes a second or two. */
const GARBAGE_BYTES_MAX = 64 * 1_048_576;

/** What a chunk takes beside its bytes, with the view of what is sent in return. */
const BESIDE_BYTES = 256;

export class ChunkGarbage {
  readonly #collect: () => void;
  #bytes = 0;

  /** @param collect Collects what was made since the last time. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** A chunk was read that is left to the collector. */
  left(bytes: number): void {
    this.#bytes += bytes + BESIDE_BYTES;
    if (this.#bytes < GARBAGE_BYTES_MAX) return;
    this.#bytes = 0;
    this.#collect();
  }
}
