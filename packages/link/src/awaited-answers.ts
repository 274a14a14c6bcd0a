// What was sent to a server and is not answered yet.
//
//     [late, told so] -> [late, told so] -> [first timely] -> [...]      answers come for the first of all
//
// Late ones are told so and stay, since their answers may still come, and are swallowed then. Hot path.

import type { Millis } from "@memwire/engine";
import type { ServerCounters } from "./counters.ts";
import { type Fragment, FragmentQueue } from "./fragment.ts";
import type { RequestQueue } from "./request-queue.ts";

export class AwaitedAnswers extends FragmentQueue {
  /** Requests that were late since the last answer. */
  lateInARow = 0;
  readonly #counters: ServerCounters;
  /** The first that is not late yet. */
  #firstTimely: Fragment | null = null;

  constructor(counters: ServerCounters) {
    super();
    this.#counters = counters;
  }

  /** Whether any of them may still come in time. */
  get hasTimely(): boolean {
    return this.#firstTimely !== null;
  }

  /** When the next of them is late. */
  get deadline(): Millis {
    return this.#firstTimely === null ? Infinity : this.#firstTimely.deadline;
  }

  /** Takes what is queued as sent, to be answered by `deadline`. @returns its bytes, lent */
  send(queued: RequestQueue, deadline: Millis): Uint8Array {
    const { head } = queued;
    let requests = 0;
    for (let sent = head; sent !== null; sent = sent.next) {
      sent.deadline = deadline;
      requests += sent.requests;
    }
    this.#firstTimely ??= head;
    this.#counters.inFlightNow += requests;
    this.#counters.queuedNow -= requests;
    return queued.take(this);
  }

  /** The next that is late by now, counted; it is still to be told. */
  nextLate(now: Millis): Fragment | null {
    const late = this.#firstTimely;
    if (late === null || late.deadline > now) return null;
    this.#firstTimely = late.next;
    this.#counters.replyTimeouts += late.requests;
    this.lateInARow += late.requests;
    return late;
  }

  /** Takes out the first, which is answered. @returns whether that was in time */
  answered(): boolean {
    const fragment = this.shift();
    const { next } = fragment;
    // What is behind a long answer could not come any earlier.
    if (next !== null && next.deadline < fragment.deadline) next.deadline = fragment.deadline;
    this.lateInARow = 0;
    this.#counters.inFlightNow -= fragment.requests;
    this.#counters.replies += fragment.requests;
    if (this.#firstTimely !== fragment) return false;
    this.#firstTimely = next;
    return true;
  }

  /** Whether nobody waits but one. */
  isOnlyFor(owner: object | null | undefined): boolean {
    for (let each = this.head; each !== null; each = each.next) {
      if (!each.isOnlyFor(owner)) return false;
    }
    return true;
  }

  /** None of them will be answered: they go behind those of `failed`. */
  clear(failed: FragmentQueue): void {
    for (let each = this.head; each !== null; each = each.next) this.#counters.inFlightNow -= each.requests;
    this.#firstTimely = null;
    this.lateInARow = 0;
    failed.append(this);
  }
}
