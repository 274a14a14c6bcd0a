// The clients that people have, through the proxy over three real memcacheds: what they find on one memcached they find
// there, whichever server a key is on.

import { join } from "node:path";
import { openAdapter } from "@memwire/adapter";
import { drive, type Endpoint } from "@memwire/engine";
import { ProxyEngine, type PoolOptions, type UserCheck } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";
import { checkOf } from "@memwire/server";
import { describe } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { otherClients } from "./clients/clients.ts";
import { Players, type Servers, USER } from "./clients/play.ts";

const SERVERS = 3;

// On Deno it is the sockets that memwire-proxy is on.
const { runtime, network, clock } = await openAdapter({ denoSockets: "node" });
const players = new Players();
const { folder, stack } = players;

let proxy: Promise<Servers> | undefined;
const startedProxy = (): Promise<Servers> => (proxy ??= startProxy());

/** Three pools over the same servers, since a unix socket is a listener of its own, and one has users. */
async function startProxy(): Promise<Servers> {
  const endpoints: Endpoint[] = [];
  for (let i = 0; i < SERVERS; i++) endpoints.push(stack.use(await startMemcached()).endpoint);
  const pool = (name: string, users?: UserCheck): PoolOptions => ({
    name,
    users,
    servers: endpoints.map((endpoint, i) => ({ name: `server-${i}`, endpoint })),
    distribution: createDistribution({
      distribution: "ketama",
      hash: "md5",
      servers: endpoints.map((endpoint) => ({ host: "127.0.0.1", port: portOf(endpoint) })),
    }),
    flushEnabled: true,
    // Most of nine clients begin at once, on a machine that may be slow.
    queuedTimeoutMs: 20_000,
    connectTimeoutMs: 20_000,
    replyTimeoutMs: 20_000,
  });
  const engine = new ProxyEngine({
    version: "1.6.45",
    pools: [pool("tcp"), pool("unix"), pool("sasl", checkOf([USER]))],
  });
  const driver = drive(engine, network, clock);
  stack.defer(() => driver.close());
  const tcp = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
  const unix = await driver.listen({ kind: "unix", path: join(folder, "proxy.sock") });
  const sasl = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
  return new Map([
    ["tcp", tcp.endpoint],
    ["unix", unix.endpoint],
    ["sasl", sasl.endpoint],
  ]);
}

function portOf(endpoint: Endpoint): number {
  if (endpoint.kind !== "tcp") throw new TypeError("a memcached behind the proxy listens on TCP");
  return endpoint.port;
}

withPeer("memcached", () => {
  describe.concurrent("clients of others through the proxy", () => {
    for (const client of otherClients(runtime, folder)) {
      const tests = (program: string): void =>
        players.everyWay(client, program, "three memcacheds", startedProxy);
      if (client.peer === undefined) describe("from npm", () => tests(""));
      else withPeer(client.peer.program, tests, client.peer.library);
    }
  });
});
