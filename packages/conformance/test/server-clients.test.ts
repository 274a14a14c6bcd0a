// The clients that people have, from npm and from Debian: each does the steps of clients/steps.ts on the server, in
// every way it can be reached, and the same on memcached, by which the clients' programs are shown to be right.
//
// All of them at once, as most of the time is waiting for items to expire.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import type { Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunningProgram, startMemcached, withPeer } from "../src/mod.ts";
import { type Command, type OtherClient, otherClients, type Way } from "./clients/clients.ts";
import { type Step, STEPS } from "./clients/steps.ts";
import { realHarness } from "./server-harness.ts";

const ENDS_WITHIN_MS = 90_000;
const USER = { name: "user", password: "pass" };

type Where = Way["where"];
type Servers = ReadonlyMap<Where, Endpoint>;

const { runtime } = await openAdapter();
const folder = mkdtempSync(join(tmpdir(), "memwire-clients-"));
const clients = otherClients(runtime, folder);
// Each program that runs is ended with this process.
process.setMaxListeners(process.getMaxListeners() + 100);
const stack = new AsyncDisposableStack();
afterAll(async () => {
  await stack.disposeAsync();
  rmSync(folder, { recursive: true });
});

/** What has to be compiled is compiled once. */
const commands = new Map<OtherClient, Promise<Command>>();
function commandOf(client: OtherClient, program: string): Promise<Command> {
  const command = commands.get(client) ?? Promise.resolve(client.command(program, folder));
  commands.set(client, command);
  return command;
}

/** What a client says that it found, a line a step, and what went wrong if something did. */
async function found(client: OtherClient, program: string, way: Way, servers: Servers): Promise<string[]> {
  try {
    const endpoint = servers.get(way.where);
    if (endpoint === undefined) throw new Error(`no server for ${way.where}`);
    const address = endpoint.kind === "unix" ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
    const [path, ...args] = await commandOf(client, program);
    const prefix = `${client.name}-${way.protocol}-`;
    const user = way.where === "sasl" ? [USER.name, USER.password] : [];
    await using steps = new RunningProgram(path, [...args, address, prefix, way.protocol, ...user]);
    const timer = setTimeout(() => steps.signal("SIGKILL"), ENDS_WITHIN_MS);
    const { code, signal } = await steps.ended;
    clearTimeout(timer);
    const lines = steps.stdout.trimEnd().split("\n");
    return code === 0 ? lines : [...lines, `ended with ${code ?? signal}: ${steps.stderr.trimEnd()}`];
  } catch (error) {
    return [String(error)];
  }
}

function expected({ lacks }: OtherClient, { protocol, where }: Way): string[] {
  const lacking = new Set<string>(lacks.flatMap(({ steps }) => steps));
  const steps: readonly Step[] = STEPS;
  return steps
    .filter(({ step, only }) => !lacking.has(step) && [undefined, protocol, where].includes(only))
    .map(({ step, answer }) => `${step}\t${answer}`);
}

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

const noun: Readonly<Record<Where, string>> = { tcp: "TCP", unix: "a unix socket", sasl: "TCP with SASL" };

/** Declares a test for each way of a client, all of which begin at once. */
function everyWay(client: OtherClient, program: string, name: string, start: () => Promise<Servers>): void {
  const finds = new Map<Way, Promise<string[]>>();
  beforeAll(async () => {
    const servers = await start();
    for (const way of client.ways) finds.set(way, found(client, program, way, servers));
  });
  for (const way of client.ways) {
    test(
      `${client.name}, ${way.protocol}, over ${noun[way.where]}, finds in ${name} what it should`,
      async () => expect(await finds.get(way)).toEqual(expected(client, way)),
      ENDS_WITHIN_MS + 10_000,
    );
  }
}

const withSasl = { name: "SASL", check: ["-S", "-V"] };

describe.concurrent("clients of others", () => {
  for (const client of clients) {
    const tests = (program: string): void => {
      describe("on the server", () => everyWay(client, program, "the server", ourServers));
      const besideMemcached = (): void =>
        withPeer("saslpasswd2", (saslpasswd2) =>
          everyWay(client, program, "memcached", () => theirServers(saslpasswd2)),
        );
      withPeer("memcached", besideMemcached, withSasl);
    };
    if (client.peer === undefined) describe("from npm", () => tests(""));
    else withPeer(client.peer.program, tests, client.peer.library);
  }
});
