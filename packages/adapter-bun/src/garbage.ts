// When what Bun leaves behind is collected: the chunks it has handed over, and the sockets that are over.
//
// Bun makes memory of its own for each chunk, and its collector comes by itself when the heap has doubled. Buffers
// count as heap, so in a process with a gigabyte of items another gigabyte may pile up first. Bun looks once a
// second beside that, but only once in thirty when the heap has seemed steady for a while, as it does under an even load. So
// both are counted here, and collected when they are much. Of chunks that is what is young, which takes a millisecond or
// two. Of sockets it is everything, 5 ms in a process with few clients: Bun 1.4.5 does not let go of one by less.
// Not counted are those of TLS, which are node:tls's.

/** What was handed over since the last time. At full load that takes a second or two. */
const CHUNKS_BYTES_MAX = 64 * 1_048_576;

/** What a chunk takes beside its bytes, with the view of what is sent in return. */
const BESIDE_BYTES = 256;

/** At 2 to 3 KiB each, with what an engine knows of a client. */
const SOCKETS_MAX = 16_384;

export class Garbage {
  readonly #collectYoung: () => void;
  readonly #collectAll: () => void;
  #chunksBytes = 0;
  #sockets = 0;

  /** @param collectYoung Collects what was made since the last time. */
  constructor(collectYoung: () => void, collectAll: () => void) {
    this.#collectYoung = collectYoung;
    this.#collectAll = collectAll;
  }

  /** A chunk was read that is left to the collector. */
  chunk(bytes: number): void {
    this.#chunksBytes += bytes + BESIDE_BYTES;
    if (this.#chunksBytes < CHUNKS_BYTES_MAX) return;
    this.#chunksBytes = 0;
    this.#collectYoung();
  }

  /** A socket is over. */
  socket(): void {
    if (++this.#sockets < SOCKETS_MAX) return;
    this.#sockets = 0;
    this.#collectAll();
  }
}
