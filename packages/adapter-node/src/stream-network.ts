// Listening by node:net for runtimes that cannot do it in the way asked for by sockets of their own.

import { createServer } from "node:net";
import { listenBy, type Endpoint, type Listener, type ListenOptions, type Network } from "@memwire/engine";
import { bound, files, listenerOf } from "./binding.ts";
import { StreamTransport } from "./stream-transport.ts";

/** Listens. @param network The runtime's own, to ask whether a unix socket is alive */
export async function listenStreams(
  endpoint: Endpoint,
  accept: Parameters<Network["listen"]>[1],
  options: ListenOptions,
  network: Network,
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // Deno's createServer has the option, and does nothing with it.
    if (options.keepAlive === true) socket.setKeepAlive(true);
    void new StreamTransport(socket, accept);
  });
  await listenBy(() => bound(server, endpoint, options), endpoint, network, files, options);
  // Out of file descriptors: the connection is gone, the next one may work.
  server.on("error", () => {});
  return listenerOf(server, endpoint);
}
