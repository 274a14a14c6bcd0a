// The keys of a multi-get in the order asked, and whose each is. Used again, with the room it has: hot path.

import type { OrderedPart } from "./ordered-part.ts";

/** Of what multi-gets used: how many orders, and how many parts, are kept for those to come, and the most keys of one. */
export const SPARE_MAX = 256;
export const SPARE_KEYS_MAX = 1_024;

const KEY_STORAGE_BYTES_MIN = 1_024;
const BLANK = 32;

export class KeyOrder {
  /** How many there are; what is behind them is of requests before. */
  count = 0;
  readonly owners: OrderedPart[] = [];
  /** The keys as they were asked for, and where each starts and ends. */
  #keys: Uint8Array = new Uint8Array(KEY_STORAGE_BYTES_MIN);
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Takes over the keys of a request, which are in `bytes[start]` to `bytes[end - 1]`, and `add`ed next. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > this.#keys.length) this.#keys = new Uint8Array((end - start) * 2);
    this.#keys.set(bytes.subarray(start, end));
    this.count = 0;
  }

  /** The next key, from `start` to `end` of those that were taken over. */
  add(owner: OrderedPart, start: number, end: number): void {
    this.#starts[this.count] = start;
    this.#ends[this.count] = end;
    this.owners[this.count++] = owner;
  }

  /** Whether the key of that place is at `bytes[at]`, with a blank behind it. */
  isAt(place: number, bytes: Uint8Array, at: number): boolean {
    const start = this.#starts[place] as number;
    const length = (this.#ends[place] as number) - start;
    const keys = this.#keys;
    if (bytes[at + length] !== BLANK) return false;
    // From behind: it is there that keys differ.
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== keys[start + i]) return false;
    return true;
  }
}
