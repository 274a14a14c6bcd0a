// A proxy that may have few file descriptors, and clients that take all of them.

import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { readProxyConfig, type ProxyConfig } from "@memwire/config";
import {
  RUNTIMES,
  RunningProgram,
  runtimeCommand,
  startProgram,
  TextClient,
  type Runtime,
} from "@memwire/conformance";
import { describeEndpoint, parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fitted } from "../src/descriptors.ts";

const apps = join(import.meta.dirname, "..", "..");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-descriptors-"))));
afterAll(() => rm(folder, { recursive: true }));

/** As few as a proxy may have from the start, and as many as it then has left. */
const DESCRIPTORS_MAX = 128;
const DESCRIPTORS_LEFT = 64;

type Kind = Endpoint["kind"];

const LISTENERS = RUNTIMES.flatMap((runtime) =>
  (["tcp", "unix"] as const).map((kind) => [runtime, kind] as const),
);

/** A configuration with a pool of each kind. */
function configOf(pools: string, rest = ""): ProxyConfig {
  const reading = readProxyConfig(`pools:\n${pools}\n${rest}`, "proxy.yml");
  if (!reading.ok) throw new RangeError(reading.mistakes.map(({ message }) => message).join());
  return reading.config;
}

const plain = "  a: { listen: 127.0.0.1:1, servers: [a:1, b:1], connections: 3 }";
const inTls = "  b: { listen: { address: 127.0.0.1:2, tls: { cert: c } }, servers: [a:1] }";
const fewInTls =
  "  d: { listen: [{ address: :3, tls: { cert: c } }, :4], servers: [a:1], client_connections: 10 }";
const few = "  c: { listen: 127.0.0.1:3, servers: [a:1], client_connections: 10 }";

test.each([
  ["all who may come", plain, "", 4_096 + 7 + 64, undefined],
  ["as many as there is room for", plain, "", 1_000, 929],
  ["those in their handshakes and before", inTls, "", 4_096 + 4_096 + 1_024 + 2 + 64, undefined],
  ["them where there is little room", inTls, "", 1_000, 311],
  ["them where there is more", inTls, "", 6_090, 2_500],
  ["no more than pools take", few, "", 10 + 2 + 64, undefined],
  ["but those in their handshakes", fewInTls, "", 10 + 4_096 + 1_024 + 3 + 64, undefined],
  ["and fewer of them where there is less room", fewInTls, "", 1_000, 461],
  ["no more than is asked for", plain, "proxy: { connections_max: 100 }", 171, undefined],
  ["at least one", plain, "", 64, 1],
])("clients have a file descriptor each: %s", (_what, pools, rest, max, clients) => {
  const config = configOf(pools, rest);
  const { config: changed, note } = fitted(config, max);
  expect(changed.limits.connectionsMax).toBe(clients ?? config.limits.connectionsMax);
  expect(note === undefined).toBe(clients === undefined);
  expect(fitted(config, undefined)).toEqual({ config });
  const needed = Number(/needs ulimit -n (\d+) /.exec(note ?? "")?.[1] ?? max);
  expect(fitted(config, needed).note).toBeUndefined();
  expect(fitted(config, needed - 1).note).toMatch(/^of \d+ file descriptors servers and listeners need /);
});

async function endpointOf(proxy: RunningProgram): Promise<Endpoint> {
  const [, address = ""] = await proxy.said(/^(\S+) pool \w+:/m);
  return parseEndpoint(address);
}

/** Over one server, which its first failures would take out for a minute. */
async function startWithFew(runtime: Runtime, kind: Kind, server: Endpoint): Promise<RunningProgram> {
  const file = join(folder, `${runtime}.yml`);
  const listen = kind === "tcp" ? "127.0.0.1:0" : join(folder, `${runtime}.sock`);
  const pool = { listen, servers: [`${describeEndpoint(server)}:1 a`], auto_eject_hosts: true };
  await writeFile(file, JSON.stringify({ alpha: { ...pool, server_retry_timeout: 60_000 } }));
  const limited = `ulimit -n ${DESCRIPTORS_MAX}; exec "$0" "$@"`;
  const main = join(apps, "node-proxy", "src", "main.ts");
  return new RunningProgram("sh", ["-c", limited, ...runtimeCommand(runtime), main, "--config", file]);
}

/** More clients than there are descriptors for come, ask, and go. @returns all that was answered */
async function crowd(endpoint: Endpoint): Promise<Set<string>> {
  const answers = new Set<string>();
  const sockets = Array.from({ length: DESCRIPTORS_MAX * 2 }, (): Socket => {
    const socket = connect(endpoint);
    socket.setEncoding("latin1").on("data", (text) => void answers.add(String(text)));
    return socket.on("error", () => {});
  });
  const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));
  await aWhile();
  for (const socket of sockets) socket.write("get key\r\n");
  await aWhile();
  for (const socket of sockets) socket.destroy();
  return answers;
}

test.runIf(process.platform === "linux").each(LISTENERS)(
  "fewer clients are let in than there are file descriptors, so that servers can be reached, on %s by %s",
  async (runtime, kind) => {
    await using server = startProgram("node", join(apps, "node-proxy", "src", "main.ts"), ["--port", "0"]);
    await using proxy = await startWithFew(runtime, kind, await endpointOf(server));
    const endpoint = await endpointOf(proxy);
    await proxy.said(
      /^memwire-proxy: of 128 file descriptors servers and listeners need 2, and 64 are kept: connections_max is 62; 4096 needs ulimit -n 4162 \(systemd: LimitNOFILE=4162\)$/m,
    );
    expect([...(await crowd(endpoint))].toSorted()).toEqual([
      "END\r\n",
      "ERROR Too many open connections\r\n",
    ]);
    expect(proxy.stderr).not.toContain("failed");
  },
);

test.runIf(process.platform === "linux").each(LISTENERS)(
  "out of file descriptors no server is to blame, and later all is well, on %s by %s",
  async (runtime, kind) => {
    await using server = startProgram("node", join(apps, "node-proxy", "src", "main.ts"), ["--port", "0"]);
    await using proxy = await startWithFew(runtime, kind, await endpointOf(server));
    const endpoint = await endpointOf(proxy);
    const left = `--nofile=${DESCRIPTORS_LEFT}:${DESCRIPTORS_LEFT}`;
    execFileSync("prlimit", ["--pid", String(proxy.pid), left]);
    expect([...(await crowd(endpoint))]).toEqual(["SERVER_ERROR Too many open files\r\n"]);
    // Its server is left alone for a moment; and who comes before the crowd is all gone may be closed on Node, unheard.
    const asked = async (): Promise<string> => {
      using early = await TextClient.connect(endpoint);
      return await early.ask("get key\r\n");
    };
    await expect.poll(asked, { timeout: 10_000 }).toBe("END\r\n");
    using client = await TextClient.connect(endpoint);
    expect(await client.ask("stats\r\n", "END\r\n")).toContain("STAT alpha:a:downs 0\r\n");
  },
);
