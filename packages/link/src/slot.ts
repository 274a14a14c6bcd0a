// The place of one request in its client's order.
//
//     client   [slot] -> [slot] -> [slot]        replies leave in this order
//                |  \        |
//     server A  [fragment]  [fragment]           replies arrive in this order
//     server B   [fragment]
//
// Both are linked lists. Hot path: one slot and one fragment a request are all that is allocated.

import { REPLY_BYTES, type SendBuffer, type TextReplyDecoder } from "@memwire/codec";
import type { Failure } from "./failure.ts";
import type { Source, StreamFound, Waiter } from "./fragment.ts";

/** Who waits for a slot. */
export interface SlotOwner {
  /** Bytes of this slot's reply, to be sent when its turn comes. */
  reply(slot: Slot, bytes: Uint8Array, start: number, end: number): void;
  /** Every fragment is answered. */
  settled(slot: Slot): void;
  /** So many bytes more are kept by a slot that is to tell them later; fewer, where that is below 0. */
  staged(bytes: number): void;
  /**
   * Whether an answer, or the rest of it, is to come later: see `Waiter`.
   *
   * @param aside Whether what comes next is staged, though it may be this slot's turn.
   */
  mustWait(slot: Slot, aside: boolean, source: Source, waits: boolean): boolean;
  /** What waits may have got room, or its turn. */
  goOnReading(): void;
  /** The rest of a value, of which some was told, does not come. */
  cut(slot: Slot): void;
}

/**
 * What a request is answered with.
 *
 * - `line`: the one line of the one server
 * - `values`: the values of the one server, or those that a slot for several puts in order, and one `END`
 * - `all`: one line for the lines of all servers, the first bad one if any
 */
export type SlotAnswer = "line" | "values" | "all";

const { end: END, ok: OK } = REPLY_BYTES;

export class Slot implements Waiter {
  /** Null when the client is gone: replies are then swallowed. */
  owner: SlotOwner | null;
  readonly answer: SlotAnswer;
  /** `noreply`: nothing is said to the client. */
  readonly quiet: boolean;
  next: Slot | null = null;
  /** Fragments not yet answered, and one more while they are being made. */
  waiting = 1;
  /** The line that takes the place of the reply, or of the `END`. */
  fault: Uint8Array | null = null;
  /** Where a value comes from of which some was told, and not all. */
  direct: TextReplyDecoder | null = null;
  /** What was answered before its turn came: a range of what its client shares, or a buffer of its own. See `Stage`. */
  stagedStart = 0;
  stagedEnd = 0;
  staged: SendBuffer | null = null;

  constructor(owner: SlotOwner, answer: SlotAnswer, quiet: boolean) {
    this.owner = owner;
    this.answer = answer;
    this.quiet = quiet;
  }

  /** Bytes of the reply. */
  reply(bytes: Uint8Array, start: number, end: number): void {
    if (!this.quiet && this.owner !== null) this.owner.reply(this, bytes, start, end);
  }

  asked(): void {
    this.waiting++;
  }

  value(reply: TextReplyDecoder): boolean {
    this.reply(reply.bytes, reply.start, reply.end);
    return true;
  }

  stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    this.direct = found === "tail" ? null : reply;
    this.reply(reply.bytes, reply.start, reply.end);
    return true;
  }

  mustWait(_reply: TextReplyDecoder, source: Source, waits: boolean): boolean {
    return this.owner !== null && this.owner.mustWait(this, false, source, waits);
  }

  line(reply: TextReplyDecoder): void {
    if (this.answer === "line") this.reply(reply.bytes, reply.start, reply.end);
  }

  /** A line that takes the place of the reply; the first one stands. */
  refuse(line: Uint8Array): void {
    this.fault ??= line;
  }

  /** One fragment was answered, well or badly. */
  done(): void {
    if (--this.waiting === 0 && this.owner !== null) this.owner.settled(this);
  }

  /** @param source Where the rest of a value does not come from. */
  fail(failure: Failure, source: TextReplyDecoder | null = null): void {
    // In the middle of a value nothing can be said any more.
    if (source !== null && source === this.direct) return this.owner?.cut(this);
    this.failed(failure);
    this.done();
  }

  /** One fragment has no answer. */
  failed(failure: Failure): void {
    this.refuse(failure.line);
  }

  /** Writes what ends the reply. */
  conclude(): void {
    const { answer, fault } = this;
    if (fault !== null) this.reply(fault, 0, fault.length);
    else if (answer === "values") this.reply(END, 0, END.length);
    else if (answer === "all") this.reply(OK, 0, OK.length);
  }
}
