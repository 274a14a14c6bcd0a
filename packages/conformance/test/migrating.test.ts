// docs/migrating.md, tried: its settings are read, and clients that choose servers by themselves store keys on three
// real memcacheds, which the proxy with the settings of the page then finds.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openAdapter } from "@memwire/adapter";
import { createPlacement, describeMistake, type PoolConfig, readProxyConfig } from "@memwire/config";
import { drive, type Endpoint } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { afterAll, describe, expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import { type RingClient, ringClients } from "./clients/rings.ts";
import { realWorld } from "./server-harness.ts";

const SERVERS = 3;
const KEYS = 300;
const TIMEOUT_MS = 90_000;
/** Every key of twemproxy, with a value that it takes. */
const TWEMPROXY_VALUES: Readonly<Record<string, unknown>> = {
  listen: "127.0.0.1:2",
  servers: ["127.0.0.1:1:1"],
  hash: "md5",
  distribution: "modula",
  hash_tag: "{}",
  timeout: 400,
  backlog: 128,
  client_connections: 10,
  server_connections: 2,
  preconnect: true,
  auto_eject_hosts: true,
  server_failure_limit: 3,
  server_retry_timeout: 2_000,
  reuse_port: true,
  tcpkeepalive: true,
  redis: false,
};

const page = readFileSync(new URL("../../../docs/migrating.md", import.meta.url), "utf8");
const pools = poolsOfPage();
const run = promisify(execFile);
const { runtime } = await openAdapter();
const world = await realWorld();

function poolsOfPage(): ReadonlyMap<string, PoolConfig> {
  const blocks = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gms), ([, text = ""]) => text);
  return new Map(
    blocks.flatMap((text) => {
      const reading = readProxyConfig(text, "docs/migrating.md");
      if (!reading.ok) throw new Error(reading.mistakes.map(describeMistake).join("\n"));
      return reading.config.pools.map((pool) => [pool.name, pool] as const);
    }),
  );
}

test("every block of settings on the page is read, and every pool on it is tried", () => {
  const tried = new Set(ringClients(runtime).map(({ pool }) => pool));
  expect([...pools.keys()].filter((name) => name !== "alpha").toSorted()).toEqual([...tried].toSorted());
});

test("every key of twemproxy on the page is taken, and there is no other", () => {
  const table = page.split("\n## From twemproxy\n")[1]?.split("\n```yaml")[0] ?? "";
  const keys = Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, key = ""]) => key);
  expect(keys.toSorted()).toEqual(Object.keys(TWEMPROXY_VALUES).toSorted());
  const reading = readProxyConfig(JSON.stringify({ alpha: TWEMPROXY_VALUES }), "nutcracker.yml");
  expect(reading.ok ? [] : reading.mistakes).toEqual([]);
});

withPeer("memcached", () => {
  describe.concurrent("keys that clients placed by themselves", () => {
    const folder = mkdtempSync(join(tmpdir(), "memwire-rings-"));
    const stack = new AsyncDisposableStack();
    afterAll(async () => {
      await stack.disposeAsync();
      rmSync(folder, { recursive: true });
    });

    const declare = (client: RingClient, program: string): void => {
      test(
        `${client.name}: the proxy finds them`,
        async () => {
          const ports: number[] = [];
          for (let i = 0; i < SERVERS; i++) ports.push(portOf(stack.use(await startMemcached()).endpoint));
          const servers = ports.map((port) => `127.0.0.1:${port}`);
          const [path, ...args] = client.command(program, folder, KEYS);
          await run(path, [...args, ...servers], { cwd: folder });
          expect(await foundBy(client.pool, ports)).toBe(KEYS);
        },
        TIMEOUT_MS,
      );
    };
    for (const client of ringClients(runtime)) {
      if (client.peer === undefined) describe("from npm", () => declare(client, ""));
      else withPeer(client.peer.program, (program) => declare(client, program), client.peer.library);
    }

    /** How many of the keys a proxy finds that has that pool's settings and these servers. */
    async function foundBy(name: string, ports: readonly number[]): Promise<number> {
      const pool = pools.get(name);
      if (pool === undefined) throw new Error(`the page has no pool ${name}`);
      const servers = ports.map((port) => ({
        endpoint: { kind: "tcp", host: "127.0.0.1", port },
        weight: 1,
      }));
      const distribution = createPlacement(pool, servers as unknown as PoolConfig["servers"], Math.random);
      const engine = new ProxyEngine({
        pools: [
          {
            name,
            servers: servers.map(({ endpoint }, i) => ({ name: `s${i}`, endpoint: endpoint as Endpoint })),
            distribution,
            replyTimeoutMs: 20_000,
            connectTimeoutMs: 20_000,
            queuedTimeoutMs: 20_000,
          },
        ],
      });
      const driver = drive(engine, world.network, world.clock);
      try {
        const { endpoint } = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
        const client = WireClient.connect(world.network, endpoint);
        const keys = Array.from({ length: KEYS }, (_, i) => `ring-${i}`);
        client.send(`get ${keys.join(" ")}\r\n`);
        await world.until(() => client.peek().endsWith("END\r\n"), "the values");
        return client.take().split("VALUE ring-").length - 1;
      } finally {
        await driver.close();
      }
    }
  });
});

function portOf(endpoint: Endpoint): number {
  if (endpoint.kind !== "tcp") throw new TypeError("a memcached here listens on TCP");
  return endpoint.port;
}
