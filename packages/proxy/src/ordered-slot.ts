// The place of a multi-get that several servers are asked for: its values leave in the order of its keys, as those of
// one memcached do.
//
//     get a b c d    server A: c, a misses    c came before b: it is held     VALUE b, VALUE c, VALUE d, END
//                    server B: b, d
//
// There are clients that go by the order: Cache::Memcached::Fast takes the value of one key for that of another. What
// has to wait is held by its part and counts as staged. Hot path.

import { Slot, type SlotOwner } from "@memwire/link";
import type { OrderedPart } from "./ordered-part.ts";

export class OrderedSlot extends Slot {
  /** The keys, as they were asked for. */
  readonly keys: Uint8Array;
  readonly #parts: OrderedPart[] = [];
  /** Whose each key is. */
  readonly #owners: OrderedPart[] = [];
  /** The first key that may still be told. */
  #place = 0;

  /** @param keys Its own copy */
  constructor(owner: SlotOwner, keys: Uint8Array) {
    super(owner, "values", false);
    this.keys = keys;
  }

  /** One more server is asked. */
  begin(part: OrderedPart): void {
    this.#parts.push(part);
    part.slot = this;
  }

  /** The next key is asked of that one. */
  key(part: OrderedPart, start: number, end: number): void {
    part.key(this.#owners.length, start, end);
    this.#owners.push(part);
  }

  /** Whether nothing that may still come is to be told before the value of that key. */
  reaches(place: number): boolean {
    if (this.direct !== null) return false;
    this.advance();
    return this.#place >= place && this.direct === null;
  }

  /** The value of that key was told. */
  told(place: number): void {
    this.#place = Math.max(this.#place, place + 1);
  }

  /** Tells what is held and has waited for no more than what came by now. */
  advance(): void {
    const owners = this.#owners;
    while (this.direct === null && this.#place < owners.length) {
      const part = owners[this.#place] as OrderedPart;
      if (part.tellHeld(this.#place)) continue;
      if (!part.isPast(this.#place)) return;
      this.#place++;
    }
  }

  override conclude(): void {
    for (let i = 0; i < this.#parts.length; i++) (this.#parts[i] as OrderedPart).finish();
    super.conclude();
  }
}
