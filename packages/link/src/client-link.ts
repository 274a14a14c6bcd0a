// One client: its requests in the order asked, and its replies in the same order.
//
// The slot at the head writes straight to the output; a later one stages what it gets until its turn comes. A
// client that asks more than it takes is read no further; one that still holds too much is closed. Hot path.

import { REPLY_BYTES, refusalReply, TextRequestDecoder, SendBuffer } from "@memwire/codec";
import type { CloseCause, ConnectionId, Port } from "@memwire/engine";
import type { Asker, ClientContext, Party } from "./context.ts";
import { Slot, type SlotAnswer, type SlotOwner } from "./slot.ts";

/** Where a client's requests go. */
export interface Dispatcher {
  /** The reply to a command that there is not. */
  readonly unknown: Uint8Array;
  /** Carries out or sends on the decoder's current request. */
  dispatch(client: ClientLink): void;
  /** The decoder's current request, a `set`, was refused for its value: what is stored under its key must go. */
  refuseValue(client: ClientLink, reply: Uint8Array): void;
}

/**
 * Bytes that are held back while the rest of what they belong to is still to come. The values of a multi-get come
 * from several servers a turn or two apart, and a client can do nothing with them before the END: they wait for
 * it. Whole replies wait for those behind them, too, but no longer than one turn. At 16 requests in a pipeline that
 * made 1.4 writes out of 2.1.
 */
const HELD_BYTES_MAX = 65_536;

/** Empty buffers kept for all clients together. */
const SPARE_MAX = 1_024;

const { end: END, ok: OK } = REPLY_BYTES;

export class ClientLink implements Party, SlotOwner, Asker {
  lane = -1;
  readonly decoder: TextRequestDecoder;
  readonly #context: ClientContext;
  readonly #dispatcher: Dispatcher;
  readonly #output: SendBuffer = new SendBuffer();
  readonly #port: Port;
  #head: Slot | null = null;
  #tail: Slot | null = null;
  #slots = 0;
  #stagedBytes = 0;
  #paused = false;
  #serving = false;
  /** Nothing more is read: the client said `quit`, sent nonsense, or ended its side and all of it is decoded. */
  #finishing = false;
  #ended = false;
  /** It had its share of this turn: the others come first. */
  #yielded = false;

  constructor(context: ClientContext, id: ConnectionId, dispatcher: Dispatcher) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.decoder = new TextRequestDecoder(context.requests);
    this.#port = context.outbox.open(id, this.#output, true);
  }

  /** The next place in this client's order. Call `done` on it when all its fragments are made. */
  slot(answer: SlotAnswer, quiet: boolean): Slot {
    const slot = new Slot(this, answer, quiet);
    if (this.#tail === null) this.#head = slot;
    else this.#tail.next = slot;
    this.#tail = slot;
    this.#slots++;
    return slot;
  }

  /** Answers the current request at once, in its place in the order. */
  answer(bytes: Uint8Array): void {
    const slot = this.slot("line", this.decoder.noreply);
    slot.reply(bytes, 0, bytes.length);
    slot.done();
  }

  /** The same where the dispatcher has no use for such a request. */
  refuse(bytes: Uint8Array): void {
    this.#context.counters.requestsInvalid++;
    this.answer(bytes);
  }

  /** Takes no more requests, answers those it has, then closes. */
  finish(): void {
    this.#finishing = true;
    this.#finishIfDone();
  }

  /** The turn after it yielded. */
  goOn(): void {
    this.#yielded = false;
    if (this.#paused) this.#serveIfRoom();
  }

  // SlotOwner

  reply(slot: Slot, bytes: Uint8Array, start: number, end: number): void {
    if (slot === this.#head) {
      this.#output.copy(bytes, start, end);
      if (this.#output.length >= HELD_BYTES_MAX) this.#context.outbox.touch(this.#port);
    } else {
      slot.staged ??= this.#context.spare.pop() ?? new SendBuffer();
      slot.staged.copy(bytes, start, end);
      this.#stagedBytes += end - start;
    }
    if (this.#output.length + this.#stagedBytes > this.#context.limits.unsentBytesMax) {
      this.#context.counters.clientsTooSlow++;
      this.#abandon();
      this.#context.outbox.abort(this.#port);
    }
  }

  settled(slot: Slot): void {
    const { answer, fault } = slot;
    if (fault !== null) slot.reply(fault, 0, fault.length);
    else if (answer === "values") slot.reply(END, 0, END.length);
    else if (answer === "all") slot.reply(OK, 0, OK.length);
    if (slot !== this.#head) return;
    let head: Slot | null = slot;
    while (head !== null && head.waiting === 0) {
      head = head.next;
      this.#slots--;
      this.#head = head;
      if (head === null) {
        this.#tail = null;
        this.lane = -1;
      } else if (head.staged !== null) {
        this.#stagedBytes -= head.staged.length;
        this.#output.append(head.staged);
        if (this.#context.spare.length < SPARE_MAX) this.#context.spare.push(head.staged);
        head.staged = null;
      }
    }
    const { outbox } = this.#context;
    if (head === null || this.#output.length >= HELD_BYTES_MAX) outbox.touch(this.#port);
    else outbox.hold(this.#port);
    if (this.#paused) this.#serveIfRoom();
    this.#finishIfDone();
  }

  // Party

  connected(): void {}

  received(chunk: Uint8Array): void {
    this.#context.counters.bytesRead += chunk.length;
    if (this.#finishing) return;
    this.decoder.receive(chunk);
    if (this.#paused) this.decoder.keep();
    else this.#serve();
  }

  ended(): void {
    this.#ended = true;
    if (!this.#paused) this.finish();
  }

  drained(): void {
    this.#context.outbox.drained(this.#port);
    if (this.#paused) this.#serveIfRoom();
  }

  closed(_cause: CloseCause): void {
    this.#context.outbox.forget(this.#port);
    this.#context.counters.connectionsNow--;
    this.#abandon();
  }

  /** Decodes and dispatches until the client has to wait. */
  #serve(): void {
    this.#serving = true;
    this.#context.asker = this;
    const { decoder } = this;
    const { counters, limits } = this.#context;
    let left = limits.pipelineMax;
    while (!this.#finishing) {
      if (left-- === 0) this.#yield();
      if (this.#yielded || this.#isFull()) {
        decoder.keep();
        this.#pause();
        break;
      }
      const found = decoder.next();
      if (found === "need-data") {
        if (this.#ended) this.#finishing = true;
        break;
      }
      counters.requests++;
      if (found === "request") {
        this.#dispatcher.dispatch(this);
        continue;
      }
      counters.requestsInvalid++;
      // A meta command is unknown to all dispatchers, well formed or not.
      const refusal = decoder.family === "meta" ? "unknown-command" : decoder.refusal;
      const reply = refusal === "unknown-command" ? this.#dispatcher.unknown : refusalReply(refusal);
      if (refusal === "too-large" && decoder.command === "set") {
        this.#dispatcher.refuseValue(this, reply);
      } else if (reply.length > 0) this.answer(reply);
      if (found === "fatal") this.#finishing = true;
    }
    this.#serving = false;
    this.#context.asker = undefined;
    this.#finishIfDone();
  }

  #yield(): void {
    this.#yielded = true;
    this.#context.yielded.push(this);
  }

  #isFull(): boolean {
    const { pipelineMax, unsentBytesPause } = this.#context.limits;
    return this.#slots >= pipelineMax || this.#output.length + this.#stagedBytes >= unsentBytesPause;
  }

  /** Half of what it may have is done: going on any earlier would make it stutter. */
  #hasRoom(): boolean {
    const { pipelineMax, unsentBytesPause } = this.#context.limits;
    return (
      this.#slots * 2 <= pipelineMax && (this.#output.length + this.#stagedBytes) * 2 <= unsentBytesPause
    );
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#context.counters.clientsPaused++;
    this.#context.outbox.order({ kind: "pause", id: this.#port.id });
  }

  #serveIfRoom(): void {
    if (this.#serving || this.#yielded || this.#port.state !== "open" || !this.#hasRoom()) return;
    this.#paused = false;
    this.#serve();
    if (!this.#paused) this.#context.outbox.order({ kind: "resume", id: this.#port.id });
  }

  #finishIfDone(): void {
    if (this.#finishing && !this.#serving && this.#head === null) this.#context.outbox.finish(this.#port);
  }

  /** Replies to this client are swallowed from now on. */
  #abandon(): void {
    this.#finishing = true;
    for (let slot = this.#head; slot !== null; slot = slot.next) {
      slot.owner = null;
      slot.staged = null;
    }
    this.#head = null;
    this.#tail = null;
    this.#slots = 0;
    this.#stagedBytes = 0;
    this.#output.clear();
  }
}
