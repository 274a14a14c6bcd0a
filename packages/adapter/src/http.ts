// HTTP as a program sees it: a standard handler in, a listener out, and every runtime's server behind it alike.
//
//     Request, peer --> handler --> Response       serveHttp(handler, { endpoint, ... }) --> HttpListener
//
// Whoever answers may rely on this:
//
// - `request.url` is `http://host/path?query`. Nothing in path and query is decoded; a path with dot segments or
//   with bytes that no URL has may have been made right as `new URL` does. A request whose Host is none is 400.
// - A body is read as the client sends it and written as the client takes it: of a stream with a `highWaterMark` of
//   0 nothing is pulled while the connection is full.
// - A client that goes away is told once: as long as the handler has not answered, `peer.signal` aborts; from then on
//   the body's `cancel` is called (whether the signal aborts as well is the runtime's business). Neither is done for an
//   answer that got through. A client that ends its side of the connection has gone away.
// - What the handler throws is a 500 that says nothing of it; a body that fails cuts the connection, so nobody takes
//   a part for the whole.
// - A body beyond `bodyBytesMax` is 413 at once if its length says so, and otherwise an error for whoever reads it,
//   which is 413 if the handler passes it on. What nobody reads is thrown away or left unread, never kept.

import type { Endpoint } from "@memwire/engine";

/** Who asks. */
export interface HttpPeer {
  /**
   * The client's IP address as text, an IPv4 address always as IPv4; empty on a unix socket. To be read before the
   * request is answered: some runtimes look it up only then.
   */
  readonly address: string;
  /**
   * Aborts, once, if the client goes away before the handler has answered. Made when it is first asked for, at once or
   * later. What `request.signal` does is the runtime's business; it may do nothing.
   */
  readonly signal: AbortSignal;
}

/** A standard fetch handler. */
export type HttpHandler = (request: Request, peer: HttpPeer) => Response | Promise<Response>;

export interface HttpOptions {
  /** Where to listen; port 0 lets the system choose. */
  readonly endpoint: Endpoint;
  /** Bytes of a request's body; beyond: 413. */
  readonly bodyBytesMax: number;
  /** Bytes of a request line and its headers; beyond: 431. Default 16 KiB. Node only: see the README of the others. */
  readonly headerBytesMax?: number;
  /**
   * From a connection's first byte, or its next request's, to the end of the headers; beyond: 408. Default 10,000. Node
   * only.
   */
  readonly headerTimeoutMs?: number;
  /** The same to the end of the body. Default 60,000. Node only. */
  readonly requestTimeoutMs?: number;
  /** How long a connection may stay open between requests. Default 60,000. Not on Deno; whole seconds to 255 on Bun. */
  readonly idleTimeoutMs?: number;
  /**
   * Is told what the handler threw, unless its client had gone, and, on Node and Deno, what a body failed with.
   * Default: `console.error`. What it throws itself is printed.
   */
  readonly failed?: (error: unknown) => void;
}

export interface HttpListener {
  /** Where it listens, with the port that the system chose. */
  readonly endpoint: Endpoint;
  /**
   * Takes no more requests, lets what is being answered be answered for at most `graceMs`, then closes every
   * connection. May be called twice.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves HTTP/1.1, with what the runtime has for it.
 *
 * @throws Error `cannot listen on <endpoint>: <reason>`
 */
export type ServeHttp = (handler: HttpHandler, options: HttpOptions) => Promise<HttpListener>;
