// One pipelined connection to a server, and what waits for it.
//
//     idle --request--> connecting --connected, greeted--> ready --lost, broken, too late, unused--> idle
//
//     push --> RequestQueue --sent: ServerOutput--> AwaitedAnswers --received: ReplyReader--> answered
//
// A request that could not be sent or answered is failed in its own slot; the server is told what it was that failed,
// and says whether there is another try. To a server with SASL all is written and read as text, too, and is binary
// between here and the network: `TextOverBinary`. Hot path: `push`, `get` and `answered`.

import type { SendBuffer } from "@memwire/codec";
import type { CloseCause, Distrust, Millis, Port } from "@memwire/engine";
import type { FailureWeight } from "@memwire/router";
import type { Taker } from "./absent-server.ts";
import { AwaitedAnswers } from "./awaited-answers.ts";
import type { ConnectionOwner } from "./connection-owner.ts";
import type { Party, ServerContext } from "./context.ts";
import type { ServerCounters } from "./counters.ts";
import { BROKEN_REPLY, failureOf, failureTo, TIMED_OUT, UNFINISHED, type Failure } from "./failure.ts";
import { FragmentQueue, type Expected, type Fragment, type Waiter } from "./fragment.ts";
import { ReplyReader, type Answered } from "./reply-reader.ts";
import type { RequestQueue } from "./request-queue.ts";
import { ServerOutput } from "./server-output.ts";

export class ServerConnection implements Party, Taker, Answered {
  readonly #context: ServerContext;
  readonly #server: ConnectionOwner;
  readonly #counters: ServerCounters;
  #state: "idle" | "connecting" | "ready" = "idle";
  #port: Port | null = null;
  #episode = 0;
  readonly #inFlight: AwaitedAnswers;
  readonly #output: ServerOutput;
  /** The output's. */
  readonly #queued: RequestQueue;
  readonly #replies: ReplyReader;
  #connectDeadline: Millis = Infinity;
  #served = false;
  /** When the connection was made, or the last request answered. */
  #usedAt: Millis = -Infinity;

  constructor(context: ServerContext, server: ConnectionOwner) {
    this.#context = context;
    this.#server = server;
    this.#counters = server.counters;
    this.#inFlight = new AwaitedAnswers(server.counters);
    this.#output = new ServerOutput(context, server, this.#inFlight);
    this.#queued = this.#output.queued;
    this.#replies = new ReplyReader(context, server, this, this.#output, this.#inFlight);
  }

  get state(): "idle" | "connecting" | "ready" {
    return this.#state;
  }

  /** Requests that wait for it, sent or not. */
  get load(): number {
    return this.#queued.requests + this.#inFlight.requests;
  }

  /** Whether some of what was sent is not with the network yet. */
  get isSending(): boolean {
    return this.#port !== null && (this.#port.sending || this.#output.length > 0);
  }

  get queuedBytes(): number {
    return this.#queued.length;
  }

  /** Whether so much waits for it that it counts where the bound of all servers is met. */
  get hasMuch(): boolean {
    return this.#queued.hasMuch;
  }

  /** Where a request is written, whole, and then followed by a `push`. */
  get output(): SendBuffer {
    return this.#queued.output;
  }

  /** A whole request was written to `output`. */
  push(waiter: Waiter, expected: Expected): void {
    this.#queued.push(waiter, expected, this.#context.now + this.#server.timeouts.queuedMs);
    this.#count(waiter);
  }

  /** A `get` of one key, which may be sent together with others of this turn. */
  get(waiter: Waiter, bytes: Uint8Array, start: number, end: number): void {
    const deadline = this.#context.now + this.#server.timeouts.queuedMs;
    const leavesNow = this.#state === "ready" && !(this.#port as Port).sending;
    this.#queued.get(waiter, bytes, start, end, deadline, leavesNow);
    this.#count(waiter);
  }

  /** More of the request that was pushed last was written to `output`. */
  sendMore(): void {
    this.#queued.count();
    if (this.#port !== null) this.#context.outbox.touch(this.#port);
  }

  /** Takes a waiter's request back, if it was not sent. @returns whether it was here */
  giveUp(waiter: Waiter): boolean {
    return this.#queued.giveUp(waiter);
  }

  #count(waiter: Waiter): void {
    if (this.#state === "idle") this.connect();
    this.#replies.readOn();
    waiter.asked();
    this.#counters.requests++;
    this.#context.outbox.touch(this.#port as Port);
  }

  /** When `elapsed` has something to do at the latest. */
  get deadline(): Millis {
    const waiting = Math.min(this.#inFlight.deadline, this.#queued.deadline);
    return Math.min(waiting, this.#connectDeadline, this.#idleDeadline());
  }

  /** A reply that is late, and perhaps never comes, is nothing to keep a connection for. */
  #idleDeadline(): Millis {
    const isIdle = this.#state === "ready" && !this.#inFlight.hasTimely && this.#queued.head === null;
    return isIdle ? this.#usedAt + this.#server.timeouts.idleMs : Infinity;
  }

  elapsed(): void {
    const { now } = this.#context;
    if (this.#connectDeadline <= now) return this.disconnect("timed-out", TIMED_OUT);
    if (this.#idleDeadline() <= now) {
      this.#counters.idleCloses++;
      if (this.#inFlight.head === null) this.#drop(); // nothing waits for it
      else this.#end(TIMED_OUT, null); // all of it was told so
      return;
    }
    this.#queued.tellLate(now);
    this.#tellLate(now);
  }

  /** Tells those whose answers are late, and weighs what that says of the server. */
  #tellLate(now: Millis): void {
    const inFlight = this.#inFlight;
    switch (inFlight.tellLate(now, this.#replies.hasRest, this.#context.limits.timeoutsMax)) {
      case "in-time":
        return;
      case "late": // however many requests are late at once, it is one failure
        return this.#server.failed(TIMED_OUT, "late", this.#episode);
      case "too-many": {
        // A server that answers all the while, though too slowly for who waits, is not dead.
        const isAnswering = inFlight.hasBegun || this.#usedAt + this.#server.timeouts.replyMs > now;
        return this.#end(TIMED_OUT, isAnswering ? "late" : "dead");
      }
      case "unfinished": {
        // It is no late answer but a broken one. Who asks for much and goes away must not be able to make the server
        // count as down.
        const { head, hasBegun } = inFlight;
        if (hasBegun && head?.isAbandoned === true) return this.#end(UNFINISHED, null);
        this.disconnect("failed", UNFINISHED);
      }
    }
  }

  /** Makes the connection. Only if there is none. */
  connect(): void {
    const context = this.#context;
    const id = context.nextId++;
    this.#state = "connecting";
    this.#connectDeadline = context.now + this.#server.timeouts.connectMs;
    this.#served = false;
    this.#episode = this.#server.episode;
    const binary = this.#output.begin();
    this.#port = context.outbox.open(id, this.#output, false);
    this.#replies.begin(this.#port, binary === null ? null : binary.replies);
    context.parties.set(id, this);
    context.outbox.order({ kind: "connect", id, endpoint: this.#server.endpoint });
  }

  // Party: what the network says.

  connected(): void {
    if (this.#output.greeting === null) this.#begin();
    this.#context.outbox.drained(this.#port as Port);
  }

  drained(): void {
    this.#context.outbox.drained(this.#port as Port);
    this.#server.drained?.();
  }

  ended(): void {
    this.disconnect("reset", failureOf("reset"));
  }

  closed(cause: CloseCause, distrust?: Distrust): void {
    this.#context.outbox.forget(this.#port as Port);
    this.disconnect(cause, failureTo(this.#server.endpoint, cause, distrust));
  }

  received(chunk: Uint8Array): void {
    this.#replies.received(chunk);
  }

  // Answered: what the server says.

  greeted(): void {
    this.#output.greeting = null;
    this.#server.welcomed();
    this.#begin();
    this.#context.outbox.touch(this.#port as Port);
  }

  answered(fragment: Fragment): void {
    const inTime = this.#inFlight.answered();
    if (inTime && this.#server.inTrouble) this.#server.answered();
    this.#served = true;
    this.#usedAt = this.#context.now;
    fragment.done();
    this.#queued.recycle(fragment);
  }

  /** The connection failed: so does everything that waits for it. */
  disconnect(cause: CloseCause, failure: Failure): void {
    const waits = this.#inFlight.head !== null;
    const isDead = this.#state === "connecting" || cause === "timed-out" || (!this.#served && waits);
    // One on which nothing is under way may be closed by the server at any time.
    const isLost = waits || failure === BROKEN_REPLY;
    this.#end(failure, isDead ? "dead" : isLost ? "lost" : null);
  }

  /** Closes the connection, if there is one; what still waits for it fails. */
  release(failure: Failure): void {
    if (this.#port !== null) this.#end(failure, null);
  }

  #begin(): void {
    this.#state = "ready";
    this.#connectDeadline = Infinity;
    this.#usedAt = this.#context.now;
    this.#counters.connects++;
  }

  /**
   * Lets go of the connection, if it is not gone already, and of the bytes that may still be lent to it.
   *
   * @returns what waited for it
   */
  #drop(): FragmentQueue {
    const port = this.#port as Port;
    const { outbox, parties } = this.#context;
    const waiting = new FragmentQueue();
    parties.delete(port.id);
    outbox.abort(port);
    this.#inFlight.clear(waiting);
    this.#queued.clear(waiting);
    this.#output.end();
    this.#replies.end();
    this.#port = null;
    this.#state = "idle";
    this.#connectDeadline = Infinity;
    return waiting;
  }

  #end(failure: Failure, weight: FailureWeight | null): void {
    if (this.#state === "ready") this.#counters.disconnects++;
    // One that was given up before it was made did not fail: its client went, or the server is wanted no more.
    else if (weight !== null) this.#counters.connectFailures++;
    const failed = this.#drop();
    this.#server.failed(failure, weight, this.#episode);
    while (failed.head !== null) failed.shift().fail(failure);
  }
}
