// What a server says on one connection, and for whom each answer is.
//
//     received --> [binary] --> decoder --> what answers the greeting        greeted
//                                      \--> some of an answer, or its end    told to the first in flight, answered
//                                      \--> an error                         told to it as well; it may be out of step
//                                      \--> what nobody asked                disconnected
//
// Replies come in the order of the requests, so the first in flight is always the one that is answered next. An answer
// that its client does not take is left unread as long as nobody else waits for this connection. Hot path.

import { TextReplyDecoder } from "@memwire/codec";
import type { CloseCause, Millis, Port } from "@memwire/engine";
import type { AwaitedAnswers } from "./awaited-answers.ts";
import type { ConnectionOwner } from "./connection-owner.ts";
import type { ServerContext } from "./context.ts";
import { BROKEN_REPLY, SERVER_FULL, type Failure } from "./failure.ts";
import type { ErrorKind, Fragment, Source, StreamFound } from "./fragment.ts";
import type { Greeting } from "./greeting.ts";
import { answers, saysFull, staysInStep } from "./reply-rules.ts";
import type { ServerOutput } from "./server-output.ts";

/** The connection that is read. */
export interface Answered {
  /** The greeting was answered as it should be. */
  greeted(): void;
  /** The first in flight was told all of its answer. */
  answered(fragment: Fragment): void;
  /** What the server says is its own fault. */
  disconnect(cause: CloseCause, failure: Failure): void;
  /** It cannot be read on, but that is not held against the server. */
  release(failure: Failure): void;
}

export class ReplyReader implements Source {
  readonly #context: ServerContext;
  readonly #server: ConnectionOwner;
  readonly #connection: Answered;
  readonly #output: ServerOutput;
  readonly #inFlight: AwaitedAnswers;
  #port: Port | null = null;
  #decoder: TextReplyDecoder;
  /** The rest of the answer at hand is left unread. */
  #paused = false;

  /** @param output What is said on the same connection. */
  constructor(
    context: ServerContext,
    server: ConnectionOwner,
    connection: Answered,
    output: ServerOutput,
    inFlight: AwaitedAnswers,
  ) {
    this.#context = context;
    this.#server = server;
    this.#connection = connection;
    this.#output = output;
    this.#inFlight = inFlight;
    this.#decoder = newDecoder(context);
  }

  /** Whether some came that could not be told yet. */
  get hasRest(): boolean {
    return this.#decoder.hasRest;
  }

  /** A connection is being made. @param binary What stands before the server if it answers in binary. */
  begin(port: Port, binary: TextReplyDecoder | null): void {
    this.#port = port;
    this.#decoder = binary ?? newDecoder(this.#context);
  }

  /** The connection is over: nothing more of what came is told. */
  end(): void {
    this.#port = null;
    this.#decoder = newDecoder(this.#context);
    this.#paused = false;
  }

  received(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    this.#server.counters.bytesRead += chunk.length;
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
      const isAsked = found === "reply" ? this.#reply(fragment) : this.#stream(fragment, found);
      if (!isAsked) return this.#connection.disconnect("failed", BROKEN_REPLY);
    }
  }

  /** Nothing is left unread any more, if anything was. */
  readOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#inFlight.resume(this.#replyDeadline());
    this.#context.outbox.order({ kind: "resume", id: (this.#port as Port).id });
  }

  // Source

  goOn(): void {
    const first = this.#inFlight.head;
    if (this.#paused && first !== null && !first.mustWait(this.#decoder, this, true)) this.readOn();
  }

  /** There is nothing else in what it says: nothing else was asked. */
  #greeted(greeting: Greeting): void {
    const found = this.#decoder.next();
    if (found === "need-data") return;
    const fault = found === "reply" ? greeting.fault(this.#decoder) : BROKEN_REPLY;
    if (fault !== null) return this.#connection.disconnect("failed", fault);
    if (this.#decoder.next() !== "need-data") return this.#connection.disconnect("failed", BROKEN_REPLY);
    this.#connection.greeted();
  }

  /** A value came, or a line. @returns false if it was not asked for */
  #reply(fragment: Fragment): boolean {
    const decoder = this.#decoder;
    const { kind } = decoder;
    switch (kind) {
      case "value":
        if (fragment.expected !== "values" || !fragment.value(decoder)) return false;
        this.#inFlight.goesOn(this.#replyDeadline());
        return true;
      case "end":
        if (fragment.expected !== "values") return false;
        break;
      case "error":
      case "client-error":
      case "server-error":
        this.#refused(fragment, kind);
        return true;
      case "hd":
      case "va":
      case "en":
      case "nf":
      case "ns":
      case "ex":
      case "me":
        if (fragment.expected !== "meta" || !fragment.value(decoder)) return false;
        break;
      default:
        if (!answers(kind, fragment.expected)) return false;
        fragment.line(decoder);
    }
    this.#answered(fragment);
    return true;
  }

  /** Some of a large value came. @returns false if it was not asked for */
  #stream(fragment: Fragment, found: StreamFound): boolean {
    const decoder = this.#decoder;
    const isMeta = decoder.kind === "va";
    if (fragment.expected !== (isMeta ? "meta" : "values") || !fragment.stream(decoder, found)) return false;
    this.#inFlight.goesOn(this.#replyDeadline());
    if (isMeta && found === "tail") this.#answered(fragment);
    return true;
  }

  /** The server answered with an error line: it is passed on as it is. */
  #refused(fragment: Fragment, kind: ErrorKind): void {
    const decoder = this.#decoder;
    if (saysFull(decoder, kind)) return this.#connection.disconnect("refused", SERVER_FULL);
    const isStorage = fragment.expected === "stored" || fragment.expected === "meta";
    const inStep = staysInStep(decoder, kind, isStorage && (this.#port as Port).sending);
    const { bytes, start, end } = decoder;
    fragment.refuse(bytes.slice(start, end), kind);
    this.#answered(fragment);
    // The server did not understand what we took for well formed: who knows what it reads next. A client that can make
    // it do so must not be able to make it count as down.
    if (!inStep) this.#connection.release(BROKEN_REPLY);
  }

  #answered(fragment: Fragment): void {
    this.readOn(); // the rest had come already
    this.#connection.answered(fragment);
  }

  /** It said what cannot be read, or was not asked for. A value above our own limit is not held against it. */
  #broken(): void {
    if (this.#decoder.fault === "value-too-large") return this.#connection.release(BROKEN_REPLY);
    this.#connection.disconnect("failed", BROKEN_REPLY);
  }

  /** Leaves the rest of an answer unread if its client has to take some first, and nobody else waits for this connection. */
  #pauseIfFull(fragment: Fragment): void {
    if (!this.#paused) {
      if (!fragment.mustWait(this.#decoder, this, false)) return;
      if (this.#output.queued.head !== null || !this.#inFlight.isOnlyFor(fragment.owner)) return;
      this.#paused = true;
      this.#server.counters.pauses++;
      this.#context.outbox.order({ kind: "pause", id: (this.#port as Port).id });
    }
    this.#inFlight.pause(); // it is not the server that is late
  }

  /** When more of an answer that has begun is to come at the latest. */
  #replyDeadline(): Millis {
    return this.#context.now + this.#server.timeouts.replyMs;
  }
}

function newDecoder({ replies, streamedFromBytes }: ServerContext): TextReplyDecoder {
  return new TextReplyDecoder(
    replies,
    streamedFromBytes === undefined ? {} : { partsFromBytes: streamedFromBytes },
  );
}
