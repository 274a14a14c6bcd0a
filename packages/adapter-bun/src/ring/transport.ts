// One connection on a ring.
//
//     connecting -- connected --> open -- close() --> closing: what is unsent goes out, then FIN; input is thrown away
//         |                        |                     |     until the peer ends too, at most LINGER_MS, and
//         |                        |                     |     FAREWELL_MS after that FIN
//         +--- failed, close() ----+- both ended, error -+---> over: when the kernel has let go of what is under way,
//                                                              the handler is told once
//
// At most one receive and one send are under way. The next receive is asked for when the turn is over, so who said
// `pause` in it gets nothing more; only what comes between is kept until `resume`. Hot path: one view a chunk.

import {
  causeOf,
  FAREWELL_MS,
  LINGER_MS,
  type CloseCause,
  type Endpoint,
  type Transport,
  type TransportHandler,
} from "@memwire/engine";
import type { Asked, Ring, RingSocket } from "./ring.ts";
import { ADDRESS_BYTES, endpointOf } from "./socket-address.ts";
import { errorOf, SHUT_RDWR, SHUT_WR } from "./system.ts";

const EAGAIN = -11;
const ENOBUFS = -105;

const F_SOCK_NONEMPTY = 1 << 2;
const F_BUFFER = 1 << 0;
const BUFFER_SHIFT = 16;

const peer = new Uint8Array(ADDRESS_BYTES);
const peerLength = new Int32Array(1);

export class RingTransport implements Transport, RingSocket {
  readonly #ring: Ring;
  readonly #descriptor: number;
  #handler: TransportHandler | undefined;
  /** What the kernel reads: what is sent, from `#start` on, or where it connects to. */
  #sending: Uint8Array | undefined;
  #start = 0;
  #connecting = false;
  #receiving = false;
  /** It stands in the ring's line of those who want more. */
  #inLine = false;
  /** More is there already, and much. */
  #more = false;
  #bulk = false;
  #paused = false;
  /** What came when it was paused already. */
  #kept: Uint8Array | undefined;
  #ended = false;
  #peerEnded = false;
  #closing = false;
  /** Why it is over; it is then only waited for the kernel. */
  #cause: CloseCause | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: Ring, descriptor: number) {
    this.#ring = ring;
    this.#descriptor = descriptor;
    ring.opened(descriptor, this);
  }

  get remote(): Endpoint | undefined {
    if (this.#cause !== undefined) return undefined; // the descriptor may be another's by now
    peerLength[0] = ADDRESS_BYTES;
    const { system } = this.#ring;
    return system.peerOf(this.#descriptor, peer, peerLength) ? endpointOf(peer) : undefined;
  }

  /** Begins to read. @param handler Is told what happens. */
  serve(handler: TransportHandler): void {
    this.#handler = handler;
    this.#readOn();
  }

  /** @param handler Is told how that went. */
  connect(address: Uint8Array, handler: TransportHandler): void {
    this.#handler = handler;
    this.#sending = address;
    this.#connecting = true;
    this.#ring.connect(this.#descriptor, address);
  }

  // What the ring says.

  completed(what: Asked, result: number, flags: number): void {
    switch (what) {
      case "receive":
        this.#receiving = false;
        return this.#received(result, flags);
      case "send":
        return this.#sent(result);
      case "connect":
        this.#connecting = false;
        return this.#connected(result);
      case "accept":
        throw new TypeError("a connection accepts nothing");
    }
  }

  receive(): void {
    this.#inLine = false;
    // What was kept comes first.
    if (this.#paused || this.#kept !== undefined) return;
    if (this.#receiving || this.#peerEnded || this.#cause !== undefined) return;
    this.#receiving = true;
    const { small, large } = this.#ring;
    this.#ring.receive(this.#descriptor, this.#bulk ? large : small, this.#more);
  }

  #readOn(): void {
    if (this.#inLine || this.#receiving) return;
    this.#inLine = true;
    if (this.#bulk && this.#more) this.#ring.receiveAtOnce(this);
    else this.#ring.receiveLater(this);
  }

  #received(result: number, flags: number): void {
    const { small, large } = this.#ring;
    const buffers = this.#bulk ? large : small;
    if (result > 0) {
      this.#more = (flags & F_SOCK_NONEMPTY) !== 0;
      this.#bulk = result === buffers.bytes;
      const buffer = flags >>> BUFFER_SHIFT;
      try {
        this.#deliver(buffers.bytesOf(buffer, result));
      } finally {
        buffers.give(buffer);
        if (this.#cause === undefined) this.#readOn();
        else this.#leave();
      }
      return;
    }
    // A buffer may have been taken for what then was not there.
    if ((flags & F_BUFFER) !== 0) buffers.give(flags >>> BUFFER_SHIFT);
    if (this.#cause !== undefined) return this.#leave();
    if (result === ENOBUFS) this.#bulk = false; // there are many small ones
    if (result === ENOBUFS || result === EAGAIN) return this.#readOn();
    if (result < 0) return this.#over(causeOf(errorOf(result)));
    if (this.#paused) return; // it is read again
    this.#peerEnded = true;
    if (!this.#closing) this.#handler?.ended();
    if (this.#ended && this.#sending === undefined) this.#over("closed");
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#closing) return;
    if (this.#paused) this.#kept = chunk.slice();
    else this.#handler?.received(chunk);
  }

  #sent(result: number): void {
    const bytes = this.#sending as Uint8Array;
    if (this.#cause === undefined && (result >= 0 || result === EAGAIN)) {
      this.#start += Math.max(0, result);
      if (this.#start < bytes.length) return this.#ring.send(this.#descriptor, bytes, this.#start);
    }
    this.#sending = undefined;
    if (this.#cause !== undefined) return this.#leave();
    if (result < 0) return this.#over(causeOf(errorOf(result)));
    if (this.#ended) this.#sayEnd();
    if (!this.#closing) this.#handler?.drained();
  }

  #connected(result: number): void {
    this.#sending = undefined;
    if (this.#cause !== undefined) return this.#leave();
    if (result < 0) return this.#over(causeOf(errorOf(result)));
    this.#handler?.connected();
    this.#readOn();
  }

  /** Everything is sent. */
  #sayEnd(): void {
    this.#ring.system.shutdown(this.#descriptor, SHUT_WR);
    if (this.#peerEnded) return this.#over("closed");
    if (!this.#closing) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#over("closed"), FAREWELL_MS);
  }

  /** The connection is over, or was never made. */
  #over(cause: CloseCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = this.#closing ? "closed" : cause;
    this.#closing = true;
    this.#kept = undefined;
    clearTimeout(this.#linger);
    // What is under way is completed by that.
    this.#ring.system.shutdown(this.#descriptor, SHUT_RDWR);
    this.#leave();
  }

  #leave(): void {
    if (this.#receiving || this.#sending !== undefined) return;
    this.#ring.closed(this.#descriptor);
    // It may be said from inside a call, where the engine does not expect to be told.
    queueMicrotask(() => this.#handler?.closed(this.#cause as CloseCause));
  }

  // What the engine wants.

  write(bytes: Uint8Array): boolean {
    if (this.#ended || this.#cause !== undefined) return false;
    if (bytes.length === 0) return true;
    this.#sending = bytes;
    this.#start = 0;
    this.#ring.sendAtOnce(this.#descriptor, bytes);
    return false;
  }

  pause(): void {
    if (!this.#closing) this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#closing || this.#connecting) return;
    if (this.#kept === undefined) this.#readOn();
    else this.#ring.nextTurn(() => this.#deliverKept());
  }

  #deliverKept(): void {
    const kept = this.#kept;
    if (kept === undefined || this.#paused || this.#closing) return;
    this.#kept = undefined;
    this.#handler?.received(kept);
    this.#readOn();
  }

  end(): void {
    if (this.#ended || this.#cause !== undefined) return;
    this.#ended = true;
    if (this.#sending === undefined) this.#sayEnd();
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#connecting) return this.#over("closed");
    this.#paused = false;
    this.#kept = undefined;
    this.#linger = setTimeout(() => this.#over("closed"), LINGER_MS);
    this.#readOn();
    if (!this.#ended) this.end();
    else if (this.#sending === undefined) this.#sayEnd();
  }
}
