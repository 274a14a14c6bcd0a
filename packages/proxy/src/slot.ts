// The place of one request in its client's order, and its fragments at the servers.
//
//     client   [slot] -> [slot] -> [slot]        replies leave in this order
//                |  \        |
//     server A  [fragment]  [fragment]           replies arrive in this order
//     server B   [fragment]
//
// Both are linked lists. Hot path: one slot and one fragment a request are all that is allocated.

import type { ReplyDecoder, SendBuffer } from "@memwire/codec";
import type { Millis } from "@memwire/engine";

/** Who waits for a slot. */
export interface SlotOwner {
  /** Bytes of this slot's reply, to be sent when its turn comes. */
  reply(slot: Slot, bytes: Uint8Array, start: number, end: number): void;
  /** Every fragment is answered. */
  settled(slot: Slot): void;
}

/**
 * What a request is answered with.
 *
 * - `line`: the one line of the one server
 * - `values`: the values of all servers and one `END`
 * - `all`: one line for the lines of all servers, the first bad one if any
 */
export type SlotAnswer = "line" | "values" | "all";

export class Slot {
  /** Null when the client is gone: replies are then swallowed. */
  owner: SlotOwner | null;
  readonly answer: SlotAnswer;
  /** `noreply`: nothing is said to the client. */
  readonly quiet: boolean;
  next: Slot | null = null;
  /** Fragments not yet answered, and one more while they are being made. */
  waiting = 1;
  /** The line that takes the place of the reply, or of the `END`. */
  failure: Uint8Array | null = null;
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

  /** A line that takes the place of the reply; the first one stands. */
  fail(line: Uint8Array): void {
    this.failure ??= line;
  }

  /** One fragment was answered, well or badly. */
  arrive(): void {
    if (--this.waiting === 0 && this.owner !== null) this.owner.settled(this);
  }
}

/** What a server may answer: the values of a retrieval, or the one line of another kind of command. */
export type Expected = "values" | "stored" | "deleted" | "touched" | "count" | "flushed";

/** One request to one server. */
export class Fragment {
  /** Null when the client has been told that the reply is late: the reply is then swallowed. */
  slot: Slot | null;
  readonly expected: Expected;
  /** Requests of clients in it. */
  requests = 1;
  /** Bytes of the request. */
  bytes: number;
  /** When it must be sent; once it is, when it must be answered. */
  deadline: Millis;
  next: Fragment | null = null;

  constructor(slot: Slot | null, expected: Expected, bytes: number, deadline: Millis) {
    this.slot = slot;
    this.expected = expected;
    this.bytes = bytes;
    this.deadline = deadline;
  }

  /** A value came. @returns false if nobody asked for it */
  value(reply: ReplyDecoder): boolean {
    this.slot?.reply(reply.bytes, reply.start, reply.end);
    return true;
  }

  /** The answer is whole. */
  done(): void {
    this.slot?.arrive();
  }

  /** The server's own error is the answer. `done` comes next. */
  refuse(line: Uint8Array): void {
    this.slot?.fail(line);
  }

  /** Tells the client that this server failed. What still comes is swallowed. */
  fail(line: Uint8Array): void {
    const { slot } = this;
    this.slot = null;
    slot?.fail(line);
    slot?.arrive();
  }
}

/** Fragments in order, first in, first out. */
export class FragmentQueue {
  head: Fragment | null = null;
  #tail: Fragment | null = null;

  push(fragment: Fragment): void {
    if (this.#tail === null) this.head = fragment;
    else this.#tail.next = fragment;
    this.#tail = fragment;
  }

  /** Takes the first one out. Only if there is one. */
  shift(): Fragment {
    const first = this.head as Fragment;
    this.head = first.next;
    if (this.head === null) this.#tail = null;
    return first;
  }

  /** Puts all of another queue behind these; that one is empty then. */
  append(other: FragmentQueue): void {
    if (other.head === null) return;
    if (this.#tail === null) this.head = other.head;
    else this.#tail.next = other.head;
    this.#tail = other.#tail;
    other.head = null;
    other.#tail = null;
  }
}
