// One item of the LRU store: its bytes, what the protocol says about it, its places in the table and the list.

import type { Millis } from "./store.ts";

// memcached's own sum for an item, with CAS: header, cas unique, end of key, line end of the value, and the
// client's flags unless they are 0.
const HEADER_BYTES = 48 + 8;
const KEY_END_BYTES = 1;
const LINE_END_BYTES = 2;
const FLAGS_BYTES = 4;

/** The bytes that an item counts for, as memcached counts them: what `-I` and `-m` are about. */
export function itemBytes(keyBytes: number, valueBytes: number, flags: number): number {
  return (
    HEADER_BYTES + keyBytes + KEY_END_BYTES + valueBytes + LINE_END_BYTES + (flags === 0 ? 0 : FLAGS_BYTES)
  );
}

export class Item {
  readonly hash: number;
  readonly key: Uint8Array;
  /** An array of its own, so that a reader can copy all of it without making a view. */
  value: Uint8Array;
  flags = 0;
  casHigh = 0;
  casLow = 0;
  expiresAt: Millis = Infinity;
  /** Whether somebody asked for it since it was stored. */
  fetched = false;
  /** The next item of the table with the same hash. */
  chained: Item | undefined = undefined;
  /** Neighbours in the order of use. */
  newer: Item | undefined = undefined;
  older: Item | undefined = undefined;

  constructor(hash: number, key: Uint8Array, value: Uint8Array) {
    this.hash = hash;
    this.key = key;
    this.value = value;
  }

  get countedBytes(): number {
    return itemBytes(this.key.length, this.value.length, this.flags);
  }
}
