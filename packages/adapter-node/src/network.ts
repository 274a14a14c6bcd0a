// node:net as a Network; node:tls where TLS is asked for.

import type { Network } from "@memwire/engine";
import { bindDatagrams } from "./datagrams.ts";
import { connectNet, listenNet } from "./net-connections.ts";
import { connectTls, listenTls } from "./tls-network.ts";

export const network: Network = {
  connect(endpoint, handler, options) {
    if (options?.tls !== undefined) return connectTls(endpoint, handler, options.tls);
    return connectNet(endpoint, handler);
  },

  async listen(endpoint, accept, options = {}) {
    if (options.tls !== undefined) return listenTls(endpoint, accept, options, { network });
    return listenNet(endpoint, accept, options, network);
  },

  bind: bindDatagrams,
};
