// Deno's node:net as a Network; its node:tls where TLS is asked for.

import { connectNet, connectTls, listenNet, listenTls } from "@memwire/adapter-node/sockets";
import type { Endpoint, ListenOptions, Network } from "@memwire/engine";
import { bind } from "./datagrams.ts";
import { isNative, network as ownNetwork } from "./network.ts";

/**
 * For engines that are between clients and servers. A read and a write by `Deno.Conn` are a promise each, and a way
 * through Deno's loop; by node:net they are calls: docs/performance.md.
 */
export const nodeNetwork: Network = {
  connect(endpoint, handler, options) {
    if (options?.tls !== undefined) return connectTls(endpoint, handler, options.tls, true);
    return connectNet(endpoint, handler);
  },

  async listen(endpoint, accept, options = {}) {
    const network = nodeNetwork;
    if (options.tls !== undefined) return listenTls(endpoint, accept, options, { network, wired: true });
    if (isBetterNative(endpoint, options)) return ownNetwork.listen(endpoint, accept, options);
    return listenNet(endpoint, accept, options, network);
  },

  bind,
};

/**
 * Once file descriptors have run out, a unix socket of Deno 2.9.5's node:net accepts nobody any more, and nothing can be
 * done about it. So it is Deno's own if that can do what is asked for.
 */
function isBetterNative(endpoint: Endpoint, options: ListenOptions): boolean {
  return endpoint.kind === "unix" && isNative(endpoint, options);
}
