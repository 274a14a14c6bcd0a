// One connection on node:net.
//
//     open -- close() --> closing: what is unsent goes out, then FIN; input is read and thrown away until the
//      |                     |     peer ends too, but no longer than LINGER_MS, nor than FAREWELL_MS after that FIN
//      +-- both ended, ------+--> closed: the handler is told once
//          or an error
//
// Input is thrown away rather than left unread: a socket closed with unread input sends a reset, and that destroys
// what the peer has not read yet. Hot path: no allocation but Node's own, a view of what came
// and a write.

import type { Socket } from "node:net";
import process from "node:process";
import {
  causeOf,
  FAREWELL_MS,
  LINGER_MS,
  type CloseCause,
  type Endpoint,
  type Transport,
  type TransportHandler,
} from "@memwire/engine";
import { peerOf } from "./binding.ts";

/** How a socket is told to read into a buffer that it is given, instead of making one a chunk. */
export interface OnRead {
  readonly buffer: Uint8Array | (() => Uint8Array);
  readonly callback: (length: number, buffer: Uint8Array) => boolean;
}

// One buffer for all sockets: chunks are lent, so each is free again before the next is read. Windows reads ahead
// into the buffer while others read, so there every chunk has its own.
const READ_BYTES = 65_536;
const COMMON: OnRead["buffer"] =
  process.platform === "win32" ? () => new Uint8Array(READ_BYTES) : new Uint8Array(READ_BYTES);

const NOTHING = new Uint8Array(0);

export class NodeTransport implements Transport {
  readonly #socket: Socket;
  #handler: TransportHandler | undefined;
  #cause: CloseCause = "closed";
  #closing = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  readonly #written = (error?: Error | null): void => {
    const failed = error !== undefined && error !== null;
    if (!failed && !this.#closing && !this.#socket.destroyed) this.#handler?.drained();
  };

  constructor(open: (onread: OnRead) => Socket) {
    this.#socket = open({ buffer: COMMON, callback: (length, buffer) => this.#received(length, buffer) });
  }

  get remote(): Endpoint | undefined {
    return peerOf(this.#socket);
  }

  /** Says whom to tell what happens; to be called in the turn that made the socket. */
  serve(handler: TransportHandler): void {
    this.#handler = handler;
    const socket = this.#socket;
    socket.on("connect", () => {
      if (!this.#closing) handler.connected();
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
    this.#leaveAfter(LINGER_MS);
    socket.resume();
    socket.end(() => this.#leaveAfter(FAREWELL_MS));
  }

  #leaveAfter(ms: number): void {
    const socket = this.#socket;
    clearTimeout(this.#linger);
    if (!socket.destroyed) this.#linger = setTimeout(() => socket.destroy(), ms);
  }

  #received(length: number, buffer: Uint8Array): boolean {
    if (!this.#closing) this.#handler?.received(buffer.subarray(0, length));
    return true;
  }
}
