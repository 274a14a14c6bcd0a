// What is between TLS and a TCP socket on Deno 2.9.5, whose node:tls reads on from the socket however long its own
// stream is paused: memory without a bound. Over a stream that is no socket it takes what the stream gives it, and
// that can be paused.
//
//     TCP socket <--> Wire <--> TLS <--> StreamTransport: pause() holds both of them

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Endpoint } from "@memwire/engine";
import { peerOf } from "./binding.ts";

export class Wire extends Duplex {
  readonly #socket: Socket;

  /** @param allowHalfOpen Whether it goes on when the peer has ended; may be changed until then */
  constructor(socket: Socket, allowHalfOpen = true) {
    super({ allowHalfOpen });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("connect", () => socket.setNoDelay(true));
    socket.on("data", (chunk: Uint8Array) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  /** Where the peer is; what stands on the wire does not know. */
  get remote(): Endpoint | undefined {
    return peerOf(this.#socket);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, written: (error?: Error | null) => void): void {
    this.#socket.write(chunk, written);
  }

  override _final(ended: () => void): void {
    this.#socket.end(ended);
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#socket.destroy();
    destroyed(error);
  }
}

/**
 * The wire below an accepted TLS socket, for which node:tls has no public word.
 *
 * @throws TypeError if this Deno keeps it elsewhere: to go on without it would be memory without a bound
 */
export function wireBelow(socket: TLSSocket): Wire {
  const { _handle: handle } = socket as { _handle?: { readonly _parentWrap?: { stream?: unknown } } };
  const { _parentWrap: below } = handle ?? {};
  if (below?.stream instanceof Wire) return below.stream;
  throw new TypeError("node:tls does not say which stream a TLS socket is on");
}
