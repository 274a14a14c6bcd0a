// The thin waist: what an engine is told, what it asks for, and what a runtime must offer.
//
//     sockets --- Network, Transport ---> drive() --- inputs (past tense) ---> Engine
//     sockets <-- Transport ------------- drive() <-- poll(): Command -------- Engine
//
// Inputs are past tense, outputs imperative, time is an argument. After any input, poll until `undefined`; call
// `elapsed` no later than `deadline`; nothing else. Engines never call out, so there is no re-entrancy.

import type {
  BindOptions,
  DatagramAddress,
  DatagramHandler,
  DatagramSocket,
  SendTo,
  SocketId,
} from "./datagrams.ts";
import type { Distrust, TlsConnectOptions, TlsListener, TlsListenOptions } from "./tls.ts";

/** Milliseconds since the Unix epoch, on a clock that never goes back. May have a fraction. */
export type Millis = number;

/** Names one connection of one engine; never reused by it. */
export type ConnectionId = number;

/** Names one listening endpoint of a driver: the order of its `listen` calls, from 0. */
export type ListenerId = number;

/** Where to connect to or listen on. Port 0 lets the system choose; a listener says which it chose. */
export type Endpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/**
 * Why a connection is over, whatever the runtime calls it.
 *
 * - `closed`: this side closed it
 * - `refused`: nobody listens there; `not-found`: no such host name or socket file
 * - `reset`: the peer went away without a word; `timed-out`: the network gave up on it
 * - `unreachable`: no way to that host; `denied`: not allowed to
 * - `untrusted`: no TLS that both sides take, or a certificate that is not good
 * - `exhausted`: out of file descriptors, ports or memory; `failed`: anything else
 */
export type CloseCause =
  | "closed"
  | "refused"
  | "not-found"
  | "reset"
  | "timed-out"
  | "unreachable"
  | "denied"
  | "untrusted"
  | "exhausted"
  | "failed";

/** A protocol without I/O: server, proxy and client are all one of these. */
export interface Engine {
  /**
   * A peer connected to a listener. Answers the name this connection has from now on.
   *
   * @param peer Where it comes from, as far as that has an address and the network knows it.
   */
  accepted(now: Millis, via: ListenerId, peer?: Endpoint): ConnectionId;
  /** A `connect` command succeeded. */
  connected(id: ConnectionId, now: Millis): void;
  /** Bytes arrived. The chunk is lent: it is the caller's again when this returns. */
  received(id: ConnectionId, chunk: Uint8Array, now: Millis): void;
  /** The peer will send nothing more, but may still read. */
  ended(id: ConnectionId, now: Millis): void;
  /** The last `send` of this connection is with the network: its bytes are the engine's again, the next may come. */
  drained(id: ConnectionId, now: Millis): void;
  /**
   * The connection is over, and what was sent is the engine's again; said exactly once, and nothing afterwards.
   *
   * @param distrust Why a server is `untrusted`, if that is known.
   */
  closed(id: ConnectionId, cause: CloseCause, now: Millis, distrust?: Distrust): void;
  /** A datagram came; the bytes are lent. Only of engines that take datagrams; any other cannot be bound. */
  arrived?(socket: SocketId, from: DatagramAddress, bytes: Uint8Array, now: Millis): void;
  /** Time went by. */
  elapsed(now: Millis): void;
  /** What to do next, until `undefined`. The command is the engine's: use it before the next poll. */
  poll(): Command | SendTo | undefined;
  /** When `elapsed` must be called at the latest; `Infinity` if never, `-Infinity` for in the next turn. */
  readonly deadline: Millis;
}

/**
 * What an engine asks for.
 *
 * `send` lends its bytes. Each is answered by one `drained`, or by `closed`; until then the engine leaves the bytes
 * as they are and sends nothing more on that connection, so that no transport ever holds more than one send. Nor does
 * anybody read them once the connection is closed. They may be of a SharedArrayBuffer.
 */
export type Command =
  | {
      readonly kind: "connect";
      readonly id: ConnectionId;
      readonly endpoint: Endpoint;
      readonly options?: ConnectOptions;
    }
  | { readonly kind: "send"; readonly id: ConnectionId; readonly bytes: Uint8Array }
  | { readonly kind: "pause" | "resume" | "end" | "close"; readonly id: ConnectionId };

/** Sockets, real or simulated. */
export interface Network {
  /** Never throws: a failure is `handler.closed(cause)`, and never before this has returned. */
  connect(endpoint: Endpoint, handler: TransportHandler, options?: ConnectOptions): Transport;
  /**
   * Accepts connections; `accept` gives each its handler. `connected` is not called on those.
   * Rejects with an `Error` that says where and why if the endpoint cannot be had, or not in the way asked for.
   */
  listen(
    endpoint: Endpoint,
    accept: (transport: Transport) => TransportHandler,
    options?: ListenOptions,
  ): Promise<Listener>;
  /**
   * Waits for datagrams. Rejects with an `Error` that says where and why if the address cannot be had, or not in the
   * way asked for.
   */
  bind(address: DatagramAddress, handler: DatagramHandler, options?: BindOptions): Promise<DatagramSocket>;
}

/** In which way to connect. */
export interface ConnectOptions {
  /** `connected` is then called when the handshake is through. */
  readonly tls?: TlsConnectOptions;
}

/** In which way to listen. What a runtime or a system cannot do is refused, never left out. */
export interface ListenOptions {
  /**
   * Connections that the system keeps until they are accepted, from 1; it may have a maximum of its own, Linux
   * `net.core.somaxconn`. Default: the runtime's, about 512.
   */
  readonly backlog?: number;
  /**
   * The port is shared with everybody who listens on it in this way, threads or processes, and the system spreads
   * connections over them. TCP only. Default: false, and then an endpoint has one listener.
   */
  readonly reusePort?: boolean;
  /**
   * The system asks a peer that is silent for long whether it is still there, as often as it is set up to, and ends the
   * connection of one that is not. TCP only. Default: false.
   */
  readonly keepAlive?: boolean;
  /** Every connection begins with a handshake, and is accepted when that is through. */
  readonly tls?: TlsListenOptions;
}

export interface Listener {
  /** Where it listens, with the port that the system chose. */
  readonly endpoint: Endpoint;
  /** Of a listener with TLS. */
  readonly tls?: TlsListener;
  /** Accepts nothing more; connections go on. A unix socket's file is gone when this resolves. */
  close(): Promise<void>;
}

/**
 * One connection as the runtime has it. No method throws; after `closed` all do nothing. When both sides have ended
 * and everything is delivered, the connection is over without `close()`.
 */
export interface Transport {
  /** Where the peer of an accepted connection is, as long as it is open; a unix socket's has no address. */
  readonly remote?: Endpoint | undefined;
  /**
   * Takes the bytes. `true`: they are with the network, write again; `false`: some wait, and `drained` is called
   * when the network has them all. Until then, or until `closed`, they are lent: leave them as they are, and do not write
   * in between. They may be of a SharedArrayBuffer.
   * Not before `connected`, nor after `end()`.
   */
  write(bytes: Uint8Array): boolean;
  /** Stop reading: the peer is held back by its own full buffers. `ended` waits too. */
  pause(): void;
  resume(): void;
  /** Delivers what was written, then the peer sees `ended`. Receiving goes on. */
  end(): void;
  /**
   * Receives nothing more, delivers what was written if the peer takes it within `LINGER_MS`, then calls
   * `closed("closed")`: when the peer ends as well, or has not within `FAREWELL_MS` of the last byte at the latest
   * where the runtime says when that left. While still connecting it gives up at once.
   */
  close(): void;
}

/** How long a transport that was closed goes on delivering what it had been given. */
export const LINGER_MS = 5_000;

/**
 * How long it then waits for the peer to end, too. What the peer still sends is thrown away until then: were the
 * connection closed with it unread, the system would reset it, and what the peer has not read yet would be lost.
 */
export const FAREWELL_MS = 500;

/**
 * What happens to one connection. None is called from inside a call to the transport, nor before the call that made
 * it has returned.
 */
export interface TransportHandler {
  connected(): void;
  /** The chunk is lent: it may be overwritten when this returns. */
  received(chunk: Uint8Array): void;
  ended(): void;
  drained(): void;
  /** Once, last. @param distrust Why a server is `untrusted`, if that is known. */
  closed(cause: CloseCause, distrust?: Distrust): void;
}

/** Time and turns, real or virtual. */
export interface Clock {
  now(): Millis;
  /** Calls `task` once at `deadline` or soon after; the answer cancels it. */
  at(deadline: Millis, task: () => void): () => void;
  /** Calls `task` once after the input that is at hand now: how outputs of one turn become one write. */
  defer(task: () => void): void;
  /**
   * Calls `task` once after other input, and the timers that are due, have had their turn: how long work is cut into
   * pieces. However many turns follow one another in this way, nobody else waits longer than some milliseconds.
   */
  nextTurn(task: () => void): void;
}
