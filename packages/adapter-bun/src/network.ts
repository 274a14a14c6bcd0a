// Bun.connect and Bun.listen as a Network: TCP and unix sockets, half-open allowed. Bun turns Nagle off itself. TLS is
// by Bun's node:tls, since Bun.listen cannot take a new certificate.
//
// Bun cannot take a connect back: one that was closed while it was pending is told `closed` at once, and its socket
// goes when the kernel has given it up or it is connected, whichever comes first.

import { edenGC, fullGC } from "bun:jsc";
import { lstat, rm } from "node:fs/promises";
import { bindDatagrams, connectTls, listenTls } from "@memwire/adapter-node/sockets";
import { listenBy, type Endpoint, type ListenOptions, type Network, type SocketFiles } from "@memwire/engine";
import { setBacklog } from "./backlog.ts";
import { BulkReader } from "./bulk-reader.ts";
import { Garbage } from "./garbage.ts";
import { connectError } from "./connect-error.ts";
import { BunTransport } from "./transport.ts";

const garbage = new Garbage(edenGC, fullGC);
const bulk = new BulkReader();

type Handlers = Bun.SocketHandler<BunTransport>;

// One set of functions for all sockets; each socket carries its transport as `data`.
const handlers: Handlers = {
  binaryType: "uint8array",
  open: (socket) => socket.data.opened(socket),
  data: (socket, chunk) => socket.data.received(chunk),
  drain: (socket) => socket.data.flush(),
  end: (socket) => socket.data.peerEnded(),
  close: (socket, error) => socket.data.gone(error),
  // A handler threw. Bun would go on with the socket; this is as loud as on the other runtimes.
  error(_socket, error) {
    queueMicrotask(() => {
      throw error;
    });
  },
};

export const network: Network = {
  connect(endpoint, handler, how) {
    if (how?.tls !== undefined) return connectTls(endpoint, handler, how.tls);
    const transport = new BunTransport(garbage, bulk);
    transport.serve(handler);
    const options = { ...addressOf(endpoint), socket: handlers, data: transport, allowHalfOpen: true };
    Bun.connect<BunTransport>(options).catch((error: unknown) => transport.gone(connectError(error)));
    return transport;
  },

  async listen(endpoint, accept, options = {}) {
    const { backlog, tls, keepAlive = false } = options;
    if (tls !== undefined) {
      const listening = async (server: object): Promise<void> => {
        const { _handle: handle } = server as { _handle?: object }; // what Bun.listen has made
        if (backlog !== undefined) await setBacklog(handle ?? {}, backlog);
      };
      return listenTls(endpoint, accept, options, { network, listening });
    }
    const accepting: Handlers = {
      ...handlers,
      open(socket) {
        const transport = new BunTransport(garbage, bulk);
        if (keepAlive) socket.setKeepAlive(true, 0); // 0: the system's time
        socket.data = transport;
        transport.opened(socket);
        transport.serve(accept(transport));
      },
    };
    const server = await listenBy(
      () => bound(endpoint, accepting, options),
      endpoint,
      network,
      files,
      options,
    );
    return {
      endpoint: endpoint.kind === "unix" ? endpoint : { ...endpoint, port: server.port },
      // Bun removes a unix socket's file itself.
      async close() {
        server.stop(false);
      },
    };
  },

  bind: bindDatagrams,
};

async function bound(
  endpoint: Endpoint,
  socket: Handlers,
  { backlog, reusePort = false }: ListenOptions,
): Promise<Bun.TCPSocketListener<BunTransport>> {
  const server = bind(endpoint, socket, reusePort);
  try {
    if (backlog !== undefined) await setBacklog(server, backlog);
  } catch (error) {
    server.stop(true);
    throw error;
  }
  return server;
}

export function bind(
  endpoint: Endpoint,
  socket: Handlers,
  reusePort: boolean,
): Bun.TCPSocketListener<BunTransport> {
  try {
    const options = { ...addressOf(endpoint), socket, reusePort, allowHalfOpen: true };
    return Bun.listen<BunTransport>(options);
  } catch (error) {
    // A host name that cannot be looked up is the one failure that Bun gives no code.
    if (error instanceof Error && !("code" in error)) Object.assign(error, { code: "ENOTFOUND" });
    throw error;
  }
}

/** Bun's types want to know which of the two it is; Bun itself looks for `unix`. */
export function addressOf(endpoint: Endpoint): { hostname: string; port: number } {
  if (endpoint.kind === "unix") return { unix: endpoint.path } as never;
  return { hostname: endpoint.host, port: endpoint.port };
}

export const files: SocketFiles = {
  async kindOf(path) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return "nothing";
    return found.isSocket() ? "socket" : "other";
  },
  remove: (path) => rm(path, { force: true }),
};
