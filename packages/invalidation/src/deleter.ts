// Deletes the keys of one server: at most `workers` in flight, in one pipeline.
//
//     well        as many in flight as may be
//        \--a delete fails, or is answered with an error--> left alone, for longer each time
//                                                             \--then--> probed, one delete at a time
//     well <--------------------any delete is done----------------------------/
//
// A key that was in flight when the server failed goes back to its place. One that failed as a probe, or that the
// server itself refused, goes behind the others for a while: a key that some server never takes holds up nobody
// else's. Hot path: `sendWaiting` and `done`.

import { latin1Bytes } from "@memwire/codec";
import type { Endpoint, Millis } from "@memwire/engine";
import { ServerLink, type ServerStatus, type Timeouts, type Waiter } from "@memwire/link";
import type { InvalidationContext } from "./context.ts";
import { newDeleteCounters, type DeleteCounters } from "./counters.ts";
import type { ServerQueue } from "./server-queue.ts";

const DELETE = latin1Bytes("delete ");
const LINE_END = latin1Bytes("\r\n");

/** Waits for every delete of its server: answers and failures come in the order asked, as the queue has them. */
export class Deleter implements Waiter {
  readonly link: ServerLink;
  readonly queue: ServerQueue;
  readonly counters: DeleteCounters = newDeleteCounters();
  readonly #context: InvalidationContext;
  readonly #server: number;
  /** It failed, and has not answered since. */
  #inTrouble = false;
  /** The one in flight is a probe. */
  #probing = false;
  #restsUntil: Millis = -Infinity;
  #restMs: Millis = 0;
  /** The answer that is about to be `done` is an error. */
  #refused = false;

  /** @param server Its index. */
  constructor(
    context: InvalidationContext,
    server: number,
    name: string,
    endpoint: Endpoint,
    timeouts: Timeouts,
  ) {
    this.#context = context;
    this.#server = server;
    this.link = new ServerLink(context, name, endpoint, timeouts);
    this.queue = context.queue.servers[server] as ServerQueue;
  }

  get state(): ServerStatus["state"] {
    return this.#context.now < this.#restsUntil ? "left alone" : this.link.state;
  }

  /** When to call `sendWaiting`, if nothing that calls it comes before. */
  get wakeAt(): Millis {
    return this.queue.waiting > 0 && this.queue.inFlight < this.#inFlightMax ? this.#mayAskAt : Infinity;
  }

  /** Sends deletes of waiting keys, as many as may be in flight. */
  sendWaiting(): void {
    if (this.#context.now < this.#mayAskAt) return;
    const { link, queue } = this;
    while (queue.waiting > 0 && queue.inFlight < this.#inFlightMax && link.refusal() === null) {
      const { output } = link;
      const key = queue.take();
      output.copy(DELETE, 0, DELETE.length);
      output.latin1(key.text);
      output.copy(LINE_END, 0, LINE_END.length);
      this.#probing = this.#inTrouble;
      link.push(this, "deleted");
    }
  }

  // Waiter

  asked(): void {}

  /** A delete has no value for an answer. */
  value(): boolean {
    return false;
  }

  line(): void {}

  refuse(): void {
    this.#refused = true;
    this.counters.errors++;
  }

  done(): void {
    if (this.#refused) {
      this.#refused = false;
      return this.#retry(true);
    }
    this.counters.done++;
    this.#context.queue.done(this.#server);
    this.#inTrouble = false;
    this.#probing = false;
    this.#restMs = 0;
    this.sendWaiting();
  }

  fail(): void {
    this.#retry(this.#probing);
  }

  get #inFlightMax(): number {
    return this.#inTrouble ? 1 : this.#context.limits.workers;
  }

  get #mayAskAt(): Millis {
    return Math.max(this.#restsUntil, this.link.retryAt);
  }

  #retry(behindOthers: boolean): void {
    const { now, limits, queue, writes } = this.#context;
    this.counters.retried++;
    const after = behindOthers ? now + limits.retryMaxMs : undefined;
    if (queue.putBack(this.#server, after)) writes.coalesced++;
    // All that fail at once are one failure.
    if (now >= this.#restsUntil) {
      this.#restMs = Math.min(Math.max(this.#restMs * 2, limits.retryMinMs), limits.retryMaxMs);
      this.#restsUntil = now + this.#restMs;
    }
    this.#inTrouble = true;
    this.#probing = false;
  }
}
