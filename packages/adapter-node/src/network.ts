// node:net as a Network: TCP and unix sockets, no Nagle, half-open allowed.

import { lstat, rm } from "node:fs/promises";
import { connect, createServer, Socket, type AddressInfo, type Server } from "node:net";
import {
  listenBy,
  type Endpoint,
  type Listener,
  type ListenOptions,
  type Network,
  type SocketFiles,
} from "@memwire/engine";
import { NodeTransport, type OnRead } from "./transport.ts";

export const network: Network = {
  connect(endpoint, handler) {
    const transport = new NodeTransport((onread) =>
      connect({ ...addressOf(endpoint), noDelay: true, allowHalfOpen: true, onread }),
    );
    transport.serve(handler);
    return transport;
  },

  async listen(endpoint, accept, options) {
    const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      const transport = new NodeTransport((onread) => reading(socket, onread));
      transport.serve(accept(transport));
    });
    await listenBy(() => bound(server, endpoint, options), endpoint, network, files, options);
    // Out of file descriptors: the connection is gone, the next one may work.
    server.on("error", () => {});
    return listenerOf(server, endpoint);
  },
};

/**
 * The accepted socket, reading into the common buffer. `createServer` has no option for that, so the connection is
 * given to a second socket: reading costs a fifth less CPU that way. `_handle` is undocumented; should it be gone
 * one day, the socket delivers chunks of its own, which is slower and no less right.
 */
function reading(accepted: Socket, onread: OnRead): Socket {
  const { _handle: handle } = accepted as { _handle?: object };
  if (typeof handle === "object") return new Socket({ handle, allowHalfOpen: true, onread } as object);
  accepted.on("data", (chunk: Uint8Array) => onread.callback(chunk.length, chunk));
  accepted.resume();
  return accepted;
}

function addressOf(endpoint: Endpoint): { path: string } | { host: string; port: number } {
  return endpoint.kind === "unix" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
}

/** Listens, or rejects with what the system says. */
export function bound(server: Server, endpoint: Endpoint, options: ListenOptions = {}): Promise<void> {
  const { backlog, reusePort = false } = options;
  const asked = { reusePort, ...(backlog === undefined ? {} : { backlog }) };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...addressOf(endpoint), ...asked }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Where a server listens, with the port that the system chose. */
export function endpointOf(server: Server, endpoint: Endpoint): Endpoint {
  return endpoint.kind === "unix" ? endpoint : { ...endpoint, port: (server.address() as AddressInfo).port };
}

function listenerOf(server: Server, endpoint: Endpoint): Listener {
  return {
    endpoint: endpointOf(server, endpoint),
    // Node removes a unix socket's file itself. Its callback would come when the last connection has ended.
    async close() {
      server.close();
    },
  };
}

export const files: SocketFiles = {
  async kindOf(path) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return "nothing";
    return found.isSocket() ? "socket" : "other";
  },
  remove: (path) => rm(path, { force: true }),
};
