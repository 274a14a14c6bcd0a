// The server engine over TLS, on every kind of sockets that the runtime at hand has, held to what memcached was recorded
// to answer.

import type { Adapter } from "@memwire/adapter";
import { drive, type Network } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { type ServerHarness, serverSuite } from "../src/mod.ts";
import { adaptersHere } from "./adapters.ts";
import { ca, one, two } from "./certificates.ts";
import { engineExemptions, worldOf } from "./server-harness.ts";

for (const adapter of await adaptersHere()) serverSuite(overTls(adapter));

function overTls(adapter: Adapter): ServerHarness {
  const { title, ...world } = worldOf(adapter);
  const { network, clock } = world;
  /** The network of clients that have a certificate. */
  const encrypted: Network = {
    connect: (endpoint, handler) =>
      network.connect(endpoint, handler, { tls: { ...two, ca, servername: "localhost" } }),
    listen: (endpoint, accept, options) => network.listen(endpoint, accept, options),
    bind: (address, handler, options) => network.bind(address, handler, options),
  };
  return {
    ...world,
    network: encrypted,
    name: `ServerEngine, ${title}, TLS`,
    skip: engineExemptions,

    async start() {
      const driver = drive(new ServerEngine(), network, clock);
      const tls = { ...one, ca, verify: "require" } as const;
      const listener = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, { tls });
      return { endpoint: listener.endpoint, stop: () => driver.close() };
    },
  };
}
