// A connection to a server that carries large values, one at a time, and is kept a while for the next one.

import type { Endpoint, Millis } from "@memwire/engine";
import type { FailureWeight } from "@memwire/router";
import type { ConnectionOwner } from "./connection-owner.ts";
import type { ServerContext } from "./context.ts";
import type { ServerCounters } from "./counters.ts";
import { failureOf, TIMED_OUT, type Failure } from "./failure.ts";
import type { Greeting } from "./greeting.ts";
import type { Timeouts } from "./limits.ts";
import { MUCH_BYTES } from "./request-queue.ts";
import { ServerConnection } from "./server-connection.ts";
import type { ServerLink } from "./server-link.ts";
import type { Upload } from "./upload.ts";

/** Bytes that wait for the server from which on the client is read no further. */
const HELD_BYTES_MAX = 262_144;
const IDLE_MS = 10_000;
/** How long a client may give nothing of its value and keep a connection that another's value needs. */
const STALLED_MS = 10_000;

export class UploadLine implements ConnectionOwner {
  readonly counters: ServerCounters;
  readonly endpoint: Endpoint;
  readonly timeouts: Timeouts;
  readonly #context: ServerContext;
  readonly #server: ServerLink;
  readonly #freed: () => void;
  readonly #connection: ServerConnection;
  #upload: Upload | null = null;
  /** Its connection was let go, and whoever hears of that in the middle of an answer may do so once more. */
  #isSpent = false;
  /** All of the value is written. */
  #isWhole = false;
  /** How much had befallen the server when it was used last. */
  #troubles = 0;
  /** When the server took some of it last. */
  #movedAt: Millis = 0;

  /** @param freed Called when it is free again. */
  constructor(context: ServerContext, server: ServerLink, freed: () => void) {
    this.counters = server.counters;
    this.endpoint = server.endpoint;
    // How long a value takes is up to its client; how long the server may take nothing of it is seen to here.
    this.timeouts = {
      queuedMs: Infinity,
      connectMs: server.timeouts.connectMs,
      replyMs: Infinity,
      idleMs: IDLE_MS,
    };
    this.#context = context;
    this.#server = server;
    this.#freed = freed;
    this.#connection = new ServerConnection(context, this);
  }

  get isFree(): boolean {
    return this.#upload === null && !this.#isSpent;
  }

  /** Whether there is neither a value nor a connection for the next one. */
  get isUnused(): boolean {
    return this.#upload === null && (this.#isSpent || this.#connection.state === "idle");
  }

  /** When it will have waited for its client so long that a value of another one goes first. */
  get stalledAt(): Millis {
    if (this.#upload === null || this.#isWhole || this.#connection.state !== "ready") return Infinity;
    return this.#connection.isSending ? Infinity : this.#movedAt + STALLED_MS;
  }

  /** Whether so much waits for the server that the client is to be read no further. */
  get isFull(): boolean {
    return this.#connection.queuedBytes >= this.#heldBytesMax;
  }

  /** Whether so little waits that the client may go on. */
  get hasRoom(): boolean {
    return this.#connection.queuedBytes * 2 <= this.#heldBytesMax;
  }

  /** Only if it is free. */
  begin(upload: Upload): void {
    // What has befallen the server's other connections may have befallen this one, which nobody has looked at.
    if (this.#troubles !== troublesOf(this.counters)) this.#connection.release(failureOf("closed"));
    this.#upload = upload;
    this.#isSpent = false;
    this.#isWhole = false;
    this.#movedAt = this.#context.now;
    this.#connection.output.append(upload.head);
    this.#connection.push(upload, upload.expected);
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    if (this.#connection.queuedBytes === 0) this.#movedAt = this.#context.now;
    this.#connection.output.copy(bytes, start, end);
    this.#connection.sendMore();
  }

  end(): void {
    this.#isWhole = true;
    this.#movedAt = this.#context.now;
    this.#connection.output.latin1("\r\n");
    this.#connection.sendMore();
  }

  /** The upload is over. @param inStep Whether the connection may be used again. */
  finish(inStep: boolean): void {
    this.#upload = null;
    this.#troubles = troublesOf(this.counters);
    this.#isSpent = !inStep || !this.#server.isWanted;
    if (this.#isSpent) this.#connection.release(failureOf("closed"));
    this.#freed();
  }

  get deadline(): Millis {
    return Math.min(this.#connection.deadline, this.#stallDeadline());
  }

  elapsed(): void {
    const { now } = this.#context;
    if (this.#stallDeadline() <= now) return this.#connection.release(TIMED_OUT);
    if (this.#connection.deadline <= now) this.#connection.elapsed();
  }

  /** Closes the connection; the value that is on its way fails. */
  release(failure: Failure): void {
    this.#connection.release(failure);
  }

  // ConnectionOwner: the server's own, but that what it takes is told to the upload.

  get inTrouble(): boolean {
    return this.#server.inTrouble;
  }

  get episode(): number {
    return this.#server.episode;
  }

  greeting(): Greeting | null {
    return this.#server.greeting();
  }

  welcomed(): void {
    this.#server.welcomed();
  }

  answered(): void {
    this.#server.answered();
  }

  failed(failure: Failure, weight: FailureWeight | null, episode: number): void {
    this.#server.failed(failure, weight, episode);
  }

  drained(): void {
    this.#movedAt = this.#context.now;
    this.#upload?.drained();
  }

  /** Where too much waits for all servers, each has no more than what is not counted. */
  get #heldBytesMax(): number {
    const { fleet, limits } = this.#context;
    return fleet.queuedBytesNow < limits.queuedBytesTotalMax ? HELD_BYTES_MAX : MUCH_BYTES;
  }

  /** While the server has something to do: take what is there, or answer. */
  #stallDeadline(): Millis {
    if (this.#upload === null || this.#connection.state !== "ready") return Infinity;
    const isDue = this.#isWhole || this.#connection.isSending;
    return isDue ? this.#movedAt + this.#server.timeouts.replyMs : Infinity;
  }
}

const troublesOf = ({ connectFailures, disconnects, replyTimeouts }: ServerCounters): number =>
  connectFailures + disconnects + replyTimeouts;
