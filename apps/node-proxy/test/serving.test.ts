// memwire-proxy as people run it, on every runtime: it starts, answers a plain TCP client, and ends when asked to.

import { statSync, watch, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  RUNTIMES,
  RunningProgram,
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
  type Runtime,
} from "@memwire/conformance";
import { describeEndpoint, parseEndpoint, type Endpoint } from "@memwire/engine";
import { createDistribution } from "@memwire/router";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const root = join(import.meta.dirname, "..", "..", "..");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rm(folder, { recursive: true }));

const start = (runtime: Runtime, ...args: string[]): RunningProgram => startProgram(runtime, main, args);

async function endpointOf(program: RunningProgram, pool = "main"): Promise<Endpoint> {
  const [, address = ""] = await program.said(new RegExp(`^(\\S+) pool ${pool}:`, "m"));
  return parseEndpoint(address);
}

/** A server that takes requests and answers when the test says so. */
async function startHesitant(): Promise<{ asked: Promise<Socket>; address: string } & AsyncDisposable> {
  const { promise: asked, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => resolve(socket));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address() as { port: number };
  return {
    asked,
    address: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      (await asked).destroy();
    },
  };
}

const slowPool = (server: string): string =>
  `main: { listen: '127.0.0.1:0', timeout: 60000, servers: ['${server}:1'] }\n`;

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("serves three embedded servers, says so, and ends with 0", async () => {
    await using proxy = start(runtime, "--port", "0");
    const endpoint = await endpointOf(proxy);
    using client = await TextClient.connect(endpoint);
    for (let i = 0; i < 20; i++) {
      expect(await client.ask(`set key:${i} 7 0 3\r\nv${10 + i}\r\n`)).toBe("STORED\r\n");
    }
    const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
    const values = keys.map((key, i) => `VALUE ${key} 7 3\r\nv${10 + i}\r\n`);
    const answer = await client.ask(`get ${keys.join(" ")}\r\n`, "END\r\n");
    expect(
      answer
        .slice(0, -5)
        .split(/(?=VALUE)/)
        .toSorted(),
    ).toEqual(values.toSorted());
    const stats = await client.ask("stats\r\n", "END\r\n");
    const own = ["pid", "uptime", "proxy_version", "version"].map(
      (name) => new RegExp(`STAT ${name} (.+)\r`).exec(stats)?.[1],
    );
    expect(own).toEqual([`${proxy.pid}`, expect.stringMatching(/^\d{1,2}$/), "0.1.0", "1.6.45"]);
    for (const name of ["embedded-1", "embedded-2", "embedded-3"]) {
      expect(Number(new RegExp(`main:${name}:requests (\\d+)`).exec(stats)?.[1])).toBeGreaterThan(0);
    }
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
    expect(await client.rest()).toBe("");
    const address = describeEndpoint(endpoint);
    expect(proxy.stderr).toBe("");
    expect(proxy.stdout.replaceAll(/(?<=embedded-\d 127.0.0.1:)\d+/g, "N").split("\n")).toEqual([
      `memwire-proxy 0.1.0 on ${runtime === "deno" ? "deno over node:net" : runtime}`,
      `${address} pool main: ketama by md5 over embedded-1 127.0.0.1:N, embedded-2 127.0.0.1:N, embedded-3 127.0.0.1:N`,
      "these servers are in this process; what they hold is gone when it ends",
      "try it in another terminal:",
      `  node -e 'net.connect(${address.split(":")[1]}, "127.0.0.1").end("set greeting 0 0 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n").pipe(process.stdout)'`,
      "Ctrl-C ends it",
      "",
    ]);
  });

  test("answers what is under way before it ends", async () => {
    await using server = await startHesitant();
    await using proxy = start(runtime, "--port", "0", "--backend", server.address);
    const endpoint = await endpointOf(proxy);
    using client = await TextClient.connect(endpoint);
    client.send("get slow\r\n");
    const socket = await server.asked;
    proxy.signal("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(TextClient.connect(endpoint)).rejects.toThrow("no connection");
    socket.write("VALUE slow 0 4\r\nhere\r\nEND\r\n");
    expect(await client.rest()).toBe("VALUE slow 0 4\r\nhere\r\nEND\r\n");
    expect(await proxy.ended).toEqual({ code: 0, signal: null });
  });

  test("ends at once when asked a second time", async () => {
    await using server = await startHesitant();
    const file = join(folder, `${runtime}-slow.yaml`);
    writeFileSync(file, slowPool(server.address));
    await using proxy = start(runtime, "--config", file);
    using client = await TextClient.connect(await endpointOf(proxy));
    client.send("get never\r\n");
    await server.asked;
    proxy.signal("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const asked = Date.now();
    proxy.signal("SIGINT");
    expect(await proxy.ended).toEqual({ code: 130, signal: null });
    expect(Date.now() - asked).toBeLessThan(2_000);
  });

  withPeer("memcached", () => {
    test("two pools of a file: each key is where twemproxy puts it", async () => {
      const peers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
      try {
        const addresses = peers.map(({ endpoint }) => describeEndpoint(endpoint));
        const socketPath = join(folder, `${runtime}.sock`);
        const file = join(folder, `${runtime}.yaml`);
        writeFileSync(
          file,
          `by-md5:
  listen: 127.0.0.1:0
  hash: md5
  servers:
    - ${addresses[0]}:1 cache-a
    - ${addresses[1]}:2 cache-b
    - ${addresses[2]}:1 cache-c
by-tag:
  listen: ${socketPath} 0600
  hash_tag: "{}"
  distribution: modula
  servers: ["${addresses[2]}:1 one", "${addresses[0]}:1 two"]
`,
        );
        const seen: string[] = [];
        const watcher = watch(folder, (kind, file) => void seen.push(`${kind} ${file}`));
        await using proxy = start(runtime, "--config", file);
        using first = await TextClient.connect(await endpointOf(proxy, "by-md5"));
        using second = await TextClient.connect(await endpointOf(proxy, "by-tag"));
        expect(statSync(socketPath).mode & 0o777).toBe(0o600);
        watcher.close();
        // It had them from the start: a chmod would be seen as a change.
        expect(seen.filter((one) => one.endsWith(basename(socketPath)))).toEqual([
          `rename ${basename(socketPath)}`,
        ]);
        const servers = [{ weight: 1 }, { weight: 2 }, { weight: 1 }].map(({ weight }, i) => ({
          name: `cache-${"abc"[i]}`,
          host: "127.0.0.1",
          port: 1,
          weight,
        }));
        const ring = createDistribution({ distribution: "ketama", hash: "md5", servers });
        const direct = await Promise.all(peers.map(({ endpoint }) => TextClient.connect(endpoint)));
        const used = new Set<number>();
        for (let i = 0; i < 60; i++) {
          const key = `user:${i}`;
          expect(await first.ask(`set ${key} 0 0 ${key.length}\r\n${key}\r\n`)).toBe("STORED\r\n");
          const owner = ring.owner(new TextEncoder().encode(key), 0, key.length);
          used.add(owner);
          for (const [at, one] of direct.entries()) {
            const value = at === owner ? `VALUE ${key} 0 ${key.length}\r\n${key}\r\n` : "";
            expect(await one.ask(`get ${key}\r\n`, "END\r\n")).toBe(`${value}END\r\n`);
          }
        }
        expect(used.size).toBe(3);
        // All keys of one tag are on one server, whatever stands around it.
        const tagged = Array.from({ length: 20 }, (_, i) => `item-${i}{7}`);
        for (const key of tagged) expect(await second.ask(`set ${key} 0 0 1\r\nx\r\n`)).toBe("STORED\r\n");
        const holders = await Promise.all(
          direct.map(
            async (one) =>
              (await one.ask(`get ${tagged.join(" ")}\r\n`, "END\r\n")).split("VALUE").length - 1,
          ),
        );
        expect(holders.toSorted((a, b) => a - b)).toEqual([0, 0, 20]);
        for (const one of direct) one[Symbol.dispose]();
        expect(await proxy.stop()).toEqual({ code: 0, signal: null });
        expect(() => statSync(socketPath)).toThrow("ENOENT");
      } finally {
        await Promise.all(peers.map((peer) => peer.stop()));
      }
    });
  });
});

test("does not wait for ever for a server that never answers, on any runtime", async () => {
  await Promise.all(
    RUNTIMES.map(async (runtime) => {
      await using server = await startHesitant();
      const file = join(folder, `${runtime}-never.yaml`);
      writeFileSync(file, slowPool(server.address));
      await using proxy = start(runtime, "--config", file);
      using client = await TextClient.connect(await endpointOf(proxy));
      client.send("get never\r\n");
      await server.asked;
      proxy.signal("SIGTERM");
      const asked = Date.now();
      expect(await proxy.ended).toEqual({ code: 0, signal: null });
      expect(Date.now() - asked).toBeLessThan(9_000);
    }),
  );
});

test("npm start serves a plain TCP client", async () => {
  await using proxy = new RunningProgram("npm", ["start", "--", "--port", "0"], { cwd: root, group: true });
  using client = await TextClient.connect(await endpointOf(proxy));
  expect(await client.ask("set greeting 0 0 5\r\nhello\r\n")).toBe("STORED\r\n");
  expect(await client.ask("get greeting\r\n", "END\r\n")).toBe("VALUE greeting 0 5\r\nhello\r\nEND\r\n");
});
