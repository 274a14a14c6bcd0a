// The adapter of the runtime at hand over TLS, on every kind of sockets that it has: the suite that every adapter is held
// to, with a handshake before it.

import { Buffer } from "node:buffer";
import { createServer } from "node:tls";
import type { Clock, Network } from "@memwire/engine";
import { adapterSuite, type AdapterHarness } from "../src/mod.ts";
import { realHarness } from "./adapter-harness.ts";
import { adaptersHere } from "./adapters.ts";
import { ca, one } from "./certificates.ts";

const UNSHARED: AdapterHarness["skip"][number] = {
  reason: "Deno 2.9.5 cannot share a port for datagrams",
  tests: ["a port for datagrams is shared by all who say so, and each datagram reaches one"],
};

const skip: Record<"node" | "bun" | "deno", AdapterHarness["skip"]> = { node: [], bun: [], deno: [UNSHARED] };

for (const adapter of await adaptersHere()) {
  const { title, runtime } = adapter;
  adapterSuite(
    realHarness(`adapter-${title} over TLS`, overTls(adapter), skip[runtime], () =>
      createServer({ cert: Buffer.from(one.chain), key: Buffer.from(one.key) }),
    ),
  );
}

/** An adapter whose every connection is encrypted. */
function overTls({ network, clock }: { readonly network: Network; readonly clock: Clock }): {
  network: Network;
  clock: Clock;
} {
  const encrypted: Network = {
    connect: (endpoint, handler) =>
      network.connect(endpoint, handler, { tls: { ca, servername: "localhost" } }),
    bind: (address, handler, options) => network.bind(address, handler, options),
    async listen(endpoint, accept, options) {
      const listener = await network.listen(endpoint, accept, { ...options, tls: one });
      if (listener.tls === undefined) throw new TypeError("the adapter listens without TLS");
      return listener;
    },
  };
  return { network: encrypted, clock };
}
