// One memcached server as those see it who ask it: whether it can be asked, where to write, and how it is doing.
//
//     idle --request--> connecting --connected--> ready --lost, broken, too late--> idle, or left alone
//                           \--failed--> left alone until retryAt, failing fast; the next request tries again
//
// What it is asked goes over a `ServerConnection`. Hot path: `refusal`, `push` and `get`.

import type { SendBuffer } from "@memwire/codec";
import type { Endpoint, Millis } from "@memwire/engine";
import type { ServerContext } from "./context.ts";
import { newServerCounters, type ServerCounters } from "./counters.ts";
import { failureOf, TOO_MANY, type Failure } from "./failure.ts";
import type { Expected, Waiter } from "./fragment.ts";
import { checkName, type Timeouts } from "./limits.ts";
import { ServerConnection, type ConnectionOwner } from "./server-connection.ts";

export class ServerLink implements ConnectionOwner {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly timeouts: Timeouts;
  readonly counters: ServerCounters = newServerCounters();
  /** The request that is being split, and why this server cannot take its part. */
  splitting: Waiter | null = null;
  refusing: Failure | null = null;

  readonly #context: ServerContext;
  readonly #connection: ServerConnection;
  #retryAt: Millis = -Infinity;
  #retryMs = 0;
  #lastFailure: Failure = failureOf("refused");

  constructor(context: ServerContext, name: string, endpoint: Endpoint, timeouts: Timeouts) {
    checkName("server", name);
    this.#context = context;
    this.name = name;
    this.endpoint = endpoint;
    this.timeouts = timeouts;
    this.#connection = new ServerConnection(context, this);
  }

  /** For `stats`. */
  get state(): "idle" | "connecting" | "ready" | "left alone" {
    const { state } = this.#connection;
    return state === "idle" && this.#context.now < this.#retryAt ? "left alone" : state;
  }

  /** When a server that is left alone may be asked again; any time before now if it may be asked. */
  get retryAt(): Millis {
    return this.#connection.state === "idle" ? this.#retryAt : -Infinity;
  }

  /** Why a request cannot be taken now; null if it can. A connection is made when it is pushed. */
  refusal(): Failure | null {
    const { counters } = this;
    const { now, limits } = this.#context;
    const connection = this.#connection;
    if (connection.state === "idle" && now < this.#retryAt) {
      counters.failedFast++;
      return this.#lastFailure;
    }
    const { inFlightNow, queuedNow } = counters;
    // What is queued will be in flight all at once.
    if (
      inFlightNow + queuedNow >= limits.inFlightMax ||
      queuedNow >= limits.queuedMax ||
      connection.length >= limits.queuedBytesMax
    ) {
      counters.overflows++;
      return TOO_MANY;
    }
    return null;
  }

  /** Bytes that are queued, to be sent. */
  get length(): number {
    return this.#connection.length;
  }

  /** Where a request is written, whole, and then followed by a `push`. */
  get output(): SendBuffer {
    return this.#connection.output;
  }

  /** A whole request was written to `output`. */
  push(waiter: Waiter, expected: Expected): void {
    this.#connection.push(waiter, expected);
  }

  /** A `get` of one key, which may be sent together with others of this turn. */
  get(waiter: Waiter, bytes: Uint8Array, start: number, end: number): void {
    this.#connection.get(waiter, bytes, start, end);
  }

  /**
   * Takes a waiter's request back. It hears nothing more of it.
   *
   * @returns false if it was sent already: then the answer still comes
   */
  giveUp(waiter: Waiter): boolean {
    return this.#connection.giveUp(waiter);
  }

  /** When `elapsed` has something to do at the latest. */
  get deadline(): Millis {
    return this.#connection.deadline;
  }

  elapsed(): void {
    this.#connection.elapsed();
  }

  /** Closes the connection; what still waits, for clients that are gone, fails. */
  release(): void {
    this.#connection.release();
  }

  // ConnectionOwner

  served(): void {
    this.#retryMs = 0;
  }

  failed(failure: Failure, inTrouble: boolean): void {
    this.#lastFailure = failure;
    if (!inTrouble) return;
    const { now, limits } = this.#context;
    this.#retryMs = Math.min(Math.max(this.#retryMs * 2, limits.retryMinMs), limits.retryMaxMs);
    this.#retryAt = now + this.#retryMs;
  }
}
