// The proxy beside nutcracker: both over three real memcacheds of their own, both with the same file's settings.
//
//     pipelines --+--> nutcracker --> three memcacheds --+
//                 +--> ProxyEngine -> three others ------> the same bytes, wherever nutcracker does not close
//
// Servers have names, so that both rings are the same and each key is on the same one of three; values of a multi-get
// may come in any order.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drive, type Endpoint } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { createDistribution, type HashName } from "@memwire/router";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, onFreePort, startMemcached, startPeer, withPeer } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import type { Asked } from "./meta-requests.ts";
import { differences } from "./nutcracker-differences.ts";
import { realWorld } from "./server-harness.ts";
import { asked, batches, KEYS, TOO_LONG } from "./text-commands.ts";
import { TextSide } from "./text-side.ts";

const HASHES = [
  "fnv1a_64",
  "one_at_a_time",
  "md5",
  "crc16",
  "crc32",
  "crc32a",
  "fnv1_64",
  "fnv1_32",
  "fnv1a_32",
  "hsieh",
  "murmur",
  "jenkins",
] as const satisfies readonly HashName[];
const POOLS = (["ketama", "modula"] as const).flatMap((distribution) =>
  HASHES.map((hash) => ({ distribution, hash })),
);
const KEYS_OF_A_POOL = 1_000;
const KEYS_OF_THE_FIRST = 10_000;

const world = await realWorld();
const { network, clock } = world;

withPeer("memcached", () =>
  withPeer("nutcracker", (nutcracker) => {
    const stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "memwire-nutcracker-"));
    afterAll(async () => {
      await stack.disposeAsync();
      rmSync(folder, { recursive: true });
    });
    /** Where each pool of each of them is, and one more of nutcracker's that is over the proxy's servers. */
    let theirs: readonly Endpoint[] = [];
    let ours: readonly Endpoint[] = [];
    let onOurs: readonly Endpoint[] = [];
    beforeAll(async () => {
      const [one, other] = [await memcacheds(), await memcacheds()];
      theirs = await startNutcracker(one);
      onOurs = await startNutcracker(other);
      ours = await startProxy(other);
    });

    async function memcacheds(): Promise<number[]> {
      const ports: number[] = [];
      for (let i = 0; i < 3; i++) ports.push(portOf(stack.use(await startMemcached()).endpoint));
      return ports;
    }

    /** A pool for each distribution and hash. */
    async function startNutcracker(servers: readonly number[]): Promise<Endpoint[]> {
      let ports: readonly number[] = [];
      const running = await onFreePort(async (port) => {
        const file = join(folder, `${port}.yml`);
        const others = new Set<number>();
        while (others.size < POOLS.length) others.add(await freePort());
        ports = [port, ...Array.from(others).filter((each) => each !== port)].slice(0, POOLS.length);
        writeFileSync(file, POOLS.map((pool, i) => poolText(pool, ports[i] ?? 0, servers)).join(""));
        const args = ["-c", file, "-a", "127.0.0.1", "-s", `${await freePort()}`];
        return startPeer(nutcracker, args, { kind: "tcp", host: "127.0.0.1", port });
      });
      stack.use(running);
      return ports.map((port) => ({ kind: "tcp", host: "127.0.0.1", port }));
    }

    async function startProxy(servers: readonly number[]): Promise<Endpoint[]> {
      const engine = new ProxyEngine({
        version: "1.6.45",
        pools: POOLS.map((pool, at) => ({
          name: `pool-${at}`,
          servers: servers.map((port, i) => ({
            name: `server-${i}`,
            endpoint: { kind: "tcp", host: "127.0.0.1", port },
          })),
          distribution: createDistribution({
            ...pool,
            servers: servers.map((port, i) => ({ host: "127.0.0.1", port, name: `server-${i}` })),
          }),
          flushEnabled: true,
          queuedTimeoutMs: 10_000,
          connectTimeoutMs: 10_000,
          replyTimeoutMs: 10_000,
        })),
      });
      const driver = drive(engine, network, clock);
      stack.defer(() => driver.close());
      const endpoints: Endpoint[] = [];
      while (endpoints.length < POOLS.length) {
        const { endpoint } = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
        endpoints.push(endpoint);
      }
      return endpoints;
    }

    test("the same pipelines have the same replies", async () => {
      const [nutcrackers, proxys] = [first(theirs), first(ours)];
      const deletes = KEYS.map((key) => `delete ${key}\r\n`).join("");
      let commands = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(taken, { minLength: 10, maxLength: 60 }), async (requests) => {
          const sides = [nutcrackers, proxys].map((endpoint) => new TextSide(world, endpoint));
          try {
            await Promise.all(sides.map((side) => side.ask([{ key: "", wire: deletes }])));
            for (const batch of quietBatches(requests)) {
              const [theirReplies, ourReplies] = await Promise.all(sides.map((side) => side.ask(batch)));
              expect(repliesOf(ourReplies ?? "")).toEqual(repliesOf(theirReplies ?? ""));
            }
            commands += requests.length;
          } finally {
            for (const side of sides) side.close();
          }
        }),
      );
      expect(commands).toBeGreaterThan(1_000);
    });

    test.each(POOLS.map((pool, i) => [`${pool.distribution}, ${pool.hash}`, i] as const))(
      "what nutcracker stored the proxy finds: %s",
      async (_name, i) => {
        const count = i === 0 ? KEYS_OF_THE_FIRST : KEYS_OF_A_POOL;
        const keys = fc.sample(key, { numRuns: count, seed: i }).map((name, n) => `${n}-${name}`);
        const [from, to] = [onOurs[i], ours[i]];
        if (from === undefined || to === undefined) throw new Error(`pool ${i} did not start`);
        for (let at = 0; at < count; at += 500) {
          const some = keys.slice(at, at + 500);
          const sets = some.map((name) => `set ${name} 0 0 ${name.length}\r\n${name}\r\n`).join("");
          expect(await answered(from, sets, some.length)).toBe("STORED\r\n".repeat(some.length));
          // One by one, since each is to be found where it is and nowhere else.
          const gets = some.map((name) => `get ${name}\r\n`).join("");
          const found = await answered(to, gets, some.length * 3);
          expect(found).toBe(
            some.map((name) => `VALUE ${name} 0 ${name.length}\r\n${name}\r\nEND\r\n`).join(""),
          );
        }
        // For the next pool, which puts them elsewhere.
        await answered(to, "flush_all\r\n", 1);
      },
      60_000,
    );

    for (const { name, requests, nutcracker: theirAnswer, proxy: ourAnswer } of differences) {
      test.each(requests)(`they differ, ${name}: %j`, async (request) => {
        expect(await answerOf(first(theirs), request)).toBe(theirAnswer);
        expect(await answerOf(first(ours), request)).toBe(ourAnswer);
      });
    }

    /** The first so many lines that come for an answer. */
    async function answered(endpoint: Endpoint, request: string, lines: number): Promise<string> {
      const client = WireClient.connect(network, endpoint);
      client.send(request);
      const count = (): number => client.peek().split("\r\n").length - 1;
      await world.until(() => client.isOver || count() >= lines, `${lines} lines`);
      client.close();
      return client.take();
    }

    /** Answered, or closed without. */
    async function answerOf(endpoint: Endpoint, request: string): Promise<string> {
      const client = WireClient.connect(network, endpoint);
      client.send(request);
      await world.until(() => client.isOver || client.receivedBytes > 0, "an answer, or a close");
      const answer = client.take();
      const isClosed = client.isOver;
      client.close();
      if (isClosed && answer === "") return "closes";
      // What is read as a command behind a refusal may be answered in the same packet.
      return request.startsWith("set")
        ? answer.replace(/(?<=\r\n)(ERROR|CLIENT_ERROR [^\r\n]*)\r\n$/, "")
        : answer;
    }
  }),
);

test("the page names every difference, and no other", () => {
  const page = readFileSync(new URL("../../../docs/migrating.md", import.meta.url), "utf8");
  const section = page.split("\n## Where answers differ from nutcracker's\n")[1]?.split("\n## ")[0] ?? "";
  const named = Array.from(section.matchAll(/^\| ([a-z][^|]*?) +\|/gm), ([, name]) => name);
  expect(named.filter((name) => name !== "what")).toEqual([...new Set(differences.map(({ name }) => name))]);
});

const key = fc.stringMatching(/^[!-~]{1,40}$/);

/** Requests that nutcracker takes. Cas uniques are told by the order in which they are seen: for one key at a time. */
const taken: fc.Arbitrary<Asked> = asked
  .map(({ key: name, wire }) => ({ key: name, wire: wire.replace(/^gets(?= \S+ )/, "get") }))
  .filter(
    ({ wire }) =>
      !/^(m|gats? |flush_all|verbosity|nonsense|GET|stats)/.test(wire) &&
      !wire.includes(TOO_LONG) &&
      !/^(set|add|replace|append|prepend|cas) \S+ \d+ -/.test(wire) &&
      !wire.startsWith("set a 0 0 -1") &&
      !wire.includes("abcdefghijk") &&
      !/^(incr|decr) \S+ (x|1\.5)/.test(wire) &&
      !/^delete \S+ (0|5|x)/.test(wire) &&
      !/^touch \S+ x/.test(wire),
  );

/**
 * Requests that can be sent together. memcached does not pad a number with blanks as long as the reply to a `get` that
 * has the item is not sent, and when that is depends on who asks how.
 */
function* quietBatches(requests: readonly Asked[]): Generator<readonly Asked[]> {
  for (const batch of batches(requests)) {
    let from = 0;
    for (const [i, { wire }] of batch.entries()) {
      const isHeld = batch.slice(from, i).some((before) => before.wire.startsWith("get"));
      if (!isHeld || !/^(incr|decr) /.test(wire)) continue;
      yield batch.slice(from, i);
      from = i;
    }
    yield batch.slice(from);
  }
}

/** Reply by reply; the values of one multi-get in the order of their keys. */
function repliesOf(text: string): string[] {
  const replies: string[] = [];
  let values: string[] = [];
  for (let at = 0; at < text.length;) {
    const lineEnd = text.indexOf("\r\n", at) + 2;
    if (lineEnd < 2) return [...replies, text.slice(at)];
    const line = text.slice(at, lineEnd);
    const isValue = line.startsWith("VALUE ");
    const end = isValue ? lineEnd + Number(line.split(" ")[3]) + 2 : lineEnd;
    if (isValue) values.push(text.slice(at, end));
    else {
      replies.push(...values.toSorted(), line);
      values = [];
    }
    at = end;
  }
  return replies;
}

function poolText(
  { distribution, hash }: (typeof POOLS)[number],
  port: number,
  servers: readonly number[],
): string {
  return `pool-${port}:
  listen: 127.0.0.1:${port}
  hash: ${hash}
  distribution: ${distribution}
  timeout: 10000
  servers:
${servers.map((server, i) => `    - 127.0.0.1:${server}:1 server-${i}\n`).join("")}`;
}

function portOf(endpoint: Endpoint): number {
  if (endpoint.kind !== "tcp") throw new TypeError("a memcached behind a proxy listens on TCP");
  return endpoint.port;
}

function first(endpoints: readonly Endpoint[]): Endpoint {
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new Error("it did not start");
  return endpoint;
}
