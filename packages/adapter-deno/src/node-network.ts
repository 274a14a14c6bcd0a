// Deno's node:net as a Network; its node:tls where TLS is asked for.

import { connectNet, connectTls, listenNet, listenTls } from "@memwire/adapter-node/sockets";
import type { Network } from "@memwire/engine";
import { bind } from "./datagrams.ts";

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
    return listenNet(endpoint, accept, options, network);
  },

  bind,
};
