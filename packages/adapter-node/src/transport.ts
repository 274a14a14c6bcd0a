// One connection on node:net.
//
//     open -- close() --> closing: what is unsent goes out, then FIN; input is read and thrown away until the
//      |                     |     peer ends too, but no longer than LINGER_MS
//      +-- both ended, ------+--> closed: the handler is told once
//          or an error
//
// Input is thrown away rather than left unread: a socket closed with unread input sends a reset, and that destroys
// what the peer has not read yet. Hot path: no allocation but Node's own, a chunk and a write.

import type { Socket } from "node:net";
import { causeOf, LINGER_MS, type CloseCause, type Transport, type TransportHandler } from "@memwire/engine";

const NOTHING = new Uint8Array(0);

export class NodeTransport implements Transport {
  readonly #socket: Socket;
  #handler: TransportHandler | undefined;
  #cause: CloseCause = "closed";
  #closing = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  readonly #written = (): void => {
    if (!this.#closing && !this.#socket.destroyed) this.#handler?.drained();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Says whom to tell what happens; to be called in the turn that made the socket. */
  serve(handler: TransportHandler): void {
    this.#handler = handler;
    const socket = this.#socket;
    socket.on("connect", () => {
      if (!this.#closing) handler.connected();
    });
    socket.on("data", (chunk: Uint8Array) => {
      if (!this.#closing) handler.received(chunk);
    });
    socket.on("end", () => {
      if (!this.#closing) handler.ended();
    });
    socket.on("error", (error) => {
      if (!this.#closing) this.#cause = causeOf(error);
    });
    socket.on("close", () => {
      clearTimeout(this.#linger);
      this.#closing = true;
      handler.closed(this.#cause);
    });
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    socket.write(bytes);
    if (socket.writableLength === 0) return true;
    // Node says "drain" only above its high-water mark, and a callback on every write costs 5% of an echo. One
    // on an empty write behind this one says the same, and only now that it is needed.
    socket.write(NOTHING, this.#written);
    return false;
  }

  pause(): void {
    if (!this.#closing) this.#socket.pause();
  }

  resume(): void {
    if (!this.#closing) this.#socket.resume();
  }

  end(): void {
    if (!this.#closing) this.#socket.end();
  }

  close(): void {
    const socket = this.#socket;
    if (this.#closing) return;
    this.#closing = true;
    if (socket.connecting) return void socket.destroy();
    this.#linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.resume();
    socket.end();
  }
}
