// node:net as a Network: TCP and unix sockets, no Nagle, half-open allowed.

import { lstat, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { listenBy, type Endpoint, type Listener, type Network, type SocketFiles } from "@memwire/engine";
import { NodeTransport } from "./transport.ts";

export const network: Network = {
  connect(endpoint, handler) {
    const transport = new NodeTransport(
      connect({ ...addressOf(endpoint), noDelay: true, allowHalfOpen: true }),
    );
    transport.serve(handler);
    return transport;
  },

  async listen(endpoint, accept) {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      const transport = new NodeTransport(socket);
      transport.serve(accept(transport));
    });
    await listenBy(() => bound(server, endpoint), endpoint, network, files);
    // Out of file descriptors: the connection is gone, the next one may work.
    server.on("error", () => {});
    return listenerOf(server, endpoint);
  },
};

function addressOf(endpoint: Endpoint): { path: string } | { host: string; port: number } {
  return endpoint.kind === "unix" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
}

function bound(server: Server, endpoint: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(addressOf(endpoint), () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function listenerOf(server: Server, endpoint: Endpoint): Listener {
  return {
    endpoint:
      endpoint.kind === "unix" ? endpoint : { ...endpoint, port: (server.address() as AddressInfo).port },
    // Node removes a unix socket's file itself. Its callback would come when the last connection has ended.
    async close() {
      server.close();
    },
  };
}

const files: SocketFiles = {
  async kindOf(path) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return "nothing";
    return found.isSocket() ? "socket" : "other";
  },
  remove: (path) => rm(path, { force: true }),
};
