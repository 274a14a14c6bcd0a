// One client: its requests in the order asked, and its replies in the same order.
//
//     received --RequestReader--> Dispatcher --> slots --reply, settled--> ClientOutput --> sent
//
// The slot at the head writes straight to the output; a later one stages what it gets until its turn comes. A client
// that asks more than it takes is read no further; one that still holds too much is closed. Hot path.

import type { BinaryRequestDecoder, Protocol, TextRequestDecoder } from "@memwire/codec";
import type { CloseCause, ConnectionId, TokenBucket } from "@memwire/engine";
import { ClientOutput } from "./client-output.ts";
import type { Asker, ClientContext, Crowd, Party } from "./context.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { BUFFERS_FULL, TOO_MANY_ACTIVE, type Failure } from "./failure.ts";
import type { Source } from "./fragment.ts";
import { RequestReader } from "./request-reader.ts";
import { Slot, type SlotAnswer, type SlotOwner } from "./slot.ts";
import type { SlowClient } from "./slow-clients.ts";
import type { Uploader } from "./upload.ts";

export class ClientLink implements Party, SlotOwner, SlowClient, Asker, Uploader {
  lane = -1;
  crowd: Crowd | null = null;
  /** How far it is in saying who it is, where that is asked for. */
  standing: "stranger" | "asked" | "known" = "stranger";
  /** How often it may still ask, where that has a bound and it has asked before. */
  rate: TokenBucket | null = null;
  readonly #context: ClientContext;
  readonly #output: ClientOutput;
  readonly #reader: RequestReader;
  /** Who has answers for it that are left unread, as it has not taken what there is. */
  #heldBack: Set<Source> | null = null;

  constructor(context: ClientContext, id: ConnectionId, dispatcher: Dispatcher) {
    this.#context = context;
    this.#output = new ClientOutput(context, this, id);
    this.#reader = new RequestReader(context, this, dispatcher, this.#output);
  }

  /** What its current request is in: `text` or `binary`, of which that one is at it. */
  get protocol(): Protocol | undefined {
    return this.#reader.decoder.protocol;
  }

  get decoder(): TextRequestDecoder {
    return this.#reader.decoder.text;
  }

  get binary(): BinaryRequestDecoder {
    return this.#reader.decoder.binary;
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
    this.#reader.finish();
  }

  /**
   * Takes the requests that have come, the one that has begun to come with them, answers them all, then closes. What
   * comes in the next second without a pause between two requests is taken with them.
   */
  drain(): void {
    this.#reader.drain();
  }

  /** The turn after it yielded. */
  goOn(): void {
    this.#reader.goOn();
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
    this.#reader.answered(slot);
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
    if (!this.#reader.isOver) this.#reader.readOn();
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
    this.#reader.received(chunk);
  }

  ended(): void {
    this.#reader.ended();
  }

  drained(): void {
    this.#context.outbox.drained(this.#output.port);
    if (this.#heldBack !== null) this.goOnReading();
    this.#reader.readOn();
  }

  closed(_cause: CloseCause): void {
    this.#context.outbox.forget(this.#output.port);
    this.#context.counters.connectionsNow--;
    this.#abandon();
    this.#reader.closed();
  }

  /** Replies to this client are swallowed from now on. */
  #abandon(): void {
    this.#output.abandon();
    this.#reader.abandon();
    this.goOnReading();
  }
}
