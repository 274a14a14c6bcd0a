// What was asked in binary and is not answered yet, in its order. There are no more of them than requests under way:
// `inFlightMax`, and one for each upload.

import type { Ask } from "./binary-ask.ts";

/** Those that were answered are let go of when there are so many. */
const ANSWERED_MAX = 256;

export class AskQueue {
  readonly #asks: (Ask | undefined)[] = [];
  #first = 0;

  /** The one that is answered next. */
  get head(): Ask | undefined {
    return this.#asks[this.#first];
  }

  get length(): number {
    return this.#asks.length - this.#first;
  }

  push(ask: Ask): void {
    this.#asks.push(ask);
  }

  /** The first one is answered. */
  shift(): void {
    this.#asks[this.#first++] = undefined;
    if (this.#first < ANSWERED_MAX || this.#first * 2 < this.#asks.length) return;
    this.#asks.splice(0, this.#first);
    this.#first = 0;
  }
}
