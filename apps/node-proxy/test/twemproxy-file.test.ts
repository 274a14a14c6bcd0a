// What twemproxy's file asks for, beside where keys are, happens: servers are ejected and come back, are connected to
// beforehand, and several times.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
  type RunningProgram,
} from "@memwire/conformance";
import { describeEndpoint, parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-twemproxy-"))));
afterAll(() => rm(folder, { recursive: true }));

const SOON = { timeout: 15_000 };

function start(servers: readonly Endpoint[], lines: string): RunningProgram {
  const list = servers.map((endpoint, i) => `"${describeEndpoint(endpoint)}:1 server-${i}"`);
  writeFileSync(
    join(folder, "nutcracker.yml"),
    `main:\n  listen: 127.0.0.1:0\n  servers: [${list.join(", ")}]\n${lines}`,
  );
  return startProgram("node", main, ["--config", join(folder, "nutcracker.yml")]);
}

async function clientOf(proxy: RunningProgram): Promise<TextClient> {
  const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
  return await TextClient.connect(parseEndpoint(address));
}

const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);

/** How many keys can be stored. */
async function storable(client: TextClient): Promise<number> {
  let stored = 0;
  for (const key of keys) if ((await client.ask(`set ${key} 0 0 1\r\nx\r\n`)) === "STORED\r\n") stored++;
  return stored;
}

/** What a memcached says of itself. */
async function statOf(endpoint: Endpoint, name: string): Promise<number> {
  using client = await TextClient.connect(endpoint);
  return Number(new RegExp(`STAT ${name} (\\d+)`).exec(await client.ask("stats\r\n", "END\r\n"))?.[1]);
}

withPeer("memcached", () => {
  test("auto_eject_hosts: the keys of a server that fails go to the others, and back to it when it is well", async () => {
    await using one = await startMemcached();
    const other = await startMemcached();
    const eject = "  auto_eject_hosts: true\n  server_failure_limit: 2\n  server_retry_timeout: 300\n";
    await using proxy = start([one.endpoint, other.endpoint], eject);
    using client = await clientOf(proxy);
    expect(await storable(client)).toBe(keys.length);
    const before = await statOf(other.endpoint, "cmd_set");
    expect(before).toBeGreaterThan(5);
    await other.stop();
    await expect.poll(() => storable(client), SOON).toBe(keys.length);
    const { port } = other.endpoint as { port: number };
    await using again = await startMemcached({ port });
    await expect
      .poll(async () => {
        await storable(client);
        return await statOf(again.endpoint, "cmd_set");
      }, SOON)
      .toBeGreaterThanOrEqual(before);
  });

  test("without it a server that fails keeps its keys", async () => {
    await using one = await startMemcached();
    const other = await startMemcached();
    await using proxy = start([one.endpoint, other.endpoint], "  timeout: 300\n");
    using client = await clientOf(proxy);
    expect(await storable(client)).toBe(keys.length);
    const mine = keys.length - (await statOf(other.endpoint, "cmd_set"));
    await other.stop();
    for (let i = 0; i < 3; i++) expect(await storable(client)).toBe(mine);
  });

  test("a value of any size goes to the server, and what is too large for it is refused by it", async () => {
    await using memcached = await startMemcached({ args: ["-I", "8m"] });
    await using proxy = start([memcached.endpoint], "");
    using client = await clientOf(proxy);
    const most = "x".repeat(7_000_000);
    expect(await client.ask(`set key 0 0 ${most.length}\r\n${most}\r\n`)).toBe("STORED\r\n");
    expect(await client.ask("get key\r\n", "END\r\n")).toBe(
      `VALUE key 0 ${most.length}\r\n${most}\r\nEND\r\n`,
    );
    const tooMuch = "y".repeat(9_000_000);
    const refused = await client.ask(`set key 0 0 ${tooMuch.length}\r\n${tooMuch}\r\n`);
    expect(refused).toBe("SERVER_ERROR object too large for cache\r\n");
    // What memcached does with the old value is up to it, also when nobody waits for an answer.
    client.send(`set key 0 0 ${most.length} noreply\r\n${most}\r\n`);
    expect(await client.ask("get key\r\n", "END\r\n")).toContain(most);
  });

  test("preconnect and server_connections: so many connections, before anybody asks", async () => {
    await using memcached = await startMemcached();
    const alone = await statOf(memcached.endpoint, "curr_connections");
    await using proxy = start([memcached.endpoint], "  preconnect: true\n  server_connections: 3\n");
    await proxy.said(/Ctrl-C ends it/);
    await expect.poll(() => statOf(memcached.endpoint, "curr_connections"), SOON).toBe(alone + 3);
  });
});
