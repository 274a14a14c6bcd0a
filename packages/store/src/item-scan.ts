// A way through all items, by the groups of the index.
//
// The index may grow meanwhile: then a group gives items to the one that is a power of two behind it. So what is gone
// through together are the groups that are the same modulo the power of two that there were at the start; what is in
// these never goes anywhere else. Their keys are copied at one moment, and each is looked up when its turn comes.

import type { CurrentItem } from "./current-item.ts";
import { HASH, KEY, KEY_BYTES_MASK, REGION_MASK, REGION_SHIFT, STATE } from "./layout.ts";
import { type SlabItems, STRIPES } from "./slab-items.ts";
import { KEY_BYTES_MAX, type Millis, type StoreScan } from "./store.ts";

export class ItemScan implements StoreScan {
  /** The keys gathered last, one behind the other: of a few items, more if the index has grown a lot meanwhile. */
  keyBytes: Uint8Array = new Uint8Array(32 * KEY_BYTES_MAX);
  keyStart = 0;
  keyEnd = 0;
  readonly #shown: CurrentItem;
  readonly #items: SlabItems;
  readonly #step: number;
  #group = 0;
  #hashes: Int32Array = new Int32Array(32);
  #ends: Uint32Array = new Uint32Array(32);
  #gathered = 0;
  #next = 0;

  /** @param shown What shows the items come across. */
  constructor(shown: CurrentItem, items: SlabItems) {
    this.#shown = shown;
    this.#items = items;
    this.#step = 2 ** Math.floor(Math.log2(items.index.groups));
  }

  get isOver(): boolean {
    return this.#next === this.#gathered && this.#group === this.#step;
  }

  next(now: Millis, groupsMax: number = Infinity): boolean {
    this.#shown.letGo();
    for (let groups = 0; ; groups++) {
      while (this.#next < this.#gathered) if (this.#show(this.#next++, now)) return true;
      if (this.#group === this.#step || groups >= groupsMax) return false;
      this.#gather(this.#group++);
    }
  }

  #show(at: number, now: Millis): boolean {
    const { index, locks } = this.#items;
    const hash = this.#hashes[at] as number;
    this.keyStart = at === 0 ? 0 : (this.#ends[at - 1] as number);
    this.keyEnd = this.#ends[at] as number;
    this.#items.comeTo(now);
    locks?.lock(hash & (STRIPES - 1));
    const ref = index.find(hash, this.keyBytes, this.keyStart, this.keyEnd);
    const lives = ref !== 0 && !this.#items.isDead(ref, now);
    if (lives) this.#shown.show(ref);
    locks?.unlock(hash & (STRIPES - 1));
    return lives;
  }

  #gather(first: number): void {
    const { index, locks } = this.#items;
    this.#gathered = 0;
    this.#next = 0;
    locks?.lock(first & (STRIPES - 1));
    for (let group = first; group < index.groups; group += this.#step) {
      for (let place = 0, ref = index.at(group, 0); ref !== 0; ref = index.at(group, ++place)) this.#add(ref);
    }
    locks?.unlock(first & (STRIPES - 1));
  }

  #add(ref: number): void {
    const { words, bytes } = this.#items.memory;
    const at = (ref & REGION_MASK) << 1;
    const own = words[ref >>> REGION_SHIFT] as Int32Array;
    const start = (at << 2) + KEY;
    const count = this.#gathered;
    const end = count === 0 ? 0 : (this.#ends[count - 1] as number);
    if (count === this.#hashes.length) this.#makeRoom();
    const keyEnd = start + ((own[at + STATE] as number) & KEY_BYTES_MASK);
    this.keyBytes.set((bytes[ref >>> REGION_SHIFT] as Uint8Array).subarray(start, keyEnd), end);
    this.#hashes[count] = own[at + HASH] as number;
    this.#ends[count] = end + keyEnd - start;
    this.#gathered = count + 1;
  }

  #makeRoom(): void {
    const { keyBytes } = this;
    const [hashes, ends] = [this.#hashes, this.#ends];
    this.keyBytes = new Uint8Array(keyBytes.length * 2);
    this.#hashes = new Int32Array(hashes.length * 2);
    this.#ends = new Uint32Array(ends.length * 2);
    this.keyBytes.set(keyBytes);
    this.#hashes.set(hashes);
    this.#ends.set(ends);
  }
}
