// One pipelined connection to a server, and what waits for it.
//
//     idle --request--> connecting --connected--> ready --lost, broken, too late, unused--> idle
//
//     push --> queued, written to the output --take--> in flight, sent --received--> answered
//
// What is sent is for `ServerOutput` to say, and what is in flight for `AwaitedAnswers`. Before it is ready it may have
// to be greeted: `Greeting`. Replies come in the order of the requests, so the first in flight is always the one that is
// answered next. A request that could not be sent or answered is failed in its own slot; the server is told what it was
// that failed, and says whether there is another try. An answer that its client does not take is left unread as long as
// nobody else waits for this connection. To a server with SASL all is written and read as text, too, and is binary
// between here and the network: `TextOverBinary`. Hot path: `push`, `get` and `received`.

import { TextReplyDecoder, type SendBuffer } from "@memwire/codec";
import type { CloseCause, Distrust, Millis, Port } from "@memwire/engine";
import type { FailureWeight } from "@memwire/router";
import type { Taker } from "./absent-server.ts";
import { AwaitedAnswers } from "./awaited-answers.ts";
import type { ConnectionOwner } from "./connection-owner.ts";
import type { Party, ServerContext } from "./context.ts";
import type { ServerCounters } from "./counters.ts";
import {
  BROKEN_REPLY,
  failureOf,
  failureTo,
  SERVER_FULL,
  TIMED_OUT,
  UNFINISHED,
  type Failure,
} from "./failure.ts";
import {
  FragmentQueue,
  type ErrorKind,
  type Expected,
  type Fragment,
  type Source,
  type StreamFound,
  type Waiter,
} from "./fragment.ts";
import type { Greeting } from "./greeting.ts";
import { answers, saysFull, staysInStep } from "./reply-rules.ts";
import type { RequestQueue } from "./request-queue.ts";
import { ServerOutput } from "./server-output.ts";

export class ServerConnection implements Party, Taker, Source {
  readonly #context: ServerContext;
  readonly #server: ConnectionOwner;
  readonly #counters: ServerCounters;
  #state: "idle" | "connecting" | "ready" = "idle";
  #port: Port | null = null;
  #episode = 0;
  #decoder: TextReplyDecoder;
  readonly #inFlight: AwaitedAnswers;
  readonly #output: ServerOutput;
  /** The output's. */
  readonly #queued: RequestQueue;
  #connectDeadline: Millis = Infinity;
  #served = false;
  /** The rest of the answer at hand is left unread. */
  #paused = false;
  /** When the connection was made, or the last request answered. */
  #usedAt: Millis = -Infinity;

  constructor(context: ServerContext, server: ConnectionOwner) {
    this.#context = context;
    this.#server = server;
    this.#counters = server.counters;
    this.#inFlight = new AwaitedAnswers(server.counters);
    this.#output = new ServerOutput(context, server, this.#inFlight);
    this.#queued = this.#output.queued;
    this.#decoder = newDecoder(context);
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
    if (this.#paused) this.#resume();
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
    if (this.#connectDeadline <= now) return this.#disconnect("timed-out", TIMED_OUT);
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
    switch (inFlight.tellLate(now, this.#decoder.hasRest, this.#context.limits.timeoutsMax)) {
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
        this.#disconnect("failed", UNFINISHED);
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
    this.#decoder = binary === null ? newDecoder(context) : binary.replies;
    this.#port = context.outbox.open(id, this.#output, false);
    context.parties.set(id, this);
    context.outbox.order({ kind: "connect", id, endpoint: this.#server.endpoint });
  }

  /** Closes the connection, if there is one; what still waits for it fails. */
  release(failure: Failure): void {
    if (this.#port !== null) this.#end(failure, null);
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
    this.#disconnect("reset", failureOf("reset"));
  }

  closed(cause: CloseCause, distrust?: Distrust): void {
    this.#context.outbox.forget(this.#port as Port);
    this.#disconnect(cause, failureTo(this.#server.endpoint, cause, distrust));
  }

  received(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    this.#counters.bytesRead += chunk.length;
    decoder.receive(chunk);
    const { greeting } = this.#output;
    if (greeting !== null) return this.#greeted(greeting);
    // Whoever hears of an answer may let go of the connection.
    while (this.#decoder === decoder) {
      const found = decoder.next();
      const fragment = this.#inFlight.head;
      if (found === "need-data") {
        if (fragment !== null) this.#pauseIfFull(fragment);
        return;
      }
      // An answer to nothing, or to what was not sent yet, is as wrong as one that makes no sense.
      if (found === "fatal" || fragment === null) return this.#broken();
      if (found !== "reply") {
        if (!this.#stream(fragment, found)) return this.#disconnect("failed", BROKEN_REPLY);
        continue;
      }
      switch (decoder.kind) {
        case "value":
          if (fragment.expected !== "values" || !fragment.value(decoder)) {
            return this.#disconnect("failed", BROKEN_REPLY);
          }
          this.#inFlight.goesOn(this.#context.now + this.#server.timeouts.replyMs);
          break;
        case "end":
          if (fragment.expected !== "values") return this.#disconnect("failed", BROKEN_REPLY);
          this.#answered(fragment);
          break;
        case "error":
        case "client-error":
        case "server-error":
          this.#refused(fragment, decoder.kind);
          break;
        case "hd":
        case "va":
        case "en":
        case "nf":
        case "ns":
        case "ex":
        case "me":
          if (fragment.expected !== "meta" || !fragment.value(decoder)) {
            return this.#disconnect("failed", BROKEN_REPLY);
          }
          this.#answered(fragment);
          break;
        default:
          if (!answers(decoder.kind, fragment.expected)) return this.#disconnect("failed", BROKEN_REPLY);
          fragment.line(decoder);
          this.#answered(fragment);
      }
    }
  }

  /** Some of a large value came. @returns false if it was not asked for */
  #stream(fragment: Fragment, found: StreamFound): boolean {
    const decoder = this.#decoder;
    const isMeta = decoder.kind === "va";
    if (fragment.expected !== (isMeta ? "meta" : "values") || !fragment.stream(decoder, found)) return false;
    this.#inFlight.goesOn(this.#context.now + this.#server.timeouts.replyMs);
    if (isMeta && found === "tail") this.#answered(fragment);
    return true;
  }

  // Source

  goOn(): void {
    const first = this.#inFlight.head;
    if (this.#paused && first !== null && !first.mustWait(this.#decoder, this, true)) this.#resume();
  }

  /** Leaves the rest of an answer unread if its client has to take some first, and nobody else waits for this connection. */
  #pauseIfFull(fragment: Fragment): void {
    if (!this.#paused) {
      if (!fragment.mustWait(this.#decoder, this, false)) return;
      if (this.#queued.head !== null || !this.#inFlight.isOnlyFor(fragment.owner)) return;
      this.#paused = true;
      this.#counters.pauses++;
      this.#context.outbox.order({ kind: "pause", id: (this.#port as Port).id });
    }
    this.#inFlight.pause(); // it is not the server that is late
  }

  #resume(): void {
    this.#paused = false;
    this.#inFlight.resume(this.#context.now + this.#server.timeouts.replyMs);
    this.#context.outbox.order({ kind: "resume", id: (this.#port as Port).id });
  }

  /** There is nothing else in what it says: nothing else was asked. */
  #greeted(greeting: Greeting): void {
    const found = this.#decoder.next();
    if (found === "need-data") return;
    const fault = found === "reply" ? greeting.fault(this.#decoder) : BROKEN_REPLY;
    if (fault !== null) return this.#disconnect("failed", fault);
    if (this.#decoder.next() !== "need-data") return this.#disconnect("failed", BROKEN_REPLY);
    this.#output.greeting = null;
    this.#server.welcomed();
    this.#begin();
    this.#context.outbox.touch(this.#port as Port);
  }

  /** Requests may be sent. */
  #begin(): void {
    this.#state = "ready";
    this.#connectDeadline = Infinity;
    this.#usedAt = this.#context.now;
    this.#counters.connects++;
  }

  #answered(fragment: Fragment): void {
    if (this.#paused) this.#resume(); // the rest had come already
    const inTime = this.#inFlight.answered();
    if (inTime && this.#server.inTrouble) this.#server.answered();
    this.#served = true;
    this.#usedAt = this.#context.now;
    fragment.done();
    this.#queued.recycle(fragment);
  }

  /** The server answered with an error line: it is passed on as it is. */
  #refused(fragment: Fragment, kind: ErrorKind): void {
    const decoder = this.#decoder;
    if (saysFull(decoder, kind)) return this.#disconnect("refused", SERVER_FULL);
    const isStorage = fragment.expected === "stored" || fragment.expected === "meta";
    const inStep = staysInStep(decoder, kind, isStorage && (this.#port as Port).sending);
    const { bytes, start, end } = decoder;
    fragment.refuse(bytes.slice(start, end), kind);
    this.#answered(fragment);
    // The server did not understand what we took for well formed: who knows what it reads next. A client that can make
    // it do so must not be able to make it count as down.
    if (!inStep) this.release(BROKEN_REPLY);
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
    this.#port = null;
    this.#paused = false;
    this.#state = "idle";
    this.#connectDeadline = Infinity;
    this.#decoder = newDecoder(this.#context);
    return waiting;
  }

  /** It said what cannot be read, or was not asked for. A value above our own limit is not held against it. */
  #broken(): void {
    if (this.#decoder.fault === "value-too-large") return this.#end(BROKEN_REPLY, null);
    this.#disconnect("failed", BROKEN_REPLY);
  }

  /** The connection failed: so does everything that waits for it. */
  #disconnect(cause: CloseCause, failure: Failure): void {
    const waits = this.#inFlight.head !== null;
    const isDead = this.#state === "connecting" || cause === "timed-out" || (!this.#served && waits);
    // One on which nothing is under way may be closed by the server at any time.
    const isLost = waits || failure === BROKEN_REPLY;
    this.#end(failure, isDead ? "dead" : isLost ? "lost" : null);
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

function newDecoder({ replies, streamedFromBytes }: ServerContext): TextReplyDecoder {
  return new TextReplyDecoder(
    replies,
    streamedFromBytes === undefined ? {} : { partsFromBytes: streamedFromBytes },
  );
}
