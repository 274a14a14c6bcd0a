// The server engine over TLS, on the sockets of the runtime at hand, held to what memcached was recorded to answer.

import { drive, type Network } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { serverSuite } from "../src/mod.ts";
import { ca, one, two } from "./certificates.ts";
import { engineExemptions, realWorld } from "./server-harness.ts";

const { runtime, ...world } = await realWorld();
const { network, clock } = world;

/** The network of clients that have a certificate. */
const encrypted: Network = {
  connect: (endpoint, handler) =>
    network.connect(endpoint, handler, { tls: { ...two, ca, servername: "localhost" } }),
  listen: (endpoint, accept, options) => network.listen(endpoint, accept, options),
  bind: (address, handler, options) => network.bind(address, handler, options),
};

serverSuite({
  ...world,
  network: encrypted,
  name: `ServerEngine, ${runtime}, TLS`,
  skip: engineExemptions,

  async start() {
    const driver = drive(new ServerEngine(), network, clock);
    const tls = { ...one, ca, verify: "require" } as const;
    const listener = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, { tls });
    return { endpoint: listener.endpoint, stop: () => driver.close() };
  },
});
