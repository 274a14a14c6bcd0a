// One request to one server, and who waits for its answer. Hot path: one fragment a request is all that is allocated.

import type { CommandName, ReplyFound, TextReplyDecoder, SendBuffer } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Failure } from "./failure.ts";

/**
 * What a server may answer: the values of a retrieval, or the one line of another kind of command. What may be answered
 * to a `meta` request is for its waiter to say, which is told it as a value.
 */
export type Expected = "values" | "stored" | "deleted" | "touched" | "count" | "flushed" | "meta";

/** What a server answers to a command for keys of its own. */
export function expectedOf(command: CommandName): Expected {
  switch (command) {
    case "delete":
      return "deleted";
    case "touch":
      return "touched";
    case "incr":
    case "decr":
      return "count";
    case "get":
    case "gets":
    case "gat":
    case "gats":
      return "values";
    default:
      return "stored";
  }
}

/** What of a value came that comes in parts: as a decoder finds it. */
export type StreamFound = Extract<ReplyFound, "head" | "part" | "tail">;

/** Where answers come from, which may be left unread for a while. */
export interface Source {
  /** Whether they have to wait may have changed. */
  goOn(): void;
}

/** The kinds of a server's own error line. */
export type ErrorKind = "error" | "client-error" | "server-error";

/**
 * Who waits for the answers of one server or of several: the slot of a client, a call, a key to be deleted.
 *
 * Each `asked` is followed by one `done` or one `fail`. Replies are lent for the call. Nothing here may throw.
 */
export interface Waiter {
  /** For whom it waits, who may have other waiters; null if that one is gone. Only where there is `mustWait`. */
  readonly owner?: object | null;
  /** One more server is asked. */
  asked(): void;
  /**
   * A value came, or the reply to a meta request. `done` comes next after that one.
   *
   * @returns false if it was not asked for: the connection is then out of step
   */
  value(reply: TextReplyDecoder): boolean;
  /**
   * The same for a large value that is handed on as it comes: once for its line, once for each piece, and once for its
   * end. Only where the link was made to hand values on so.
   */
  stream?(reply: TextReplyDecoder, found: StreamFound): boolean;
  /**
   * Whether so much waits for its owner already that the answer, or the rest of it, had better come later. Then
   * `source.goOn` is called when that may have changed. Only where answers can be left unread.
   *
   * @param waits Whether it is waiting already.
   */
  mustWait?(reply: TextReplyDecoder, source: Source, waits: boolean): boolean;
  /** The one line of an answer that is no retrieval came. `done` comes next. */
  line(reply: TextReplyDecoder): void;
  /** The server's own error is the answer; the line, with its end, is the waiter's own. `done` comes next. */
  refuse(line: Uint8Array, kind: ErrorKind): void;
  /** The answer is whole. */
  done(): void;
  /**
   * The server has no answer to give.
   *
   * @param source Of what it had begun to `stream`, if it was in the middle of a value; else null.
   */
  fail(failure: Failure, source: TextReplyDecoder | null): void;
}

export class Fragment {
  /** Null when it has been told that the reply is late, which is then swallowed, or gave up before it was sent. */
  waiter: Waiter | null;
  readonly expected: Expected;
  /** Requests of waiters in it: none if all were given up before it was sent. */
  requests = 1;
  /** Bytes of the request, and those of them that are not to be sent after all. */
  bytes: number;
  bytesGone = 0;
  /** When it must be sent; once it is, when its answer must have begun. */
  deadline: Millis;
  /** Where a value comes from that is not whole yet. */
  source: TextReplyDecoder | null = null;
  next: Fragment | null = null;

  constructor(waiter: Waiter | null, expected: Expected, bytes: number, deadline: Millis) {
    this.waiter = waiter;
    this.expected = expected;
    this.bytes = bytes;
    this.deadline = deadline;
  }

  /** Takes back what a waiter asked, before it is sent. @returns false if that is not in here */
  giveUp(waiter: Waiter): boolean {
    if (this.waiter !== waiter) return false;
    this.waiter = null;
    this.requests = 0;
    this.bytesGone = this.bytes;
    return true;
  }

  /** Writes what is still to be sent of it. It was written to `source` from `start` on. */
  rewrite(output: SendBuffer, source: Uint8Array, start: number): void {
    output.copy(source, start, start + this.bytes);
  }

  /** A value came. @returns false if nobody asked for it */
  value(reply: TextReplyDecoder): boolean {
    return this.waiter === null || this.waiter.value(reply);
  }

  /** Some of a value came. @returns false if nobody asked for it */
  stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    this.source = found === "tail" ? null : reply;
    return this.waiter === null || this.waiter.stream?.(reply, found) === true;
  }

  /** Whether what comes next is to come later: see `Waiter`. */
  mustWait(reply: TextReplyDecoder, source: Source, waits: boolean): boolean {
    return this.waiter?.mustWait?.(reply, source, waits) === true;
  }

  /** For whom what is coming is; undefined if for nobody in particular. */
  get owner(): object | null | undefined {
    return this.waiter?.owner;
  }

  /** Whether nobody else waits for it. */
  isOnlyFor(owner: object | null | undefined): boolean {
    return this.waiter === null || isFor(this.waiter, owner);
  }

  /** Whether nobody waits for it any more: it was told that it is late, or is gone. */
  get isAbandoned(): boolean {
    return this.waiter === null || this.waiter.owner === null;
  }

  /** Of several requests in it those of whose answers nothing came, when some did of another's. */
  get requestsNotBegun(): number {
    return 0;
  }

  /** Tells those, and no others, that this server failed. */
  failNotBegun(_failure: Failure): void {}

  line(reply: TextReplyDecoder): void {
    this.waiter?.line(reply);
  }

  done(): void {
    this.waiter?.done();
  }

  refuse(line: Uint8Array, kind: ErrorKind): void {
    this.waiter?.refuse(line, kind);
  }

  /** Tells who waits that this server failed. What still comes is swallowed. */
  fail(failure: Failure): void {
    const { waiter } = this;
    this.waiter = null;
    waiter?.fail(failure, this.source);
  }
}

/** Whether a waiter is of that owner, or of one who is gone. */
export const isFor = (waiter: Waiter, owner: object | null | undefined): boolean =>
  waiter.owner === null || waiter.owner === owner;

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

  /** Takes out the one behind `before`; the first one if that is null. Only if there is one. */
  remove(before: Fragment | null): void {
    if (before === null) {
      this.shift();
      return;
    }
    const gone = before.next as Fragment;
    before.next = gone.next;
    if (this.#tail === gone) this.#tail = before;
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
