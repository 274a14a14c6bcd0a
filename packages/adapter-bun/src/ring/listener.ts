// What accepts on a ring.

import type { Transport, TransportHandler } from "@memwire/engine";
import type { Asked, Ring, RingSocket } from "./ring.ts";
import { SHUT_RDWR } from "./system.ts";
import { RingTransport } from "./transport.ts";

const F_MORE = 1 << 1;

/** How long it waits when there was no descriptor or memory for a connection; meanwhile the system keeps those. */
const EXHAUSTED_MS = 100;

export class RingListener implements RingSocket {
  readonly #ring: Ring;
  readonly #descriptor: number;
  readonly #accept: (transport: Transport) => TransportHandler;
  #accepting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed: (() => void) | undefined;

  /** @param descriptor Listens already, and is this listener's from now on. */
  constructor(ring: Ring, descriptor: number, accept: (transport: Transport) => TransportHandler) {
    this.#ring = ring;
    this.#descriptor = descriptor;
    this.#accept = accept;
    ring.opened(descriptor, this);
    this.receive();
  }

  /** Asks for connections. */
  receive(): void {
    this.#timer = undefined;
    this.#accepting = true;
    this.#ring.accept(this.#descriptor);
  }

  completed(_what: Asked, result: number, flags: number): void {
    const goesOn = (flags & F_MORE) !== 0;
    try {
      if (result >= 0) {
        const transport = new RingTransport(this.#ring, result);
        transport.serve(this.#accept(transport));
      }
    } finally {
      if (!goesOn) this.#stopped(result);
    }
  }

  #stopped(result: number): void {
    this.#accepting = false;
    if (this.#closed !== undefined) return this.#leave();
    if (result >= 0) this.receive();
    else this.#timer = setTimeout(() => this.receive(), EXHAUSTED_MS);
  }

  /** Resolves when it accepts no more. */
  close(): Promise<void> {
    if (this.#closed !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closed = resolve;
      clearTimeout(this.#timer);
      if (this.#accepting) this.#ring.system.shutdown(this.#descriptor, SHUT_RDWR);
      else this.#leave();
    });
  }

  #leave(): void {
    this.#ring.closed(this.#descriptor);
    this.#closed?.();
  }
}
