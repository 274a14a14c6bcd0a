// One request and what became of it. Hot path: one is made a request, and nothing else is kept of it.

import type { Millis } from "@memwire/engine";
import type { AccessLine } from "./access-line.ts";
import type { Outcome } from "./counters.ts";
import { pathStart } from "./url.ts";

/** Who sent a request. */
export interface Peer {
  /** Its IP address; empty if it is not known. Read before the request is answered, and only if it is wanted. */
  readonly address: string;
  /** Aborts if it goes away. Without one, the request's own is listened to. */
  readonly signal?: AbortSignal;
}

const LOGGED_URL_MAX = 1_024;

export class Exchange {
  readonly request: Request;
  method = "";
  url = "";
  /** The body is a stream: it is over when that is, not when its head is answered. */
  isOpen = false;
  readonly #peer: Peer | undefined;
  #address: string | undefined = undefined;
  /** What the answer is made of. */
  readonly Response: typeof globalThis.Response;
  /** 0 if nobody is told. */
  readonly startedAt: Millis;
  status = 200;
  outcome: Outcome = "served";
  bytes = 0;
  reason: string | undefined = undefined;
  /** Of a stream of messages. */
  messages: number | undefined = undefined;
  inFlight: number | undefined = undefined;

  constructor(
    request: Request,
    peer: Peer | undefined,
    Response: typeof globalThis.Response,
    startedAt: Millis,
  ) {
    this.request = request;
    this.#peer = peer;
    this.Response = Response;
    this.startedAt = startedAt;
  }

  /** Looked up when it is first wanted, before the answer: some runtimes make it only then. */
  get address(): string {
    this.#address ??= this.#peer?.address ?? "";
    return this.#address;
  }

  /** Aborts if the client goes away. Some runtimes make it only here. */
  get signal(): AbortSignal {
    return this.#peer?.signal ?? this.request.signal;
  }

  /** The answer begins, and goes on as a stream. */
  open(): void {
    this.isOpen = true;
    void this.address;
  }

  /** Reads what is asked. Some runtimes make the URL only here, and throw if it is none. */
  begin(): void {
    this.method = this.request.method;
    this.url = this.request.url;
  }

  /** The client went away before the answer was through. */
  lost(reason: string): void {
    this.status = 499;
    this.outcome = "clientsGone";
    this.reason = reason;
  }

  accessLine(now: Millis): AccessLine {
    const { messages, inFlight, reason } = this;
    const start = pathStart(this.url);
    return {
      time: Math.floor(this.startedAt),
      address: this.address,
      method: this.method,
      url: this.url.slice(start, start + LOGGED_URL_MAX),
      status: this.status,
      durationMs: Math.round((now - this.startedAt) * 1_000) / 1_000, // a clock's further digits are noise
      bytes: this.bytes,
      ...(messages === undefined ? {} : { messages }),
      ...(inFlight === undefined ? {} : { inFlight }),
      ...(reason === undefined ? {} : { reason }),
    };
  }
}
