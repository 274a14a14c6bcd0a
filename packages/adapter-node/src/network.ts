// node:net as a Network: TCP and unix sockets, no Nagle, half-open allowed; node:tls where TLS is asked for.

import { connect, createServer, Socket } from "node:net";
import { listenBy, type Network } from "@memwire/engine";
import { addressOf, bound, files, listenerOf } from "./binding.ts";
import { bindDatagrams } from "./datagrams.ts";
import { connectTls, listenTls } from "./tls-network.ts";
import { NodeTransport, type OnRead } from "./transport.ts";

export const network: Network = {
  connect(endpoint, handler, options) {
    if (options?.tls !== undefined) return connectTls(endpoint, handler, options.tls);
    const transport = new NodeTransport((onread) =>
      connect({ ...addressOf(endpoint), noDelay: true, allowHalfOpen: true, onread }),
    );
    transport.serve(handler);
    return transport;
  },

  async listen(endpoint, accept, options) {
    if (options?.tls !== undefined) return listenTls(endpoint, accept, options, { network });
    const { keepAlive = false } = options ?? {};
    const asked = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true, keepAlive };
    const server = createServer(asked, (socket) => {
      const transport = new NodeTransport((onread) => reading(socket, onread));
      transport.serve(accept(transport));
    });
    await listenBy(() => bound(server, endpoint, options), endpoint, network, files, options);
    // Out of file descriptors: the connection is gone, the next one may work.
    server.on("error", () => {});
    return listenerOf(server, endpoint);
  },

  bind: bindDatagrams,
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
