// The tests that clients come with, on memcached, by which they are shown to be sound, on the server, and through the
// proxy over three memcacheds.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAdapter } from "@memwire/adapter";
import type { Endpoint } from "@memwire/engine";
import type { PoolOptions } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";
import { afterAll, describe, expect, test } from "vitest";
import { RunningProgram, startMemcached, withPeer } from "../src/mod.ts";
import { realProxies } from "./proxy-harness.ts";
import { realHarness } from "./server-harness.ts";
import { type Address, clientSuites, type Suite } from "./suites/suites.ts";

/** Starts a server that ends with the stack. */
type Start = (stack: AsyncDisposableStack) => Promise<Address>;

const ENDS_WITHIN_MS = 120_000;

const adapter = await openAdapter();
const { runtime } = adapter;
const folder = mkdtempSync(join(tmpdir(), "memwire-suites-"));
afterAll(() => rmSync(folder, { recursive: true }));

const startTheirs: Start = async (stack) => addressOf(stack.use(await startMemcached()).endpoint);

const startOurs: Start = async (stack) => {
  const server = await (await realHarness("tcp")).start();
  stack.defer(() => server.stop());
  return addressOf(server.endpoint);
};

const startProxy: Start = async (stack) => {
  const servers = [await startTheirs(stack), await startTheirs(stack), await startTheirs(stack)];
  const pool: PoolOptions = {
    name: "pool",
    servers: servers.map((address, i) => ({ name: `server-${i}`, endpoint: { kind: "tcp", ...address } })),
    distribution: createDistribution({ distribution: "ketama", hash: "md5", servers }),
    flushEnabled: true,
    queuedTimeoutMs: 20_000,
    connectTimeoutMs: 20_000,
    replyTimeoutMs: 20_000,
  };
  const proxy = await realProxies(adapter).start({ version: "1.6.45", pools: [pool] });
  stack.defer(() => proxy.stop());
  const [endpoint] = proxy.endpoints;
  if (endpoint === undefined) throw new Error("a proxy with a pool listens");
  return addressOf(endpoint);
};

function addressOf(endpoint: Endpoint): Address {
  if (endpoint.kind !== "tcp") throw new TypeError(`the suites speak TCP, got ${endpoint.kind}`);
  return { host: endpoint.host, port: endpoint.port };
}

function suiteOn(suite: Suite, program: string, name: string, start: Start): void {
  test(
    `the tests that ${suite.name} comes with pass on ${name}`,
    async () => {
      await using stack = new AsyncDisposableStack();
      const servers = [await start(stack), await start(stack), await start(stack)] as const;
      const { path, args, env } = await suite.command(program, folder, servers);
      await using run = new RunningProgram(path, args, {
        cwd: folder,
        ...(env === undefined ? {} : { env }),
      });
      const timer = setTimeout(() => run.signal("SIGKILL"), ENDS_WITHIN_MS);
      const { code, signal } = await run.ended;
      clearTimeout(timer);
      const lines = `${run.stdout}${run.stderr}`.split("\n");
      const outcomes = lines.map((line) => suite.outcome.exec(line)?.groups ?? {});
      const passed = outcomes.filter((outcome) => outcome["passed"] !== undefined);
      const failed = outcomes.filter((outcome) => outcome["failed"] !== undefined);
      const found = { failed: failed.map((outcome) => outcome["test"]), ended: code ?? signal };
      expect(found, lines.join("\n")).toEqual({ failed: [], ended: 0 });
      expect(passed.length).toBeGreaterThanOrEqual(suite.testsMin);
    },
    ENDS_WITHIN_MS + 10_000,
  );
}

withPeer("memcached", () => {
  for (const suite of clientSuites(runtime)) {
    const tests = (program: string): void => {
      for (const { tests: which, reason } of suite.leftOut) {
        test(`${suite.name}: ${which}`, (context) =>
          context.skip(true, `${suite.name}, ${which}: ${reason}`));
      }
      suiteOn(suite, program, "memcached", startTheirs);
      suiteOn(suite, program, "the server", startOurs);
      suiteOn(suite, program, "three memcacheds, through the proxy", startProxy);
    };
    if (suite.peer === undefined) describe("from npm", () => tests(""));
    else withPeer(suite.peer.program, tests, suite.peer.library);
  }
});
