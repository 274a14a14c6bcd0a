// The place of a multi-get that several servers are asked for: its values leave in the order of its keys, as those of
// one memcached do.
//
//     get a b c d    server A: c, a misses    c came before b: it is held     VALUE b, VALUE c, VALUE d, END
//                    server B: b, d
//
// There are clients that go by the order: Cache::Memcached::Fast takes the value of one key for that of another. What
// has to wait is held by its part and counts as staged. Hot path.

import { Slot, type SlotOwner } from "@memwire/link";
import { type KeyOrder, SPARE_KEYS_MAX, SPARE_MAX } from "./key-order.ts";
import type { OrderedPart } from "./ordered-part.ts";

export class OrderedSlot extends Slot {
  readonly order: KeyOrder;
  /** Values that are handed on as they come, and whose turn it is not yet. */
  begun = 0;
  /** A server's answer was left unread, or may be: it goes on when its turn comes. */
  isStrained = false;
  readonly #spare: KeyOrder[];
  #firstPart: OrderedPart | null = null;
  /** The first key that may still be told. */
  #place = 0;

  /** @param spare Where `order` goes when it is of no more use. */
  constructor(owner: SlotOwner, order: KeyOrder, spare: KeyOrder[]) {
    super(owner, "values", false);
    this.order = order;
    this.#spare = spare;
  }

  /** One more server is asked. */
  begin(part: OrderedPart): void {
    part.next = this.#firstPart;
    this.#firstPart = part;
    part.slot = this;
  }

  /** Whether nothing that may still come is to be told before the value of that key. */
  reaches(place: number): boolean {
    if (this.direct !== null) return false;
    if (this.#place < place) this.advance();
    return this.#place >= place && this.direct === null;
  }

  /** Whether somebody waits for what is held to be told as soon as can be, and not just at the end. */
  get isAwaited(): boolean {
    return this.begun > 0 || this.isStrained;
  }

  /** The value of that key was told. */
  told(place: number): void {
    if (place >= this.#place) this.#moveTo(place + 1);
  }

  /** Whether a value of that part is what all others wait for. */
  awaits(part: OrderedPart): boolean {
    this.advance();
    return this.#place >= this.order.count || this.order.owners[this.#place] === part;
  }

  /** Tells what is held and has waited for no more than what came by now. */
  advance(): void {
    const { count, owners } = this.order;
    while (this.direct === null && this.#place < count) {
      const part = owners[this.#place] as OrderedPart;
      if (part.tellHeld(this.#place)) continue;
      if (!part.isPast(this.#place)) return;
      this.#moveTo(this.#place + 1);
    }
  }

  /** Whose turn it is now may be left unread, since what came before its turn had to be held. */
  #moveTo(place: number): void {
    this.#place = place;
    this.owner?.goOnReading();
  }

  override conclude(): void {
    this.advance();
    let part = this.#firstPart;
    while (part !== null) {
      const { next } = part;
      part.finish();
      part = next;
    }
    super.conclude();
    const { order } = this;
    if (order.count > SPARE_KEYS_MAX || this.#spare.length >= SPARE_MAX) return;
    this.#spare.push(order);
  }
}
