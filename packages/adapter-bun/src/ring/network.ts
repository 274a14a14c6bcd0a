// TCP by io_uring, as a Network. The rest is Bun's: TLS, unix sockets, datagrams, host names, and what a listener is bound
// to.

import { bindDatagrams } from "@memwire/adapter-node/sockets";
import { listenBy, systemClock, type Clock, type Network } from "@memwire/engine";
import { bind, files, network as bunNetwork } from "../network.ts";
import type { BunTransport } from "../transport.ts";
import { RingListener } from "./listener.ts";
import { Ring } from "./ring.ts";
import { familyOf, socketAddress } from "./socket-address.ts";
import { RingTransport } from "./transport.ts";

/** As many as Bun has by itself. */
const BACKLOG = 512;

let opened: Promise<Ring | undefined> | undefined;

/**
 * Sockets by io_uring, and the clock that belongs to them. A thread has one ring, which all that is opened here share.
 *
 * @returns undefined where the kernel does not have what it takes (Linux 6.1), or does not allow it
 */
export async function openRing(): Promise<{ readonly network: Network; readonly clock: Clock } | undefined> {
  opened ??= Ring.open();
  const ring = await opened;
  if (ring === undefined) return undefined;
  const clock = systemClock({
    performance,
    setTimeout,
    clearTimeout,
    defer: (task) => ring.defer(task),
    nextTurn: (task) => ring.nextTurn(task),
  });
  return { network: ringNetwork(ring), clock };
}

function ringNetwork(ring: Ring): Network {
  const network: Network = {
    connect(endpoint, handler, options) {
      const isPlain = endpoint.kind === "tcp" && options?.tls === undefined;
      const address = isPlain ? socketAddress(endpoint.host, endpoint.port) : undefined;
      const descriptor = address === undefined ? -1 : ring.system.socket(familyOf(address));
      // Bun says as well why there is no socket to be had.
      if (address === undefined || descriptor < 0) return bunNetwork.connect(endpoint, handler, options);
      const transport = new RingTransport(ring, descriptor);
      transport.connect(address, handler);
      return transport;
    },

    async listen(endpoint, accept, options = {}) {
      if (endpoint.kind === "unix" || options.tls !== undefined) {
        return bunNetwork.listen(endpoint, accept, options);
      }
      const { backlog = BACKLOG, reusePort = false, keepAlive = false } = options;
      const bound = (): readonly [number, number] => {
        const server = bind(endpoint, NOBODY, reusePort);
        const { fd } = server as { fd?: number }; // not in Bun's types
        try {
          return [ring.system.takeListener(fd ?? -1, backlog, keepAlive), server.port];
        } finally {
          server.stop(true);
        }
      };
      const [descriptor, port] = await listenBy(bound, endpoint, network, files, options);
      const listener = new RingListener(ring, descriptor, accept);
      return { endpoint: { ...endpoint, port }, close: () => listener.close() };
    },

    bind: bindDatagrams,
  };
  return network;
}

/** Of a listener that Bun has for no longer than it takes to make it. */
const NOBODY: Bun.SocketHandler<BunTransport> = { data: () => {} };
