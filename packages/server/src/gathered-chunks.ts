// Small chunks of one turn, which wait for each other, so that the store asks for what all of them need at once.
//
//     received(a) received(b) ... received(z)     poll: one look at the keys of all, then a, b, ... z are answered
//
// Of clients that ask for one key at a time none has anything to look ahead at, but together they have. They are
// answered in the order in which they came, before anything else happens. Hot path.

import { lookAhead } from "@memwire/codec";
import type { KeyPrefetch } from "@memwire/store";
import type { Connection } from "./connection.ts";

/** As many as there are keys in one look ahead. */
const CHUNKS_MAX = 32;
/** A larger one is answered at once. */
const CHUNK_BYTES_MAX = 512;

export class GatheredChunks {
  readonly #prefetch: KeyPrefetch;
  readonly #bytes: Uint8Array = new Uint8Array(CHUNKS_MAX * CHUNK_BYTES_MAX);
  readonly #connections: Connection[] = [];
  readonly #ends: Uint16Array = new Uint16Array(CHUNKS_MAX);
  /** The first that has not been handed out. */
  #next = 0;

  constructor(prefetch: KeyPrefetch) {
    this.#prefetch = prefetch;
  }

  get isEmpty(): boolean {
    return this.#next === this.#connections.length;
  }

  /** Another chunk could be too much: they are to be answered. */
  get isFull(): boolean {
    return this.#connections.length === CHUNKS_MAX || this.#prefetch.room === 0;
  }

  /**
   * Copies a chunk, whose first byte begins a message unless one before it is not whole.
   *
   * @returns false if it is to be answered at once
   */
  add(connection: Connection, chunk: Uint8Array): boolean {
    if (chunk.length > CHUNK_BYTES_MAX || !this.#prefetch.isWorthwhile) return false;
    const count = this.#connections.length;
    if (count === CHUNKS_MAX) return false;
    const start = count === 0 ? 0 : (this.#ends[count - 1] as number);
    const end = start + chunk.length;
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) bytes[i] = chunk[i - start] as number;
    this.#ends[count] = end;
    this.#connections.push(connection);
    lookAhead(connection.protocol, bytes, start, end, this.#prefetch);
    return true;
  }

  /**
   * Hands each out, once: also if a call fails, after which the others are still here, or comes back here, which then
   * hands out the others.
   */
  forEach(answer: (connection: Connection, chunk: Uint8Array) => void): void {
    this.#prefetch.fetch();
    while (this.#next < this.#connections.length) {
      const i = this.#next++;
      const start = i === 0 ? 0 : (this.#ends[i - 1] as number);
      answer(this.#connections[i] as Connection, this.#bytes.subarray(start, this.#ends[i]));
    }
    this.#connections.length = 0;
    this.#next = 0;
  }
}
