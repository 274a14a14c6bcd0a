// A proxy that may have few file descriptors, and clients that take all of them.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  RUNTIMES,
  RunningProgram,
  runtimeCommand,
  startProgram,
  TextClient,
  type Runtime,
} from "@memwire/conformance";
import { parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";

type TcpEndpoint = Extract<Endpoint, { kind: "tcp" }>;

const apps = join(import.meta.dirname, "..", "..");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-descriptors-"))));
afterAll(() => rm(folder, { recursive: true }));

const DESCRIPTORS_MAX = 64;

async function endpointOf(proxy: RunningProgram): Promise<TcpEndpoint> {
  const [, address = ""] = await proxy.said(/^(\S+) pool \w+:/m);
  return parseEndpoint(address) as TcpEndpoint;
}

/** Over one server, which its first failures would take out for a minute. */
async function startWithFew(runtime: Runtime, { host, port }: TcpEndpoint): Promise<RunningProgram> {
  const file = join(folder, `${runtime}.yml`);
  const pool = { listen: "127.0.0.1:0", servers: [`${host}:${port}:1 a`], auto_eject_hosts: true };
  await writeFile(file, JSON.stringify({ alpha: { ...pool, server_retry_timeout: 60_000 } }));
  const limited = `ulimit -n ${DESCRIPTORS_MAX}; exec "$0" "$@"`;
  const main = join(apps, "node-proxy", "src", "main.ts");
  return new RunningProgram("sh", ["-c", limited, ...runtimeCommand(runtime), main, "--config", file]);
}

/** More clients than there are descriptors for come, ask, and go. @returns all that was answered */
async function crowd({ host, port }: TcpEndpoint): Promise<Set<string>> {
  const answers = new Set<string>();
  const sockets = Array.from({ length: DESCRIPTORS_MAX * 2 }, (): Socket => {
    const socket = connect({ host, port });
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

test.each(RUNTIMES)(
  "out of file descriptors no server is to blame, and later all is well, on %s",
  async (runtime) => {
    await using server = startProgram("node", join(apps, "node-proxy", "src", "main.ts"), ["--port", "0"]);
    await using proxy = await startWithFew(runtime, await endpointOf(server));
    const endpoint = await endpointOf(proxy);
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
