// Buffers for replies, lent to clients while they have something to be sent or staged. A client that waits has none, so
// that ten thousand of them hold no memory of the largest reply that each has had. Hot path.

import { type BufferPool, SendBuffer } from "@memwire/codec";

/** Empty buffers kept for all clients together, of at most 64 KiB each. */
const SPARE_MAX = 1_024;

export class SpareBuffers {
  readonly #pool: BufferPool;
  readonly #spare: SendBuffer[] = [];

  /** @param pool Where memory for large replies comes from. */
  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  lend(): SendBuffer {
    return this.#spare.pop() ?? new SendBuffer(this.#pool);
  }

  /** An empty one of which the network has nothing any more. */
  giveBack(buffer: SendBuffer): void {
    if (this.#spare.length < SPARE_MAX) this.#spare.push(buffer);
  }
}
