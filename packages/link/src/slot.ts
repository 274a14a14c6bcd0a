// The place of one request in its client's order.
//
//     client   [slot] -> [slot] -> [slot]        replies leave in this order
//                |  \        |
//     server A  [fragment]  [fragment]           replies arrive in this order
//     server B   [fragment]
//
// Both are linked lists. Hot path: one slot and one fragment a request are all that is allocated.

import { REPLY_BYTES, type TextReplyDecoder, type SendBuffer } from "@memwire/codec";
import type { Failure } from "./failure.ts";
import type { Waiter } from "./fragment.ts";

/** Who waits for a slot. */
export interface SlotOwner {
  /** Bytes of this slot's reply, to be sent when its turn comes. */
  reply(slot: Slot, bytes: Uint8Array, start: number, end: number): void;
  /** Every fragment is answered. */
  settled(slot: Slot): void;
  /** The rest of a value, of which some was told, does not come. */
  cut(slot: Slot): void;
}

/**
 * What a request is answered with.
 *
 * - `line`: the one line of the one server
 * - `values`: the values of all servers and one `END`
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
  /** What was answered before its turn came. */
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

  fail(failure: Failure): void {
    this.refuse(failure.line);
    this.done();
  }

  /** Writes what ends the reply. */
  conclude(): void {
    const { answer, fault } = this;
    if (fault !== null) this.reply(fault, 0, fault.length);
    else if (answer === "values") this.reply(END, 0, END.length);
    else if (answer === "all") this.reply(OK, 0, OK.length);
  }
}
