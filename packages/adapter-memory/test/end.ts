// One end of a connection in a test: keeps to its side of the contract, and notes where the simulator does not.
//
// What it sends is a stream known to both ends, so that a byte lost, doubled, moved or invented shows.

import type { CloseCause, Transport, TransportHandler } from "@memwire/engine";

export class End implements TransportHandler {
  /** Everything but `received`, in order. */
  readonly events: string[] = [];
  /** What went against the contract. Stays empty. */
  readonly faults: string[] = [];
  sentBytes = 0;
  receivedBytes = 0;
  cause: CloseCause | undefined;
  waiting = false;
  #ended = false;
  #transport: Transport | undefined;
  #calling = false;

  /** Makes the call that gives this end its transport. */
  start(make: (handler: TransportHandler) => Transport): this {
    this.#transport = this.#call(() => make(this));
    return this;
  }

  /** Sends the next bytes of the stream, unless the contract forbids to send now. */
  send(length: number): void {
    if (this.waiting || this.#ended || this.cause !== undefined) return;
    const bytes = Uint8Array.from({ length }, (_, i) => streamByte(this.sentBytes + i));
    this.sentBytes += length;
    this.waiting = !this.#call((transport) => transport.write(bytes));
  }

  ask(order: "pause" | "resume" | "end" | "close"): void {
    if (order === "end" || order === "close") this.#ended = true;
    this.#call((transport) => transport[order]());
  }

  connected(): void {
    this.#note("connected");
  }

  received(chunk: Uint8Array): void {
    this.#check("received");
    if (chunk.length === 0 || this.events.includes("ended"))
      this.faults.push("received nothing, or too late");
    for (const [i, byte] of chunk.entries()) {
      if (byte !== streamByte(this.receivedBytes + i)) this.faults.push(`byte ${this.receivedBytes + i}`);
    }
    this.receivedBytes += chunk.length;
  }

  ended(): void {
    this.#note("ended");
  }

  drained(): void {
    if (!this.waiting) this.faults.push("drained, and nothing waited");
    this.waiting = false;
    this.#note("drained");
  }

  closed(cause: CloseCause): void {
    this.#note("closed");
    this.cause = cause;
  }

  #note(event: string): void {
    this.#check(event);
    this.events.push(event);
  }

  #check(event: string): void {
    if (this.#calling) this.faults.push(`${event} from inside a call`);
    if (this.cause !== undefined) this.faults.push(`${event} after closed`);
    if (event !== "received" && event !== "drained" && this.events.includes(event)) {
      this.faults.push(`${event} a second time`);
    }
  }

  #call<T>(call: (transport: Transport) => T): T {
    this.#calling = true;
    try {
      return call(this.#transport as Transport);
    } finally {
      this.#calling = false;
    }
  }
}

function streamByte(position: number): number {
  return (Math.imul(position + 1, 0x9e3779b1) >>> 24) & 0xff;
}
