// Plain connections by node:net: TCP and unix sockets, no Nagle, half-open allowed. Those of Node, and those of Deno
// where its own sockets are not wanted, or cannot listen in the way asked for.

import { connect, createServer, Socket } from "node:net";
import {
  listenBy,
  type Endpoint,
  type Listener,
  type ListenOptions,
  type Network,
  type Transport,
  type TransportHandler,
} from "@memwire/engine";
import { addressOf, bound, files, listenerOf } from "./binding.ts";
import { NodeTransport, type OnRead } from "./transport.ts";

/** Connects; never throws, as `Network.connect`. */
export function connectNet(endpoint: Endpoint, handler: TransportHandler): Transport {
  const transport = new NodeTransport((onread) =>
    connect({ ...addressOf(endpoint), noDelay: true, allowHalfOpen: true, onread }),
  );
  transport.serve(handler);
  return transport;
}

/** Listens. @param network The runtime's own, to ask whether a unix socket is alive */
export async function listenNet(
  endpoint: Endpoint,
  accept: Parameters<Network["listen"]>[1],
  options: ListenOptions,
  network: Network,
): Promise<Listener> {
  const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    // Deno's createServer has an option for that as well, and does nothing with it.
    if (options.keepAlive === true) socket.setKeepAlive(true);
    const transport = new NodeTransport((onread) => reading(socket, onread));
    transport.serve(accept(transport));
  });
  await listenBy(() => bound(server, endpoint, options), endpoint, network, files, options);
  // Out of file descriptors: the connection is gone, the next one may work.
  server.on("error", () => {});
  return listenerOf(server, endpoint, options);
}

/**
 * The accepted socket, reading into the common buffer. `createServer` has no option for that, so the connection is
 * given to a second socket: reading costs a fifth less CPU that way. `_handle` is undocumented; should it be gone
 * one day, the socket delivers chunks of its own, which is slower and no less right. The first socket has to let go of
 * it: Deno 2.9.5 never forgets two sockets that have the same one, nor who listens to them.
 */
function reading(accepted: Socket, onread: OnRead): Socket {
  const { _handle: handle } = accepted as { _handle?: object | null };
  if (typeof handle === "object" && handle !== null) {
    const socket = new Socket({ handle, allowHalfOpen: true, onread } as object);
    Object.assign(accepted, { _handle: null });
    return socket;
  }
  accepted.on("data", (chunk: Uint8Array) => onread.callback(chunk.length, chunk));
  accepted.resume();
  return accepted;
}
