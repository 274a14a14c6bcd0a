// One connection by node:tls, on every runtime that has it.
//
//     open -- close() --> closing: what is unsent goes out, then FIN; input is read and thrown away until the
//      |                     |     peer ends too, but no longer than LINGER_MS, nor than FAREWELL_MS after that FIN
//      +-- both ended, ------+--> closed: the handler is told once
//          or an error
//
// NodeTransport does the same with less CPU, by what node:net offers and node:tls does not.

import type { TLSSocket } from "node:tls";
import {
  causeOf,
  FAREWELL_MS,
  LINGER_MS,
  type CloseCause,
  type Distrust,
  type Endpoint,
  type Transport,
  type TransportHandler,
} from "@memwire/engine";
import { peerOf } from "./binding.ts";
import { distrustOf } from "./distrust.ts";
import { plain } from "./plain.ts";
import type { Wire } from "./wire.ts";

/** Only Bun reads so much at once, and then up to ten times more before a turn comes. */
const READ_BYTES_LARGE = 262_144;

export class StreamTransport implements Transport {
  readonly #socket: TLSSocket;
  /** What is below it and has to be paused as well. */
  readonly #wire: Wire | undefined;
  readonly #handler: TransportHandler;
  #connected: boolean;
  #cause: CloseCause = "closed";
  #distrust: Distrust | undefined;
  #paused = false;
  #closing = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  readonly #written = (error?: Error | null): void => {
    const failed = error !== undefined && error !== null;
    if (!failed && !this.#closing && !this.#socket.destroyed) this.#handler.drained();
  };

  /**
   * To be made in the turn that made the socket.
   *
   * @param accept Answers whom to tell what happens
   * @param connected Whether the handshake is through, as with a socket that was accepted
   */
  constructor(
    socket: TLSSocket,
    accept: (transport: Transport) => TransportHandler,
    connected: boolean,
    wire: Wire | undefined,
  ) {
    this.#socket = socket;
    this.#wire = wire;
    this.#connected = connected;
    this.#handler = accept(this);
    this.#listen();
  }

  get remote(): Endpoint | undefined {
    return this.#wire === undefined ? peerOf(this.#socket) : this.#wire.remote;
  }

  #listen(): void {
    const socket = this.#socket;
    const handler = this.#handler;
    if (this.#connected) this.#hurry();
    else {
      socket.on("secureConnect", () => {
        this.#connected = true;
        this.#hurry();
        if (!this.#closing) handler.connected();
      });
    }
    socket.on("data", (chunk: Uint8Array) => {
      if (!this.#closing) handler.received(plain(chunk));
      if (chunk.length >= READ_BYTES_LARGE) this.#awaitTurn();
    });
    socket.on("end", () => {
      if (this.#closing) return;
      if (this.#connected) return handler.ended();
      // Whoever ends in the middle of a handshake does not want one.
      this.#cause = "untrusted";
      socket.destroy();
    });
    socket.on("error", (error) => {
      if (this.#closing) return;
      this.#cause = this.#causeOf(error);
      this.#distrust = distrustOf(error);
    });
    socket.on("close", () => {
      clearTimeout(this.#linger);
      this.#closing = true;
      handler.closed(this.#cause, this.#cause === "untrusted" ? this.#distrust : undefined);
    });
  }

  /** An engine that has enough says so when the turn ends: nothing more comes until then. */
  #awaitTurn(): void {
    if (this.#paused || this.#closing) return;
    this.#socket.pause();
    setImmediate(() => {
      if (!this.#paused && !this.#closing) this.#socket.resume();
    });
  }

  /** No Nagle; a wire has seen to that itself. */
  #hurry(): void {
    if (this.#wire === undefined) this.#socket.setNoDelay(true);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.writable) this.#socket.write(bytes, this.#written);
    return false;
  }

  pause(): void {
    if (this.#closing) return;
    this.#paused = true;
    this.#socket.pause();
    this.#wire?.pause();
  }

  resume(): void {
    if (this.#closing) return;
    this.#paused = false;
    this.#socket.resume();
    this.#wire?.resume();
  }

  end(): void {
    if (!this.#closing) this.#socket.end();
  }

  close(): void {
    const socket = this.#socket;
    if (this.#closing) return;
    this.#closing = true;
    if (!this.#connected) return void socket.destroy();
    this.#leaveAfter(LINGER_MS);
    socket.resume();
    this.#wire?.resume();
    socket.end(() => this.#leaveAfter(FAREWELL_MS));
  }

  #leaveAfter(ms: number): void {
    const socket = this.#socket;
    clearTimeout(this.#linger);
    if (!socket.destroyed) this.#linger = setTimeout(() => socket.destroy(), ms);
  }

  #causeOf(error: Error): CloseCause {
    const cause = causeOf(error);
    if (cause !== "failed") return cause;
    // What no system says is said by TLS: always during the handshake, later by a code of its own, as when a server
    // of TLS 1.3 does not like our certificate.
    const { code } = error as { code?: unknown };
    const isOfTls = typeof code === "string" && /^ERR_(?:SSL|TLS|OSSL)_/.test(code);
    return isOfTls || !this.#connected ? "untrusted" : cause;
  }
}
