// One client: its requests in the order asked, and its replies in the same order.
//
// The slot at the head writes straight to the output; a later one stages what it gets until its turn comes
// (`ClientOutput`). A client that asks more than it takes is read no further; one that still holds too much is closed.
// Decoder and output are lent to it while it has something in them: one that waits has neither. Hot path.

import {
  refusalReply,
  type BinaryRequestDecoder,
  type Decoded,
  type Protocol,
  type RequestDecoder,
  type TextRequestDecoder,
} from "@memwire/codec";
import type { CloseCause, ConnectionId, Millis, TokenBucket } from "@memwire/engine";
import { ClientOutput } from "./client-output.ts";
import type { Asker, ClientContext, Crowd, Party } from "./context.ts";
import { BUFFERS_FULL, TOO_MANY_ACTIVE, type Failure } from "./failure.ts";
import type { Source } from "./fragment.ts";
import { IncomingValue } from "./incoming-value.ts";
import { Slot, type SlotAnswer, type SlotOwner } from "./slot.ts";
import type { SlowClient } from "./slow-clients.ts";
import type { Upload, Uploader } from "./upload.ts";

/** Requests of one client under way at a time where it asks what all wait for. */
const CROWDED_PIPELINE_MAX = 4;

/** How long, at the end, what comes is taken for what had come before: the system may hold some of it. */
const READ_ON_MS = 1_000;

/** Where a client's requests go. */
export interface Dispatcher {
  /** What its clients speak; `undefined` if their first byte says so. */
  readonly protocol: Protocol | undefined;
  /** Carries out or sends on the decoder's current request. */
  dispatch(client: ClientLink): void;
  /** Says what is wrong with the decoder's current request, which it refused. */
  refuse(client: ClientLink): void;
  /**
   * Sends on the decoder's current request as its value comes. Only where decoders were made to find such.
   *
   * @returns null if it was answered already, and what comes of the value is to be thrown away
   */
  begin?(client: ClientLink): Upload | null;
}

export class ClientLink implements Party, SlotOwner, SlowClient, Asker, Uploader {
  lane = -1;
  crowd: Crowd | null = null;
  /** How far it is in saying who it is, where that is asked for. */
  standing: "stranger" | "asked" | "known" = "stranger";
  /** How often it may still ask, where that has a bound and it has asked before. */
  rate: TokenBucket | null = null;
  readonly #context: ClientContext;
  readonly #dispatcher: Dispatcher;
  #requests: RequestDecoder;
  /** What it speaks, as far as that is known: between messages. */
  #protocol: Protocol | undefined;
  readonly #output: ClientOutput;
  readonly #incoming: IncomingValue = new IncomingValue();
  /** Who has answers for it that are left unread, as it has not taken what there is. */
  #heldBack: Set<Source> | null = null;
  #paused = false;
  #serving = false;
  /** Nothing more is read: the client said `quit`, sent nonsense, or ended its side and all of it is decoded. */
  #finishing = false;
  /** Nothing more is read as soon as it is between two requests with all of them decoded. */
  #draining = false;
  /** From when on that is so as soon as the request that is coming is whole. */
  #lastFrom: Millis = Infinity;
  #isLast = false;
  #ended = false;
  /** It had its share of this turn: the others come first. */
  #yielded = false;

  constructor(context: ClientContext, id: ConnectionId, dispatcher: Dispatcher) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.#protocol = dispatcher.protocol;
    this.#requests = context.decoders.idle;
    this.#output = new ClientOutput(context, this, id);
  }

  /** What its current request is in: `text` or `binary`, of which that one is at it. */
  get protocol(): Protocol | undefined {
    return this.#requests.protocol;
  }

  get decoder(): TextRequestDecoder {
    return this.#requests.text;
  }

  get binary(): BinaryRequestDecoder {
    return this.#requests.binary;
  }

  /** Why no further request is sent to a server, whoever asks; null if it is. */
  overload(): Failure | null {
    const { counters, limits } = this.#context;
    if (counters.requestsNow >= limits.requestsActiveMax) {
      counters.requestsOverActiveMax++;
      return TOO_MANY_ACTIVE;
    }
    if (counters.bufferedBytesNow >= limits.bufferedBytesMax) {
      counters.requestsOverBufferedMax++;
      return BUFFERS_FULL;
    }
    return null;
  }

  /** The next place in this client's order. Call `done` on it when all its fragments are made. */
  slot(answer: SlotAnswer, quiet: boolean): Slot {
    return this.push(new Slot(this, answer, quiet));
  }

  /** The same for a slot of any kind. */
  push<Kind extends Slot>(slot: Kind): Kind {
    this.#output.push(slot);
    return slot;
  }

  /** Answers the current request, one of the text protocol, at once in its place in the order. */
  answer(bytes: Uint8Array): void {
    this.tell(bytes, this.decoder.noreply);
  }

  /** The same for any request. */
  tell(bytes: Uint8Array, quiet: boolean = false): void {
    const slot = this.slot("line", quiet);
    slot.reply(bytes, 0, bytes.length);
    slot.done();
  }

  /** As `answer`, where the dispatcher has no use for such a request. */
  refuse(bytes: Uint8Array): void {
    this.#context.counters.requestsInvalid++;
    this.answer(bytes);
  }

  /** Takes no more requests, answers those it has, then closes. */
  finish(): void {
    this.#endReading();
    this.#finishIfDone();
  }

  /**
   * Takes the requests that have come, the one that has begun to come with them, answers them all, then closes. What
   * comes in the next READ_ON_MS without a pause between two requests is taken with them.
   */
  drain(): void {
    this.#draining = true;
    this.#lastFrom = this.#context.now + READ_ON_MS;
    if (!this.#paused && !this.#requests.isInMessage) this.finish();
  }

  /** The turn after it yielded. */
  goOn(): void {
    this.#yielded = false;
    if (this.#paused) this.#serveIfRoom();
  }

  // SlotOwner

  reply(slot: Slot, bytes: Uint8Array, start: number, end: number): void {
    this.#output.reply(slot, bytes, start, end);
  }

  staged(bytes: number): void {
    this.#output.staged(bytes);
  }

  // What is sent as it comes waits for what is unsent and no more: what is staged may be waiting for just that.
  mustWait(slot: Slot, aside: boolean, source: Source, waits: boolean): boolean {
    const { unsentBytesPause } = this.#context.limits;
    const { head, length, heldBytes } = this.#output;
    const bytes = slot === head && !aside ? length : heldBytes;
    if (waits ? bytes * 2 <= unsentBytesPause : bytes < unsentBytesPause) return false;
    (this.#heldBack ??= new Set()).add(source);
    this.#context.outbox.touch(this.#output.port); // even if it is little
    return true;
  }

  goOnReading(): void {
    const held = this.#heldBack;
    if (held === null) return;
    this.#heldBack = null;
    for (const source of held) source.goOn(); // those who still have to wait come back
  }

  settled(slot: Slot): void {
    const output = this.#output;
    slot.conclude();
    if (slot !== output.head) return;
    output.replied();
    if (output.head === null) {
      this.lane = -1;
      this.crowd = null;
    }
    if (this.#heldBack !== null) this.goOnReading();
    this.#incoming.settled(slot);
    this.#incoming.startBehind(output.head);
    if (this.#paused) this.#serveIfRoom();
    this.#finishIfDone();
  }

  // SlowClient

  get unsentBytes(): number {
    return this.#output.unsentBytes;
  }

  giveUp(): void {
    this.#context.counters.clientsTooSlow++;
    this.#abandon();
    this.#context.outbox.abort(this.#output.port);
  }

  // Uploader

  goOnUploading(): void {
    if (this.#paused && !this.#finishing) this.#serveIfRoom();
  }

  /** Of what it is told the rest will not come, and in the middle of a value there is no other way to say so. */
  cut(): void {
    this.#context.counters.clientsCut++;
    this.#abandon();
    this.#context.outbox.abort(this.#output.port);
  }

  // Party

  connected(): void {}

  received(chunk: Uint8Array): void {
    this.#context.counters.bytesRead += chunk.length;
    if (this.#finishing) return;
    const { decoders } = this.#context;
    if (this.#requests === decoders.idle) this.#requests = decoders.lend(this.#protocol);
    this.#requests.receive(chunk);
    if (this.#paused) this.#requests.keep();
    else this.#serve();
  }

  ended(): void {
    this.#ended = true;
    if (!this.#paused) this.finish();
  }

  drained(): void {
    this.#context.outbox.drained(this.#output.port);
    if (this.#heldBack !== null) this.goOnReading();
    if (this.#paused) this.#serveIfRoom();
  }

  closed(_cause: CloseCause): void {
    this.#context.outbox.forget(this.#output.port);
    this.#context.counters.connectionsNow--;
    this.#abandon();
    this.#context.decoders.retire(this.#requests);
    this.#requests = this.#context.decoders.idle;
  }

  /** Decodes and dispatches until the client has to wait. */
  #serve(): void {
    this.#serving = true;
    this.#context.asker = this;
    const requests = this.#requests;
    const { counters, decoders, limits } = this.#context;
    let left = limits.pipelineMax;
    while (!this.#finishing) {
      if (left-- === 0) this.#yield();
      if (this.#yielded || this.#isFull()) {
        requests.keep();
        this.#pause();
        break;
      }
      const found = requests.next();
      if (found === "need-data") {
        this.#isLast = this.#context.now >= this.#lastFrom;
        if (this.#ended || (this.#draining && !requests.isInMessage)) this.#endReading();
        if (requests !== decoders.idle && !requests.isInMessage) this.#giveBack();
        break;
      }
      if (found === "request") {
        counters.requests++;
        this.#dispatcher.dispatch(this);
        if (this.#isLast) this.#endReading();
        continue;
      }
      if (this.#incoming.inValue || found === "head") {
        this.#stream(found);
        if (this.#isLast && !this.#incoming.inValue) this.#endReading();
        continue;
      }
      counters.requests++;
      counters.requestsInvalid++;
      this.#dispatcher.refuse(this);
      if (found === "fatal" || this.#isLast) this.#finishing = true;
    }
    this.#serving = false;
    this.#context.asker = undefined;
    this.#finishIfDone();
  }

  /** Some of a large value came, or what ends it. */
  #stream(found: Decoded<"request">): void {
    const { counters } = this.#context;
    const { protocol, binary, text } = this.#requests;
    switch (found) {
      case "head":
        counters.requests++;
        this.#incoming.begin(this.#dispatcher.begin?.(this) ?? null);
        return this.#incoming.startBehind(this.#output.head);
      case "part": {
        const { bytes, partStart, partEnd } = protocol === "binary" ? binary : text;
        return this.#incoming.write(bytes, partStart, partEnd);
      }
      case "tail":
        return this.#incoming.end();
      default:
        counters.requestsInvalid++;
        this.#incoming.abort(refusalReply(text.refusal));
    }
  }

  /** Nothing more comes, be it in the middle of a value. */
  #endReading(): void {
    this.#finishing = true;
    this.#incoming.breakOff();
  }

  #giveBack(): void {
    const { decoders } = this.#context;
    this.#protocol = this.#requests.protocol;
    decoders.giveBack(this.#requests);
    this.#requests = decoders.idle;
  }

  #yield(): void {
    this.#yielded = true;
    this.#context.yielded.push(this);
  }

  #isFull(): boolean {
    const { unsentBytesPause } = this.#context.limits;
    if (this.#incoming.isFull) return true;
    return this.#pipelined >= this.#pipelineMax() || this.#output.heldBytes >= unsentBytesPause;
  }

  /** Half of what it may have is done: going on any earlier would make it stutter. */
  #hasRoom(): boolean {
    const { unsentBytesPause } = this.#context.limits;
    if (!this.#incoming.hasRoom) return false;
    return this.#pipelined * 2 <= this.#pipelineMax() && this.#output.heldBytes * 2 <= unsentBytesPause;
  }

  /** Requests under way, but for the one whose value is coming: that would wait for itself. */
  get #pipelined(): number {
    return this.#incoming.inValue ? this.#output.requests - 1 : this.#output.requests;
  }

  /** Before servers have so much to do that requests are refused, each client is read in small pieces. */
  #pipelineMax(): number {
    const { counters, limits } = this.#context;
    if (this.crowd !== null && !this.crowd.isCrowded) this.crowd = null;
    const isCrowded = this.crowd !== null || counters.requestsNow * 2 >= limits.requestsActiveMax;
    return isCrowded ? Math.min(CROWDED_PIPELINE_MAX, limits.pipelineMax) : limits.pipelineMax;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#context.counters.clientsPaused++;
    this.#context.outbox.order({ kind: "pause", id: this.#output.port.id });
  }

  #serveIfRoom(): void {
    if (this.#serving || this.#yielded || this.#output.port.state !== "open" || !this.#hasRoom()) return;
    this.#paused = false;
    this.#serve();
    if (!this.#paused) this.#context.outbox.order({ kind: "resume", id: this.#output.port.id });
  }

  #finishIfDone(): void {
    if (this.#finishing && !this.#serving && this.#output.head === null)
      this.#context.outbox.finish(this.#output.port);
  }

  /** Replies to this client are swallowed from now on. */
  #abandon(): void {
    this.#finishing = true;
    this.#output.abandon();
    this.#incoming.forget();
    this.goOnReading();
  }
}
