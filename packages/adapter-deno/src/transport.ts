// One connection on Deno's sockets.
//
//     connecting -- opened --> open -- close() --> closing: what is unsent goes out, then FIN; input is read and
//         |                     |                     |     thrown away until the peer ends too, but no longer
//         |                     |                     |     than LINGER_MS, nor than FAREWELL_MS after that FIN
//         +--- failed, close() -+- both ended, error -+---> closed: the handler is told once
//
// Deno's reads and writes are promises: one loop reads as long as the connection lives, one more runs per send. No
// write is taken at once, so each is answered false, and `drained` follows. Input is thrown away rather than left
// unread: a socket closed with unread input sends a reset, and that destroys what the peer has not read yet.

import {
  causeOf,
  type Endpoint,
  FAREWELL_MS,
  LINGER_MS,
  type Transport,
  type TransportHandler,
  withoutPrefix,
} from "@memwire/engine";
import { giveBack, LARGE_BYTES, largeBuffer } from "./large-buffers.ts";

// Every open connection has a read under way, and so a buffer of its own: small until the peer fills it.
const READ_BYTES_MIN = 2 * 1024;
const READ_BYTES_MAX = 64 * 1024;

export class DenoTransport implements Transport {
  #handler: TransportHandler | undefined;
  readonly #connecting: AbortController | undefined;
  readonly #keepAlive: boolean;
  #conn: Deno.Conn | undefined;
  #paused = false;
  #goOn: (() => void) | undefined;
  #sending = false;
  #ended = false;
  #endSent = false;
  #peerEnded = false;
  #closing = false;
  #gone = false;
  #linger: ReturnType<typeof setTimeout> | undefined;

  /** A connection still to be made, which `connecting` can call off; or, without it, one that was accepted. */
  constructor(connecting?: AbortController, keepAlive: boolean = false) {
    this.#connecting = connecting;
    this.#keepAlive = keepAlive;
  }

  get remote(): Endpoint | undefined {
    const { remoteAddr } = this.#conn ?? {};
    if (remoteAddr?.transport !== "tcp") return undefined;
    return { kind: "tcp", host: withoutPrefix(remoteAddr.hostname), port: remoteAddr.port };
  }

  /** Says whom to tell what happens. */
  serve(handler: TransportHandler): void {
    this.#handler = handler;
  }

  /** The connection is made. */
  open(conn: Deno.Conn): void {
    if (this.#gone) return conn.close();
    this.#conn = conn;
    try {
      if (isTcp(conn)) {
        conn.setNoDelay();
        if (this.#keepAlive) conn.setKeepAlive(true);
      }
    } catch (error) {
      return this.gone(error); // some systems refuse it to a socket that has been reset meanwhile
    }
    if (this.#connecting !== undefined) this.#handler?.connected();
    void this.#readAll(conn);
  }

  /** The connection is over, or was never made. */
  gone(error?: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#linger);
    this.#conn?.close();
    this.resume(); // who reads gives back what it read into
    const cause = this.#closing || error === undefined ? "closed" : causeOf(error);
    this.#closing = true;
    // Not from inside a call of the engine's.
    queueMicrotask(() => this.#handler?.closed(cause));
  }

  write(bytes: Uint8Array): boolean {
    if (this.#conn !== undefined && !this.#ended && !this.#gone) void this.#sendAll(this.#conn, bytes);
    return false;
  }

  pause(): void {
    if (!this.#closing) this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#goOn?.();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#conn !== undefined && !this.#sending) void this.#sendEnd(this.#conn);
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#conn === undefined) {
      this.#connecting?.abort();
      return this.gone();
    }
    this.#linger = setTimeout(() => this.gone(), this.#endSent ? FAREWELL_MS : LINGER_MS);
    this.resume();
    this.end();
  }

  async #readAll(conn: Deno.Conn): Promise<void> {
    let own = new Uint8Array(READ_BYTES_MIN);
    let buffer = own;
    for (;;) {
      let count: number | null;
      try {
        count = await conn.read(buffer);
      } catch (error) {
        if (buffer !== own) giveBack(buffer);
        return this.gone(error);
      }
      // A read was under way when the engine said pause: this one chunk waits here.
      if (this.#paused) await this.#resumed();
      if (count !== null && !this.#closing) this.#handler?.received(buffer.subarray(0, count));
      if (buffer !== own && (count === null || count < LARGE_BYTES / 2)) {
        giveBack(buffer);
        buffer = own;
      }
      if (count === null) return this.#hearEnd();
      if (this.#paused) await this.#resumed();
      if (buffer === own && count === own.length) {
        if (count < READ_BYTES_MAX) own = buffer = new Uint8Array(2 * count);
        else buffer = largeBuffer() ?? own;
      }
    }
  }

  async #resumed(): Promise<void> {
    while (this.#paused) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
    }
  }

  #hearEnd(): void {
    this.#peerEnded = true;
    if (!this.#closing) this.#handler?.ended();
    if (this.#endSent) this.gone();
  }

  async #sendAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
    this.#sending = true;
    try {
      let sent = await conn.write(bytes);
      while (sent < bytes.length) sent += await conn.write(bytes.subarray(sent));
    } catch (error) {
      return this.gone(error);
    }
    this.#sending = false;
    if (this.#ended) void this.#sendEnd(conn);
    if (!this.#closing) this.#handler?.drained();
  }

  async #sendEnd(conn: Deno.Conn): Promise<void> {
    try {
      await conn.closeWrite();
    } catch (error) {
      return this.gone(error);
    }
    this.#endSent = true;
    if (this.#peerEnded) return this.gone();
    if (!this.#closing) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.gone(), FAREWELL_MS);
  }
}

function isTcp(conn: Deno.Conn): conn is Deno.TcpConn {
  return conn.remoteAddr.transport === "tcp";
}
