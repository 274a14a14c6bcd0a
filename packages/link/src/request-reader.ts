// What one client asks, read as far as it may ask more.
//
//     received --> decoder --request--------> Dispatcher --> slots, to be answered in that order
//                         \--large value----> IncomingValue
//
//     open --much to be answered, or its share of the turn is over--> paused --room, the next turn--> open
//     open --drain, ended--> the same, up to the end of what came --decoded--> over --answered--> closed
//
// A decoder is lent to it while there is something in it: a client that waits has none. Hot path.

import type { Decoded, Protocol, RequestDecoder } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { ClientLink } from "./client-link.ts";
import type { ClientOutput } from "./client-output.ts";
import type { ClientContext } from "./context.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { IncomingValue } from "./incoming-value.ts";
import type { Slot } from "./slot.ts";

/** Requests of one client under way at a time where it asks what all wait for. */
const CROWDED_PIPELINE_MAX = 4;

/** How long, at the end, what comes is taken for what had come before: the system may hold some of it. */
const READ_ON_MS = 1_000;

/**
 * Until when requests are read.
 *
 * - `open`: as long as they come
 * - `draining`: until all that came is decoded, and the client is between two of them
 * - `ended`: until all that came is decoded, as the client has ended its side
 * - `over`: nothing more is read: it has come to that, or the client said `quit`, sent nonsense or is gone
 */
type Reading = "open" | "draining" | "ended" | "over";

export class RequestReader {
  /** The decoder that is at the current request. */
  decoder: RequestDecoder;
  readonly #context: ClientContext;
  readonly #client: ClientLink;
  readonly #dispatcher: Dispatcher;
  readonly #output: ClientOutput;
  readonly #incoming: IncomingValue = new IncomingValue();
  /** What its client speaks, as far as that is known: between messages. */
  #protocol: Protocol | undefined;
  #reading: Reading = "open";
  /** From when on, where it is draining, it is over as soon as the request that is coming is whole. */
  #lastFrom: Millis | null = null;
  #isLast = false;
  #paused = false;
  #serving = false;
  /** It had its share of this turn: the others come first. */
  #yielded = false;

  /** @param output Where what is asked is to be answered. */
  constructor(context: ClientContext, client: ClientLink, dispatcher: Dispatcher, output: ClientOutput) {
    this.#context = context;
    this.#client = client;
    this.#dispatcher = dispatcher;
    this.#output = output;
    this.decoder = context.decoders.idle;
    this.#protocol = dispatcher.protocol;
  }

  /** Whether nothing more is read. */
  get isOver(): boolean {
    return this.#reading === "over";
  }

  received(chunk: Uint8Array): void {
    this.#context.counters.bytesRead += chunk.length;
    if (this.#reading === "over") return;
    const { decoders } = this.#context;
    if (this.decoder === decoders.idle) this.decoder = decoders.lend(this.#protocol);
    this.decoder.receive(chunk);
    if (this.#paused) this.decoder.keep();
    else this.#serve();
  }

  /** The client has ended its side. */
  ended(): void {
    if (this.#reading !== "over") this.#reading = "ended";
    if (!this.#paused) this.finish();
  }

  /** Reads no more requests; those it has are answered, then the connection is closed. */
  finish(): void {
    this.#endReading();
    this.#finishIfDone();
  }

  /**
   * Reads the requests that have come, the one that has begun to come with them, then finishes. What comes in the next
   * READ_ON_MS without a pause between two requests is read with them.
   */
  drain(): void {
    if (this.#reading === "open") this.#reading = "draining";
    this.#lastFrom = this.#context.now + READ_ON_MS;
    if (!this.#paused && !this.decoder.isInMessage) this.finish();
  }

  /** The turn after it yielded. */
  goOn(): void {
    this.#yielded = false;
    this.readOn();
  }

  /** There may be room again. */
  readOn(): void {
    if (this.#paused) this.#serveIfRoom();
  }

  /** That slot is answered, which was the first. */
  answered(slot: Slot): void {
    this.#incoming.settled(slot);
    this.#incoming.startBehind(this.#output.head);
    this.readOn();
    this.#finishIfDone();
  }

  /** Nobody is there any more who could be answered. */
  abandon(): void {
    this.#reading = "over";
    this.#incoming.forget();
  }

  /** The connection is over, and abandoned. */
  closed(): void {
    this.#context.decoders.retire(this.decoder);
    this.decoder = this.#context.decoders.idle;
  }

  /** Decodes and dispatches until the client has to wait. */
  #serve(): void {
    this.#serving = true;
    this.#context.asker = this.#client;
    const decoder = this.decoder;
    const { counters, limits } = this.#context;
    let left = limits.pipelineMax;
    while (this.#reading !== "over") {
      if (left-- === 0) this.#yield();
      if (this.#yielded || this.#isFull()) {
        decoder.keep();
        this.#pause();
        break;
      }
      const found = decoder.next();
      if (found === "need-data") {
        this.#caughtUp();
        break;
      }
      if (found === "request") {
        counters.requests++;
        this.#dispatcher.dispatch(this.#client);
      } else if (this.#incoming.inValue || found === "head") this.#stream(found);
      else this.#refuse(found === "fatal");
      if (this.#isLast && !this.#incoming.inValue) this.#endReading();
    }
    this.#serving = false;
    this.#context.asker = undefined;
    this.#finishIfDone();
  }

  /** All that came is decoded, but perhaps for the beginning of a request. */
  #caughtUp(): void {
    const { decoders, now } = this.#context;
    const decoder = this.decoder;
    const { isInMessage } = decoder;
    this.#isLast = this.#lastFrom !== null && now >= this.#lastFrom;
    if (this.#reading === "ended" || (this.#reading === "draining" && !isInMessage)) this.#endReading();
    if (decoder === decoders.idle || isInMessage) return;
    this.#protocol = decoder.protocol;
    decoders.giveBack(decoder);
    this.decoder = decoders.idle;
  }

  /** A large value begins, goes on or ends. */
  #stream(found: Decoded<"request">): void {
    const incoming = this.#incoming;
    const { counters } = this.#context;
    if (found === "head") {
      counters.requests++;
      incoming.begin(this.#dispatcher.begin?.(this.#client) ?? null);
      incoming.startBehind(this.#output.head);
    } else if (!incoming.received(found, this.decoder)) counters.requestsInvalid++;
  }

  /** The decoder refused what it is at. */
  #refuse(isFatal: boolean): void {
    const { counters } = this.#context;
    counters.requests++;
    counters.requestsInvalid++;
    this.#dispatcher.refuse(this.#client);
    if (isFatal) this.#endReading();
  }

  /** Nothing more comes, be it in the middle of a value. */
  #endReading(): void {
    this.#reading = "over";
    this.#incoming.breakOff();
  }

  #finishIfDone(): void {
    if (this.#reading !== "over" || this.#serving || this.#output.head !== null) return;
    this.#context.outbox.finish(this.#output.port);
  }

  #yield(): void {
    this.#yielded = true;
    this.#context.yielded.push(this.#client);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#context.counters.clientsPaused++;
    this.#context.outbox.order({ kind: "pause", id: this.#output.port.id });
  }

  #serveIfRoom(): void {
    const { port } = this.#output;
    if (this.#serving || this.#yielded || port.state !== "open" || !this.#hasRoom()) return;
    this.#paused = false;
    this.#serve();
    if (!this.#paused) this.#context.outbox.order({ kind: "resume", id: port.id });
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
    const client = this.#client;
    const { counters, limits } = this.#context;
    if (client.crowd !== null && !client.crowd.isCrowded) client.crowd = null;
    const isCrowded = client.crowd !== null || counters.requestsNow * 2 >= limits.requestsActiveMax;
    return isCrowded ? Math.min(CROWDED_PIPELINE_MAX, limits.pipelineMax) : limits.pipelineMax;
  }
}
