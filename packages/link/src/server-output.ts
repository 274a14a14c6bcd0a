// What is said on one connection to a server: its greeting until that is answered, then requests, as text or as binary.
//
//     greeting.output ---------------------------------> take
//     queued --> awaited.send --text--> [binary] ------> take      what is taken is under way from then on
//
// Hot path.

import type { Output } from "@memwire/engine";
import type { AwaitedAnswers } from "./awaited-answers.ts";
import type { ConnectionOwner } from "./connection-owner.ts";
import type { ServerContext } from "./context.ts";
import type { Greeting } from "./greeting.ts";
import { RequestQueue } from "./request-queue.ts";
import { TextOverBinary } from "./text-over-binary.ts";

export class ServerOutput implements Output {
  readonly queued: RequestQueue;
  /** What is said first, until it is answered. */
  greeting: Greeting | null = null;
  readonly #context: ServerContext;
  readonly #server: ConnectionOwner;
  readonly #awaited: AwaitedAnswers;
  /** What stands before a server that is asked in binary. */
  #binary: TextOverBinary | null = null;

  constructor(context: ServerContext, server: ConnectionOwner, awaited: AwaitedAnswers) {
    this.queued = new RequestQueue(context, server.counters);
    this.#context = context;
    this.#server = server;
    this.#awaited = awaited;
  }

  /** A connection is being made. @returns what stands before the server if it is asked in binary */
  begin(): TextOverBinary | null {
    this.greeting = this.#server.greeting();
    const sasl = this.greeting === null ? null : this.greeting.sasl;
    return (this.#binary = sasl === null ? null : new TextOverBinary(sasl, this.#context));
  }

  /** The connection is over: the next one has a greeting of its own. */
  end(): void {
    this.greeting = null;
    this.#binary = null;
  }

  get length(): number {
    const { length } = this.greeting === null ? this.queued : this.greeting.output;
    return length === 0 && this.#binary !== null && this.#binary.requests.hasMore ? 1 : length;
  }

  take(bytesMax: number): Uint8Array {
    const bytes = this.#binary === null ? this.#take() : this.#takeBinary(this.#binary, bytesMax);
    this.#server.counters.bytesWritten += bytes.length;
    return bytes;
  }

  reclaim(): void {
    const requests = this.#binary?.requests;
    requests?.reclaim();
    if (requests?.isAsking !== true) this.queued.reclaim();
  }

  #take(): Uint8Array {
    if (this.greeting !== null) return this.greeting.output.take();
    return this.#awaited.send(this.queued, this.#context.now + this.#server.timeouts.replyMs);
  }

  #takeBinary({ requests }: TextOverBinary, bytesMax: number): Uint8Array {
    if (!requests.hasMore) requests.ask(this.#take());
    return requests.take(bytesMax);
  }
}
