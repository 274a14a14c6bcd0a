// The keys of a multi-get in the order asked, and whose each is. Used again, with the room it has: hot path.

import type { OrderedPart } from "./ordered-part.ts";

const KEY_STORAGE_BYTES_MIN = 1_024;
const BLANK = 32;

export class KeyOrder {
  /** How many there are; what is behind them is of requests before. */
  count = 0;
  readonly owners: OrderedPart[] = [];
  /** The keys one behind the other, and where each ends. */
  keys: Uint8Array = new Uint8Array(KEY_STORAGE_BYTES_MIN);
  readonly #ends: number[] = [];

  add(owner: OrderedPart, bytes: Uint8Array, start: number, end: number): void {
    const at = this.#startOf(this.count);
    const keyEnd = at + end - start;
    if (keyEnd > this.keys.length) {
      const grown = new Uint8Array(keyEnd * 2);
      grown.set(this.keys);
      this.keys = grown;
    }
    const { keys } = this;
    for (let i = 0; i < end - start; i++) keys[at + i] = bytes[start + i] as number;
    this.#ends[this.count] = keyEnd;
    this.owners[this.count++] = owner;
  }

  /** Whether the key of that place is at `bytes[at]`, with a blank behind it. */
  isAt(place: number, bytes: Uint8Array, at: number): boolean {
    const start = this.#startOf(place);
    const length = (this.#ends[place] as number) - start;
    const { keys } = this;
    if (bytes[at + length] !== BLANK) return false;
    // From behind: it is there that keys differ.
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== keys[start + i]) return false;
    return true;
  }

  #startOf(place: number): number {
    return place === 0 ? 0 : (this.#ends[place - 1] as number);
  }
}
