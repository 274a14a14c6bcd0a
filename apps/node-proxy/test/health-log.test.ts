// What is said on stderr of servers that go down and come back.

import { createServer, type Server } from "node:net";
import { RUNTIMES, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import type { HealthChange } from "@memwire/proxy";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FAILURE_EVERY_MS, HealthLog, LINES_MAX, LINES_WINDOW_MS } from "../src/health-log.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const START = Date.UTC(2026, 0, 2, 3, 4, 5);
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rm(folder, { recursive: true }));

function changeAt(now: number, what: HealthChange["what"], server = "cache-a"): HealthChange {
  return {
    what,
    pool: "alpha",
    server,
    endpoint: { kind: "tcp", host: "10.0.0.1", port: 11_211 },
    failure: "timed-out",
    failureText: "Connection timed out",
    now,
    downSince: START,
    health: {
      state: what === "came-back" ? "up" : "down",
      administered: "up",
      since: START,
      retryAt: what === "came-back" ? undefined : now + 250,
      failuresInARow: 3,
      flaps: 0,
      failures: { "timed-out": 3 },
    },
  };
}

function logged(changes: readonly HealthChange[]): string[] {
  const lines: string[] = [];
  const log = new HealthLog((line) => void lines.push(line));
  for (const change of changes) log.changed(change);
  return lines;
}

test("a line says pool, server, why, since when, and when it is tried next", () => {
  expect(
    logged([
      changeAt(START, "went-down"),
      changeAt(START + 250, "still-down"),
      changeAt(START + 1_250, "came-back"),
      changeAt(START + 2_000, "went-down", "10.0.0.1:11211"),
    ]),
  ).toEqual([
    "pool alpha: server cache-a (10.0.0.1:11211) is down since 2026-01-02T03:04:05.000Z: timed-out, 3 failures in a row; tried next at 2026-01-02T03:04:05.250Z",
    "pool alpha: server cache-a (10.0.0.1:11211) is still down since 2026-01-02T03:04:05.000Z: timed-out, 3 failures in a row; tried next at 2026-01-02T03:04:05.500Z",
    "pool alpha: server cache-a (10.0.0.1:11211) takes traffic again, at 2026-01-02T03:04:06.250Z: it was down for 1.3 s",
    "pool alpha: server 10.0.0.1:11211 is down since 2026-01-02T03:04:05.000Z: timed-out, 3 failures in a row; tried next at 2026-01-02T03:04:07.250Z",
  ]);
});

test("a server that comes and goes has so many lines a minute, and another one its own", () => {
  const often = Array.from({ length: 100 }, (_, i) =>
    changeAt(START + i * 10, i % 2 === 0 ? "went-down" : "came-back"),
  );
  const other = changeAt(START + 1_000, "went-down", "cache-b");
  const later = changeAt(START + LINES_WINDOW_MS, "went-down");
  const lines = logged([...often, other, later]);
  expect(lines).toHaveLength(LINES_MAX + 2);
  expect(lines[LINES_MAX - 1]).toMatch(
    /; it changes too often: no more of it until 2026-01-02T03:05:05\.000Z$/,
  );
  expect(lines[LINES_MAX]).toMatch(/server cache-b .*\.250Z$/);
  expect(lines[LINES_MAX + 1]).toMatch(/; before that it changed 90 times$/);
});

test("failures that do not take a server down have a line every ten seconds, which says how many had none", () => {
  const failures = Array.from({ length: 1_000 }, (_, i) => changeAt(START + i * 9, "failed"));
  const later = [FAILURE_EVERY_MS, FAILURE_EVERY_MS + 1, FAILURE_EVERY_MS + 2].map((ms) =>
    changeAt(START + ms, ms === FAILURE_EVERY_MS + 2 ? "went-down" : "failed"),
  );
  const who = "pool alpha: server cache-a (10.0.0.1:11211)";
  const why = "timed-out (Connection timed out)";
  expect(logged([...failures, changeAt(START, "failed", "cache-b"), ...later])).toEqual([
    `${who} failed at 2026-01-02T03:04:05.000Z: ${why}`,
    `pool alpha: server cache-b (10.0.0.1:11211) failed at 2026-01-02T03:04:05.000Z: ${why}`,
    `${who} failed at 2026-01-02T03:04:15.000Z: ${why}; before that it failed 999 times without a line`,
    `${who} is down since 2026-01-02T03:04:05.000Z: timed-out, 3 failures in a row; tried next at 2026-01-02T03:04:15.252Z; before that it failed 1 time without a line`,
  ]);
});

test("a server that fails often still has its lines when it goes down and comes back", () => {
  const failures = Array.from({ length: 100 }, (_, i) => changeAt(START + i * 500, "failed"));
  const lines = logged([...failures, changeAt(START + 50_000, "went-down")]);
  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toContain("is down since");
});

/** Something that answers as a memcached that holds nothing. */
function startEmpty(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      for (const line of chunk.toString("latin1").split("\r\n").slice(0, -1)) {
        socket.write(line === "version" ? "VERSION 1.6.45\r\n" : "END\r\n");
      }
    });
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

const closed = (server: Server): Promise<void> => new Promise((done) => server.close(() => done()));

test.each(RUNTIMES)(
  "a failure that does not take its server down is said on stderr on %s",
  async (runtime) => {
    const away = await startEmpty(0);
    const { port } = away.address() as { port: number };
    await closed(away);
    await using proxy = startProgram(runtime, main, ["--port", "0", "--backend", `127.0.0.1:${port}`]);
    const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
    using client = await TextClient.connect(parseEndpoint(address));
    expect(await client.ask("get key\r\n")).toBe("SERVER_ERROR Connection refused\r\n");
    await proxy.said(/ failed at /);
    await proxy.stop();
    expect(proxy.stderr.replaceAll(/\d{4}-\S+Z/g, "TIME")).toBe(
      `memwire-proxy: pool main: server 127.0.0.1:${port} failed at TIME: refused (Connection refused)\n`,
    );
  },
);

test.each(RUNTIMES)("a server that is away, and is there, is said on stderr on %s", async (runtime) => {
  const first = await startEmpty(0);
  const { port } = first.address() as { port: number };
  await closed(first);
  const file = join(folder, `${runtime}.yml`);
  const health = "{ failures: 1, retry_min: 50, retry_max: 50 }";
  writeFileSync(
    file,
    `pools: { alpha: { listen: '127.0.0.1:0', health: ${health}, servers: ['127.0.0.1:${port} a'] } }`,
  );
  await using proxy = startProgram(runtime, main, ["--config", file]);
  const [, address = ""] = await proxy.said(/^(\S+) pool alpha:/m);
  using client = await TextClient.connect(parseEndpoint(address));
  expect(await client.ask("get key\r\n")).toBe("SERVER_ERROR Connection refused\r\n");
  await proxy.said(/is still down since/);
  const server = await startEmpty(port);
  try {
    await proxy.said(/takes traffic again/);
    expect(await client.ask("get key\r\n")).toBe("END\r\n");
  } finally {
    const gone = closed(server);
    await proxy.stop();
    await gone;
  }
  const lines = proxy.stderr.replaceAll(/\d{4}-\S+Z/g, "TIME").replaceAll(/\d+\.\d s/g, "TIME");
  const who = `memwire-proxy: pool alpha: server a (127.0.0.1:${port})`;
  expect(lines.split("\n")).toEqual([
    `${who} is down since TIME: refused, 1 failure in a row; tried next at TIME`,
    `${who} is still down since TIME: refused, 2 failures in a row; tried next at TIME`,
    `${who} takes traffic again, at TIME: it was down for TIME`,
    "",
  ]);
});
