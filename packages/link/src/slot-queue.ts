// The requests of one client that are not answered, as slots in the order it asked. Hot path.

import type { ClientCounters } from "./counters.ts";
import type { Slot } from "./slot.ts";

export class SlotQueue {
  head: Slot | null = null;
  /** Requests in it. */
  requests = 0;
  #tail: Slot | null = null;
  readonly #counters: ClientCounters;

  constructor(counters: ClientCounters) {
    this.#counters = counters;
  }

  push(slot: Slot): void {
    if (this.#tail === null) this.head = slot;
    else this.#tail.next = slot;
    this.#tail = slot;
    this.requests++;
    this.#counters.requestsNow++;
  }

  /** Takes the first one out. Only if there is one. @returns the one behind it */
  shift(): Slot | null {
    const { next } = this.head as Slot;
    this.head = next;
    if (next === null) this.#tail = null;
    this.requests--;
    this.#counters.requestsNow--;
    return next;
  }

  /** Takes all out: their client is gone, and replies to them are swallowed. */
  clear(): void {
    for (let slot = this.head; slot !== null; slot = slot.next) {
      slot.owner = null;
      slot.staged = null;
    }
    this.head = null;
    this.#tail = null;
    this.#counters.requestsNow -= this.requests;
    this.requests = 0;
  }
}
