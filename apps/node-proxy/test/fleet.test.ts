// The proxy over three real memcached servers, driven by clients from npm: every key is stored, lands where
// twemproxy and libmemcached put it, and a server that dies takes only its own keys with it until it is back.

import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  RUNTIMES,
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
  type RunningPeer,
} from "@memwire/conformance";
import Memcached from "memcached";
import { MemcacheClient } from "memcache-client";
import { expect, test } from "vitest";

const main = new URL("../src/main.ts", import.meta.url).pathname;

interface Vectors {
  readonly keys: readonly string[];
}

const vectors = new URL("../../../packages/router/test/vectors/", import.meta.url);
const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(file, vectors), "utf8")) as T;
const { keys: vectorKeys } = read<Vectors>("keys.json");
const twemproxy = read<{ vectors: { list: string; hash: string; distribution: string; map: string }[] }>(
  "twemproxy.json",
);

/** The recorded list: the names count, not the ports, so the servers may listen anywhere. */
const NAMES = ["127.0.0.1:31001", "127.0.0.1:31002", "127.0.0.1:31003"];

const moreKeys = Array.from({ length: 10_000 - vectorKeys.length }, (_, i) => `more:${i}`);
const valueOf = (key: string): string => `value of ${key}`;

withPeer("memcached", () => {
  test.each(RUNTIMES.flatMap((runtime) => ["md5", "fnv1a_64"].map((hash) => [runtime, hash] as const)))(
    "on %s with %s 10,000 keys land where they should, and only those of a dead server fail",
    async (runtime, hash) => {
      const folder = await mkdtemp(join(tmpdir(), "memwire-fleet-"));
      const servers = await Promise.all(NAMES.map(() => startMemcached()));
      try {
        const config = join(folder, "proxy.yaml");
        await writeFile(config, configOf(hash, servers));
        await using proxy = startProgram(runtime, main, ["--config", config]);
        const port = Number((await proxy.said(/127\.0\.0\.1:(\d+) pool fleet/))[1]);
        await store(port);
        await readBack(port);
        await checkOwners(hash, servers);
        await dieAndComeBack(hash, port, servers);
        expect((await proxy.stop()).code).toBe(0);
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
        await rm(folder, { recursive: true });
      }
    },
  );
});

function configOf(hash: string, servers: readonly RunningPeer[]): string {
  const lines = servers.map((server, i) => `    - 127.0.0.1:${portOf(server)}:1 ${NAMES[i]}`);
  return `fleet:
  listen: 127.0.0.1:0
  hash: ${hash}
  distribution: ketama
  timeout: 2000
  servers:
${lines.join("\n")}
`;
}

const openMemcacheClient = (port: number): MemcacheClient =>
  new MemcacheClient({ server: { server: `127.0.0.1:${port}`, maxConnections: 4 } });

const openMemcached = (port: number): Memcached =>
  new Memcached(`127.0.0.1:${port}`, { poolSize: 4, timeout: 10_000 });

/** By one client the recorded keys, by another the rest: that one breaks keys with `$'` or `$&` in them itself. */
async function store(port: number): Promise<void> {
  const one = openMemcacheClient(port);
  await inParts(vectorKeys, (key) => one.set(key, valueOf(key)));
  one.shutdown();
  const other = openMemcached(port);
  await inParts(moreKeys, (key) => promisify<boolean>((done) => other.set(key, valueOf(key), 0, done))());
  other.end();
}

/** One client reads everything in multi-gets, the other what it stored. */
async function readBack(port: number): Promise<void> {
  const one = openMemcacheClient(port);
  const all = [...vectorKeys, ...moreKeys];
  for (let from = 0; from < all.length; from += 500) {
    const part = all.slice(from, from + 500);
    const values = (await one.get(part)) as unknown as Record<string, { value: unknown }>;
    expect(part.filter((key) => String(values[key]?.value) !== valueOf(key))).toEqual([]);
  }
  one.shutdown();
  const other = openMemcached(port);
  await inParts(moreKeys, async (key) => {
    expect(await promisify<unknown>((done) => other.get(key, done))()).toBe(valueOf(key));
  });
  other.end();
}

async function inParts(all: readonly string[], each: (key: string) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < all.length; from += 500) await Promise.all(all.slice(from, from + 500).map(each));
}

/** Every recorded key is on the server that was recorded, and no key is on two. */
async function checkOwners(hash: string, servers: readonly RunningPeer[]): Promise<void> {
  let items = 0;
  for (const [index, server] of servers.entries()) {
    using direct = await TextClient.connect(server.endpoint);
    const stats = await direct.ask("stats\r\n", "END\r\n");
    items += Number(/STAT curr_items (\d+)/.exec(stats)?.[1]);
    expect(await found(direct, vectorKeys)).toEqual(vectorKeys.filter((_, i) => ownerOf(hash, i) === index));
  }
  expect(items).toBe(10_000);
}

async function dieAndComeBack(hash: string, port: number, servers: RunningPeer[]): Promise<void> {
  const dead = 1;
  const mine = vectorKeys.filter((_, i) => ownerOf(hash, i) === dead);
  const others = vectorKeys.filter((_, i) => ownerOf(hash, i) !== dead);
  const deadPort = portOf(servers[dead] as RunningPeer);
  await servers[dead]?.stop();
  using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
  expect(await found(client, others)).toEqual(others);
  for (const key of mine.slice(0, 20)) {
    expect(await client.ask(`get ${key}\r\n`)).toMatch(
      /^SERVER_ERROR Connection (refused|reset by peer)\r\n$/,
    );
  }
  servers[dead] = await startMemcached({ port: deadPort });
  const until = Date.now() + 20_000;
  while ((await client.ask(`set ${mine[0]} 0 0 1\r\nx\r\n`)) !== "STORED\r\n") {
    expect(Date.now()).toBeLessThan(until);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const key of mine.slice(0, 20))
    expect(await client.ask(`set ${key} 0 0 1\r\nx\r\n`)).toBe("STORED\r\n");
  expect(await found(client, others)).toEqual(others);
}

/** Which of these keys are there, asked one by one in one go. */
async function found(client: TextClient, asked: readonly string[]): Promise<string[]> {
  const present: string[] = [];
  for (let from = 0; from < asked.length; from += 100) {
    const part = asked.slice(from, from + 100);
    const answer = await client.ask(`${part.map((key) => `get ${key}\r\n`).join("")}version\r\n`, "VERSION ");
    await client.upTo("\r\n");
    present.push(...part.filter((key) => answer.includes(`VALUE ${key} `)));
  }
  return present;
}

const portOf = ({ endpoint }: RunningPeer): number => (endpoint.kind === "tcp" ? endpoint.port : 0);

function ownerOf(hash: string, key: number): number {
  const vector = twemproxy.vectors.find(
    (each) => each.list === "three-ports" && each.hash === hash && each.distribution === "ketama",
  );
  return parseInt(vector?.map[key] ?? "", 36);
}
