// One large value on its way from a client to its server, as it comes.
//
//     client: "head" --> begun --its turn--> [waiting for a line] --> started --"part"...--> --"tail"--> whole
//
//     whole   --the reply--> answered
//     started --the reply comes before the value is whole--> told, the rest of it dropped
//             --the client goes away--> the connection is closed, in the middle
//
// It goes over a connection of its own, so that a client that is slow holds up nobody; and it begins when all that was
// asked before it is answered, as what comes behind it waits for its answer, so that nothing overtakes it.

import { SendBuffer, type TextReplyDecoder } from "@memwire/codec";
import type { Failure } from "./failure.ts";
import type { Expected, Waiter } from "./fragment.ts";
import type { Slot } from "./slot.ts";
import type { UploadLine } from "./upload-line.ts";

const NOTHING = new Uint8Array(0);

/** Who sends the value. */
export interface Uploader {
  /** More of the value can be taken. */
  goOnUploading(): void;
}

/**
 * A connection, or why there is none; null if the value is answered in the server's place; or it waits until `startOn`
 * tells it one of the others.
 */
export type TakenLine = UploadLine | Failure | null | "wait";

/** What finds a connection for an upload. */
export interface Lines {
  take(upload: Upload): TakenLine;
  /** One that waits does so no longer. */
  leave(upload: Upload): void;
}

export class Upload implements Waiter {
  readonly slot: Slot;
  /** The request without its value, to be written before it is started. */
  readonly head: SendBuffer = new SendBuffer();
  readonly expected: Expected;
  readonly #uploader: Uploader;
  readonly #lines: Lines;
  #state: "begun" | "waiting" | "started" | "whole" | "over" = "begun";
  #line: UploadLine | null = null;
  #refused = false;

  constructor(lines: Lines, uploader: Uploader, slot: Slot, expected: Expected) {
    this.#lines = lines;
    this.#uploader = uploader;
    this.slot = slot;
    this.expected = expected;
  }

  /** Whether its client has to wait before it gives more. */
  get isFull(): boolean {
    if (this.#state === "begun" || this.#state === "waiting") return true;
    return this.#line !== null && this.#line.isFull;
  }

  /** Whether so little waits that its client may go on. */
  get hasRoom(): boolean {
    if (this.#state === "begun" || this.#state === "waiting") return false;
    return this.#line === null || this.#line.hasRoom;
  }

  /** Whether all of the value was given, and the answer is still to come. */
  get awaitsAnswer(): boolean {
    return this.#state === "whole";
  }

  /** All that its client asked before is answered. */
  start(): void {
    if (this.#state !== "begun") return;
    this.#state = "started";
    const taken = this.#lines.take(this);
    if (taken === "wait") this.#state = "waiting";
    else this.#startOn(taken);
  }

  /** It has waited. */
  startOn(taken: Exclude<TakenLine, "wait">): void {
    if (this.#state !== "waiting") return;
    this.#state = "started";
    this.#startOn(taken);
    this.#uploader.goOnUploading();
  }

  #startOn(taken: Exclude<TakenLine, "wait">): void {
    if (taken === null) return;
    if ("line" in taken) return this.#fail(taken);
    this.#line = taken;
    taken.begin(this);
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    this.#line?.write(bytes, start, end);
  }

  /** That was all of the value. */
  end(): void {
    if (this.#state !== "started") return;
    this.#state = "whole";
    this.#line?.end();
  }

  /** The rest of the value does not come. @param told What its client is told, if it was told nothing yet. */
  abort(told: Uint8Array = NOTHING): void {
    if (this.#state === "over") return;
    this.#finish(false);
    this.slot.refuse(told);
    this.slot.done();
  }

  /** Its line took some of it. */
  drained(): void {
    if (this.#state === "started") this.#uploader.goOnUploading();
  }

  // Waiter

  asked(): void {}

  value(reply: TextReplyDecoder): boolean {
    return this.slot.value(reply);
  }

  line(reply: TextReplyDecoder): void {
    this.slot.line(reply);
  }

  refuse(line: Uint8Array): void {
    this.#refused = true;
    this.slot.refuse(line);
  }

  done(): void {
    if (this.#state === "over") return;
    this.#finish(this.#state === "whole" && !this.#refused);
    this.slot.done();
    this.#uploader.goOnUploading();
  }

  fail(failure: Failure): void {
    if (this.#state !== "over") this.#fail(failure);
  }

  #fail(failure: Failure): void {
    this.#finish(false);
    this.slot.fail(failure);
    this.#uploader.goOnUploading();
  }

  /** What still comes of the value is thrown away. @param inStep Whether the connection may be used again. */
  #finish(inStep: boolean): void {
    const line = this.#line;
    if (this.#state === "waiting") this.#lines.leave(this);
    this.#state = "over";
    this.#line = null;
    line?.finish(inStep);
  }
}
