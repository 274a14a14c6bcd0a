// What was sent to a server and is not answered yet.
//
//     [late, told so] -> [late, told so] -> [first timely] -> [...]      answers come for the first of all
//
// Late ones are told so and stay, since their answers may still come, and are swallowed then. An answer that has begun
// and goes on may take as long as it likes: it is late when no more of it comes for a while. Those behind it are late
// when they ever were, so they may be before it is. Hot path.

import type { Millis } from "@memwire/engine";
import type { ServerCounters } from "./counters.ts";
import { TIMED_OUT } from "./failure.ts";
import { type Fragment, FragmentQueue } from "./fragment.ts";
import type { RequestQueue } from "./request-queue.ts";

/**
 * What it says of a server that answers are late.
 *
 * - `in-time`: nothing, as none is, or the server is at a long answer
 * - `late`: some are
 * - `too-many`: as many in a row as there may be
 * - `unfinished`: one has begun and does not end
 */
export type Lateness = "in-time" | "late" | "too-many" | "unfinished";

export class AwaitedAnswers extends FragmentQueue {
  /** Requests in it, late ones as well. */
  requests = 0;
  /** Some of the first answer came. */
  hasBegun = false;
  readonly #counters: ServerCounters;
  /** When more of it is to come at the latest; Infinity while none is asked for. */
  #moreBy: Millis = Infinity;
  /** The first that is not late yet, if it has not begun. */
  #firstTimely: Fragment | null = null;
  #begunInTime = false;
  /** Requests that were late since the last answer, but for those of whom a long one is being told. */
  #lateInARow = 0;
  /** What was in flight while the answers were left unread is not late before then. */
  #lateFrom: Millis = -Infinity;

  constructor(counters: ServerCounters) {
    super();
    this.#counters = counters;
  }

  /** Whether any of them may still come in time. */
  get hasTimely(): boolean {
    return this.#firstTimely !== null || this.#begunInTime;
  }

  /** When the next of them is late, or the answer that has begun. */
  get deadline(): Millis {
    const timely = this.#firstTimely;
    return timely === null ? this.#moreBy : Math.min(this.#moreBy, Math.max(timely.deadline, this.#lateFrom));
  }

  /** Takes what is queued as sent, to be answered by `deadline`. @returns its bytes, lent */
  send(queued: RequestQueue, deadline: Millis): Uint8Array {
    const { head, requests } = queued;
    for (let sent = head; sent !== null; sent = sent.next) sent.deadline = deadline;
    this.#firstTimely ??= head;
    this.#add(requests);
    return queued.take(this);
  }

  /** Some of the first answer came, and more is to come by then. */
  goesOn(moreBy: Millis): void {
    const first = this.head;
    if (first === null || moreBy === this.#moreBy) return; // let go of, or one more of the same time
    if (!this.hasBegun) {
      this.hasBegun = true;
      this.#begunInTime = this.#firstTimely === first;
    } else if (first.isAbandoned) return; // only whoever waits has time
    this.#moreBy = moreBy;
  }

  /** Nothing is read: nobody is late. */
  pause(): void {
    this.#moreBy = Infinity;
    this.#lateFrom = Infinity;
  }

  /** They have until then, as have those that are sent from now on. */
  resume(deadline: Millis): void {
    if (this.hasBegun) this.#moreBy = deadline;
    this.#lateFrom = deadline;
  }

  /**
   * Tells those that are late by now, unless the connection has to go.
   *
   * @param hasRest Whether some came of which nothing could be told yet.
   * @param inARowMax How many may be late without an answer between them.
   */
  tellLate(now: Millis, hasRest: boolean, inARowMax: number): Lateness {
    if (this.deadline > now) return "in-time";
    if (this.#moreBy <= now) return "unfinished";
    const isAnswering = this.hasBegun;
    for (let late = this.#nextLate(now); late !== null; late = this.#nextLate(now)) {
      if (this.#isBegun(late)) late.failNotBegun(TIMED_OUT);
      else if (late === this.head && hasRest) return "unfinished";
      else late.fail(TIMED_OUT);
      if (this.#lateInARow >= inARowMax) return "too-many";
    }
    return isAnswering ? "in-time" : "late";
  }

  /** The next that is late by now, counted; it is still to be told: if it has begun, those of it that have not. */
  #nextLate(now: Millis): Fragment | null {
    const late = this.#firstTimely;
    if (late === null || Math.max(late.deadline, this.#lateFrom) > now) return null;
    this.#firstTimely = late.next;
    const requests = this.#isBegun(late) ? late.requestsNotBegun : late.requests;
    this.#counters.replyTimeouts += requests;
    // Who waits behind what he asked for himself is no reason to cut that.
    const asker = this.hasBegun ? this.head?.owner : null;
    if (asker === null || asker === undefined || !late.isOnlyFor(asker)) this.#lateInARow += requests;
    return late;
  }

  /** Whether some of its answer came. */
  #isBegun(fragment: Fragment): boolean {
    return this.hasBegun && fragment === this.head;
  }

  /** Takes out the first, which is answered. @returns whether that was in time */
  answered(): boolean {
    const fragment = this.shift();
    const isTimely = this.#firstTimely === fragment;
    const inTime = isTimely || this.#begunInTime;
    if (isTimely) this.#firstTimely = fragment.next;
    this.#begin();
    this.#lateInARow = 0;
    this.#add(-fragment.requests);
    this.#counters.replies += fragment.requests;
    return inTime;
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
    this.#add(-this.requests);
    this.#firstTimely = null;
    this.#lateFrom = -Infinity;
    this.#begin();
    this.#lateInARow = 0;
    failed.append(this);
  }

  /** Of the first answer nothing came yet. */
  #begin(): void {
    this.hasBegun = false;
    this.#begunInTime = false;
    this.#moreBy = Infinity;
  }

  #add(requests: number): void {
    this.requests += requests;
    this.#counters.inFlightNow += requests;
  }
}
