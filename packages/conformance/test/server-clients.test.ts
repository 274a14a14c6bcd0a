// The clients that people have, from npm and from Debian: each does the steps of clients/steps.ts on the server, in
// every way it can be reached, and the same on memcached, by which the clients' programs are shown to be right.

import { join } from "node:path";
import { openAdapter } from "@memwire/adapter";
import type { Endpoint } from "@memwire/engine";
import { describe } from "vitest";
import { saslOptions, startMemcached, WITH_SASL, withPeer } from "../src/mod.ts";
import { otherClients } from "./clients/clients.ts";
import { Players, type Servers, USER, type Where } from "./clients/play.ts";
import { realHarness } from "./server-harness.ts";

const { runtime } = await openAdapter();
const players = new Players();
const { folder, stack } = players;

let ours: Promise<Servers> | undefined;
const ourServers = (): Promise<Servers> => (ours ??= startOurs());
async function startOurs(): Promise<Servers> {
  const authentication = { kind: "sasl", users: [USER] } as const;
  const servers = new Map<Where, Endpoint>();
  for (const [where, harness] of [
    ["tcp", await realHarness("tcp")],
    ["unix", await realHarness("unix")],
    ["sasl", await realHarness("tcp", { authentication })],
  ] as const) {
    const server = await harness.start();
    stack.defer(() => server.stop());
    servers.set(where, server.endpoint);
  }
  return servers;
}

let theirs: Promise<Servers> | undefined;
const theirServers = (saslpasswd2: string): Promise<Servers> => (theirs ??= startTheirs(saslpasswd2));
async function startTheirs(saslpasswd2: string): Promise<Servers> {
  const servers = new Map<Where, Endpoint>();
  for (const [where, options] of [
    ["tcp", {}],
    ["unix", { socketPath: join(folder, "memcached.sock") }],
    ["sasl", saslOptions(saslpasswd2, folder, USER)],
  ] as const) {
    servers.set(where, stack.use(await startMemcached(options)).endpoint);
  }
  return servers;
}

describe.concurrent("clients of others", () => {
  for (const client of otherClients(runtime, folder)) {
    const tests = (program: string): void => {
      describe("on the server", () => players.everyWay(client, program, "the server", ourServers));
      const besideMemcached = (): void =>
        withPeer("saslpasswd2", (saslpasswd2) =>
          players.everyWay(client, program, "memcached", () => theirServers(saslpasswd2)),
        );
      withPeer("memcached", besideMemcached, WITH_SASL);
    };
    if (client.peer === undefined) describe("from npm", () => tests(""));
    else withPeer(client.peer.program, tests, client.peer.library);
  }
});
