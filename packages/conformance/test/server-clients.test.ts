// The clients that people have, from npm and from Debian: each does the steps of clients/steps.ts on the server, in
// every way it can be reached, and the same on memcached, by which the clients' programs are shown to be right.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAdapter } from "@memwire/adapter";
import type { Endpoint } from "@memwire/engine";
import { describe } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
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
  const users = join(folder, "sasldb");
  const args = ["-p", "-c", "-a", "memcached", "-f", users, USER.name];
  execFileSync(saslpasswd2, args, { input: USER.password });
  writeFileSync(
    join(folder, "memcached.conf"),
    `mech_list: plain\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${users}\n`,
  );
  const servers = new Map<Where, Endpoint>();
  for (const [where, options] of [
    ["tcp", {}],
    ["unix", { socketPath: join(folder, "memcached.sock") }],
    ["sasl", { args: ["-S"], env: { SASL_CONF_PATH: folder } }],
  ] as const) {
    servers.set(where, stack.use(await startMemcached(options)).endpoint);
  }
  return servers;
}

const withSasl = { name: "SASL", check: ["-S", "-V"] };

describe.concurrent("clients of others", () => {
  for (const client of otherClients(runtime, folder)) {
    const tests = (program: string): void => {
      describe("on the server", () => players.everyWay(client, program, "the server", ourServers));
      const besideMemcached = (): void =>
        withPeer("saslpasswd2", (saslpasswd2) =>
          players.everyWay(client, program, "memcached", () => theirServers(saslpasswd2)),
        );
      withPeer("memcached", besideMemcached, withSasl);
    };
    if (client.peer === undefined) describe("from npm", () => tests(""));
    else withPeer(client.peer.program, tests, client.peer.library);
  }
});
