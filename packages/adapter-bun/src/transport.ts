// One connection on Bun's sockets.
//
//     connecting -- opened --> open -- close() --> closing: what is unsent goes out, then FIN; input is read and
//         |                     |                     |     thrown away until the peer ends too, but no longer
//         |                     |                     |     than LINGER_MS, nor than FAREWELL_MS after that FIN
//         +--- failed, close() -+- both ended, error -+---> closed: the handler is told once
//
// Bun queues nothing: what a write leaves over is kept here until `flush`. Input is thrown away rather than left
// unread: a socket closed with unread input sends a reset, and that destroys what the peer has not read yet. Half
// of a connection is closed by `shutdown()`; `end()` would close both. Hot path: no allocation but Bun's own.

import {
  causeOf,
  FAREWELL_MS,
  LINGER_MS,
  type CloseCause,
  type Endpoint,
  type Transport,
  type TransportHandler,
  withoutPrefix,
} from "@memwire/engine";
import { BULK_READ_BYTES, type BulkReader } from "./bulk-reader.ts";
import type { Garbage } from "./garbage.ts";

/** What is smaller lies in memory that is used again soon. */
const FREED_BYTES_LEAST = 4_096;

/** As much as Bun reads at once. If there is so much it reads again, up to ten times, before a turn comes. */
const READ_BYTES_MAX = 524_288;

/** What is read beyond the first of them. With Bun's own a turn brings up to 2 MiB. */
const READ_ON_BYTES_MAX = 1_048_576;

export class BunTransport implements Transport {
  readonly #garbage: Garbage;
  readonly #bulk: BulkReader;
  #socket: Bun.Socket<BunTransport> | undefined;
  #handler: TransportHandler | undefined;
  /** What Bun has not taken of the last write, from `#restStart` on. */
  #rest: Uint8Array | undefined;
  #restStart = 0;
  #paused = false;
  /** In this turn more was read than Bun does at once; and nothing more is, as that was enough. */
  #hasReadOn = false;
  #rests = false;
  #ended = false;
  #peerEnded = false;
  #closing = false;
  #gone = false;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(garbage: Garbage, bulk: BulkReader) {
    this.#garbage = garbage;
    this.#bulk = bulk;
  }

  get remote(): Endpoint | undefined {
    const { remoteAddress: host, remotePort: port } = this.#socket ?? {};
    if (host === undefined || host === "" || port === undefined || port === 0) return undefined;
    return { kind: "tcp", host: withoutPrefix(host), port };
  }

  /** Says whom to tell what happens. */
  serve(handler: TransportHandler): void {
    this.#handler = handler;
  }

  // What Bun says.

  opened(socket: Bun.Socket<BunTransport>): void {
    if (this.#gone) return socket.terminate();
    this.#socket = socket;
    if (this.#paused) socket.pause();
    this.#handler?.connected();
  }

  received(chunk: Uint8Array): void {
    const { length } = chunk;
    if (!this.#closing) this.#handler?.received(chunk);
    if (length >= FREED_BYTES_LEAST) free(chunk);
    else this.#garbage.chunk(length);
    if (length >= READ_BYTES_MAX) this.#readOn();
  }

  /**
   * A read came back full: more may have piled up. Once a turn it is read here, before Bun does so.
   *
   * An engine that has enough says so when the turn ends, so nothing more comes until then.
   */
  #readOn(): void {
    const isFirst = !this.#hasReadOn;
    this.#hasReadOn = true;
    if (isFirst) setImmediate(turned, this);
    const isDrained = isFirst && this.#bulk.isReady && this.#drain();
    if (isDrained || this.#paused || this.#closing || this.#gone) return;
    this.#rests = true;
    this.#socket?.pause();
  }

  /** @returns whether there is nothing more to read, or nobody to read it */
  #drain(): boolean {
    for (let bytes = 0; bytes < READ_ON_BYTES_MAX; bytes += BULK_READ_BYTES) {
      if (this.#socket === undefined || this.#paused || this.#closing || this.#gone) return true;
      const chunk = this.#bulk.read(this.#socket);
      if (chunk !== undefined) this.#handler?.received(chunk);
      if (chunk === undefined || chunk.length < BULK_READ_BYTES) return true;
    }
    return false;
  }

  /** The turn has ended. */
  turned(): void {
    const rested = this.#rests;
    this.#hasReadOn = false;
    this.#rests = false;
    if (rested && !this.#paused && !this.#closing && !this.#gone) this.#socket?.resume();
  }

  peerEnded(): void {
    this.#peerEnded = true;
    if (!this.#closing) this.#handler?.ended();
  }

  /** There is room to send. Bun says so at other times too. */
  flush(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    // Bun 1.4.5 takes the whole length for the default of the third argument, and throws.
    const taken = this.#socket?.write(rest, this.#restStart, rest.length - this.#restStart) ?? -1;
    if (taken < 0) return this.#breakOff();
    this.#restStart += taken;
    if (this.#restStart < rest.length) return;
    this.#rest = undefined;
    if (this.#ended) this.#socket?.shutdown();
    if (!this.#closing) this.#handler?.drained();
    else this.#sayFarewell();
  }

  /** The connection is over, or was never made. */
  gone(error?: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#garbage.socket();
    this.#rest = undefined;
    clearTimeout(this.#linger);
    const cause = this.#causeOf(error);
    // Bun may say it from inside a call, where the engine does not expect to be told.
    queueMicrotask(() => {
      // Of two ends, Bun tells the first one only.
      if (!this.#closing && !this.#peerEnded && cause === "closed") this.#handler?.ended();
      this.#closing = true;
      this.#handler?.closed(cause);
    });
  }

  #causeOf(error: unknown): CloseCause {
    if (this.#closing) return "closed";
    if (error !== undefined && error !== null) return causeOf(error);
    return this.#ended ? "closed" : "reset";
  }

  // What the engine wants.

  write(bytes: Uint8Array): boolean {
    if (this.#socket === undefined || this.#ended || this.#gone) return false;
    const taken = this.#socket.write(bytes);
    if (taken === bytes.length) return true;
    if (taken < 0) this.#breakOff();
    else {
      this.#rest = bytes;
      this.#restStart = taken;
    }
    return false;
  }

  /** A write failed, as when the peer has reset: to who is paused Bun 1.4.5 does not say that this is the end. */
  #breakOff(): void {
    queueMicrotask(() => this.#socket?.terminate());
  }

  pause(): void {
    this.#paused = true;
    if (!this.#closing && !this.#gone) this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#closing && !this.#gone) this.#socket?.resume();
  }

  end(): void {
    if (this.#ended || this.#gone) return;
    this.#ended = true;
    if (this.#rest === undefined) this.#socket?.shutdown();
  }

  close(): void {
    if (this.#closing || this.#gone) return;
    this.#closing = true;
    const socket = this.#socket;
    if (socket === undefined) return this.gone();
    this.#linger = setTimeout(() => socket.terminate(), LINGER_MS);
    socket.resume();
    this.end();
    if (this.#rest === undefined) this.#sayFarewell();
  }

  /** Everything is sent. */
  #sayFarewell(): void {
    const socket = this.#socket;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => socket?.end(), FAREWELL_MS);
  }
}

const turned = (transport: BunTransport): void => transport.turned();

/**
 * Frees a chunk, which nobody reads any more. Bun makes memory of its own for each; left until garbage is collected, every
 * chunk is one more piece of memory that the system has to give and to clear: half of what a set of 500 KB costs.
 */
function free({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
