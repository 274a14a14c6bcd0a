// TLS by node:tls, for all three runtimes: Deno.listenTls asks for no client certificate, and Bun.listen takes no
// new one without listening anew.
//
//     accepted --> its turn --> handshake --- through ----------> accept(transport): from here on as any other
//                                   |
//                                   +-- failed, ended, too slow --> counted and closed; nobody else hears of it
//
// What listens is node:net: at a server of node:tls handshakes begin by themselves, and Bun's cannot be held back.

import * as net from "node:net";
import {
  checkServerIdentity,
  connect,
  createServer,
  type ConnectionOptions,
  type Server,
  type TLSSocket,
} from "node:tls";
import {
  HANDSHAKE_TIMEOUT_MS,
  HANDSHAKES_MAX,
  HANDSHAKES_WAITING_MAX,
  listenBy,
  type Endpoint,
  type Listener,
  type ListenOptions,
  type Network,
  type TlsConnectOptions,
  type TlsCredentials,
  type TlsListener,
  type TlsListenOptions,
  type Transport,
  type TransportHandler,
} from "@memwire/engine";
import { addressOf, bound, files, listenerOf } from "./binding.ts";
import { HandshakeTurns } from "./handshake-turns.ts";
import { StreamTransport } from "./stream-transport.ts";
import { contextOf } from "./tls-context.ts";
import { Wire, wireBelow } from "./wire.ts";

type Accept = (transport: Transport) => TransportHandler;

/** What a runtime needs beside what all have. */
export interface TlsRuntime {
  /** Its own, to ask whether a unix socket is alive. */
  readonly network: Network;
  /** Whether TLS has to be on a `Wire`. */
  readonly wired?: boolean;
  /** Called when the server listens. */
  readonly listening?: (server: object) => Promise<void>;
}

/** Listens with TLS. @param options With `tls` */
export async function listenTls(
  endpoint: Endpoint,
  accept: Accept,
  options: ListenOptions,
  { network, wired = false, listening }: TlsRuntime,
): Promise<Listener> {
  const bind = async (): Promise<Desk> => {
    const made = new Desk(options.tls as TlsListenOptions, accept, wired, options.keepAlive === true);
    await bound(made.server, endpoint, options);
    try {
      await listening?.(made.server);
    } catch (error) {
      made.server.close();
      throw error;
    }
    return made;
  };
  const desk = await listenBy(bind, endpoint, network, files, options);
  // Out of file descriptors: the connection is gone, the next one may work.
  desk.server.on("error", () => {});
  const listener = listenerOf(desk.server, endpoint, options);
  return {
    ...listener,
    tls: desk,
    async close() {
      await listener.close();
      desk.dismiss();
    },
  };
}

/** A server and what is at its door. */
class Desk implements TlsListener {
  /** What listens. */
  readonly server: net.Server;
  failures = 0;
  readonly #options: TlsListenOptions;
  readonly #accept: Accept;
  readonly #wired: boolean;
  readonly #turns: HandshakeTurns;
  readonly #tls: Server;

  /** @throws Error that says what is wrong with the options */
  constructor(options: TlsListenOptions, accept: Accept, wired: boolean, keepAlive: boolean) {
    const { verify = "none", handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
    const { handshakesMax = HANDSHAKES_MAX, handshakesWaitingMax = HANDSHAKES_WAITING_MAX } = options;
    checkRoots(options, verify);
    this.#options = options;
    this.#accept = accept;
    this.#wired = wired;
    this.#turns = new HandshakeTurns(
      { underWayMax: handshakesMax, waitingMax: handshakesWaitingMax },
      (socket) => this.#tls.emit("connection", wired ? new Wire(socket, false) : socket),
      () => this.failures++,
    );
    this.#tls = createServer({
      ...contextOf(options, options).options,
      requestCert: verify !== "none",
      rejectUnauthorized: verify === "require",
      handshakeTimeout: handshakeTimeoutMs,
      // Not until they are admitted: whoever ends before that must not keep a place for the whole time of a handshake.
      allowHalfOpen: false,
    });
    this.server = net.createServer({ allowHalfOpen: wired, pauseOnConnect: true }, (socket) => {
      if (keepAlive) socket.setKeepAlive(true);
      this.#turns.come(socket);
    });
    this.#tls.on("secureConnection", (socket) => this.#admit(socket));
    this.#tls.on("tlsClientError", (_error, socket) => {
      this.failures++;
      socket.destroy(); // a runtime says that a handshake takes too long, and leaves it at that
      this.#turns.ended();
    });
  }

  get handshakes(): number {
    return this.#turns.underWay;
  }

  get waiting(): number {
    return this.#turns.waiting;
  }

  /** Closes those whose turn has not come. */
  dismiss(): void {
    this.#turns.dismiss();
  }

  refresh(credentials: TlsCredentials): void {
    checkRoots(credentials, this.#options.verify);
    this.#tls.setSecureContext(contextOf(credentials, this.#options).options);
  }

  #admit(socket: TLSSocket): void {
    this.#turns.ended();
    if (isWelcome(socket, this.#options.verify)) {
      const wire = this.#wired ? wireBelow(socket) : undefined;
      socket.allowHalfOpen = true;
      if (wire !== undefined) wire.allowHalfOpen = true;
      void new StreamTransport(socket, this.#accept, true, wire);
      return;
    }
    this.failures++;
    socket.on("error", () => {});
    socket.destroy();
  }
}

/**
 * Without roots of our own node:tls believes whom every browser believes: anybody with a name.
 *
 * @throws RangeError if clients are asked for certificates and nobody is to be believed
 */
function checkRoots({ ca }: TlsCredentials, verify: TlsListenOptions["verify"] = "none"): void {
  if (verify !== "none" && ca === undefined) {
    throw new RangeError(`clients' certificates cannot be verified without ca, got verify "${verify}"`);
  }
}

/** Whether the certificate is good, or, where it was only requested, there is none. */
function isWelcome(socket: TLSSocket, verify: TlsListenOptions["verify"] = "none"): boolean {
  if (verify === "none" || socket.authorized) return true;
  if (verify === "require") return false;
  const certificate: object | null = socket.getPeerCertificate();
  return certificate !== null && Object.keys(certificate).length === 0;
}

/** Connects with TLS; never throws, as `Network.connect`. @param wired Whether TLS has to be on a `Wire` */
export function connectTls(
  endpoint: Endpoint,
  handler: TransportHandler,
  options: TlsConnectOptions,
  wired = false,
): Transport {
  let terms: ConnectionOptions;
  try {
    terms = termsOf(endpoint, options);
  } catch {
    // Our own certificates are not good.
    return stillborn(handler);
  }
  const address = { ...addressOf(endpoint), allowHalfOpen: true };
  const wire = wired ? new Wire(net.connect(address)) : undefined;
  const socket = connect({
    ...terms,
    ...(wire === undefined ? address : { socket: wire, allowHalfOpen: true }),
  });
  return new StreamTransport(socket, () => handler, false, wire);
}

function termsOf(endpoint: Endpoint, options: TlsConnectOptions): ConnectionOptions {
  const { verify = true, servername } = options;
  const name = servername ?? (endpoint.kind === "tcp" ? endpoint.host : undefined);
  return {
    secureContext: contextOf(options, options).secureContext,
    rejectUnauthorized: verify,
    // An IP address is no server name in TLS; that the certificate is for it is looked at all the same.
    ...(name === undefined || isAddress(name) ? {} : { servername: name }),
    checkServerIdentity: (_host, certificate) =>
      name === undefined ? undefined : checkServerIdentity(name, certificate),
  };
}

const isAddress = (host: string): boolean => host.includes(":") || /^[0-9.]+$/.test(host);

/** A connection that could not even begin. */
function stillborn(handler: TransportHandler): Transport {
  let open = true;
  const fail = (cause: "untrusted" | "closed"): void => {
    if (open) handler.closed(cause, cause === "untrusted" ? "own-certificate" : undefined);
    open = false;
  };
  queueMicrotask(() => fail("untrusted"));
  return {
    write: () => false,
    pause() {},
    resume() {},
    end() {},
    close: () => queueMicrotask(() => fail("closed")),
  };
}
