// The datagrams of one reply, as they come.
//
//     came:    2, 0, 1
//     bytes    [ data of 2 | data of 0 | data of 1 | room ]
//     places   where 0 is  | where 1 is  | where 2 is
//
// Data is kept in the order in which it came, mostly the right one: then what was kept is the reply already.

import { DATAGRAM_HEADER_BYTES } from "./datagram.ts";

export class Reassembly {
  readonly total: number;
  /** The data so far: the first `length` bytes. */
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  #received = 0;
  #inOrder = true;
  /** Start and end of the data of datagram i at `2 * i` and `2 * i + 1`; no data is empty, so an end of 0 is none. */
  readonly #places: Uint32Array;

  constructor(total: number) {
    this.total = total;
    this.#places = new Uint32Array(total * 2);
  }

  has(sequence: number): boolean {
    return this.#places[sequence * 2 + 1] !== 0;
  }

  /** Copies the data of a datagram that is not there yet. @param bytesMax What `bytes` may grow to; enough */
  add(sequence: number, datagram: Uint8Array, bytesMax: number): void {
    const start = this.length;
    const end = start + datagram.length - DATAGRAM_HEADER_BYTES;
    if (end > this.bytes.length) {
      // Twice what is needed, so that a byte is moved a bounded number of times. What came decides, not the total,
      // which is but a claim.
      const room = new Uint8Array(Math.min(end * 2, bytesMax));
      room.set(this.bytes.subarray(0, start));
      this.bytes = room;
    }
    this.bytes.set(datagram.subarray(DATAGRAM_HEADER_BYTES), start);
    this.#places[sequence * 2] = start;
    this.#places[sequence * 2 + 1] = end;
    this.length = end;
    this.#inOrder &&= sequence === this.#received;
    this.#received++;
  }

  get isWhole(): boolean {
    return this.#received === this.total;
  }

  /** Puts the data in order; only when it is all there. */
  order(): void {
    if (this.#inOrder) return;
    const ordered = new Uint8Array(this.length);
    let at = 0;
    for (let i = 0; i < this.total; i++) {
      const data = this.bytes.subarray(this.#places[i * 2], this.#places[i * 2 + 1]);
      ordered.set(data, at);
      at += data.length;
    }
    this.bytes = ordered;
  }

  get heldBytes(): number {
    return this.bytes.length + this.#places.byteLength;
  }
}
