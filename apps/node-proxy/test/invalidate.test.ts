// memwire-proxy invalidate over a fleet of real memcached servers, on every runtime: writes of a thousand connections
// are acknowledged, their keys are gone from their owners and from nowhere else, and a server that is down for a
// while loses its keys when it is back and delays no other's.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  freePort,
  RUNTIMES,
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
  type RunningPeer,
  type RunningProgram,
  type Runtime,
} from "@memwire/conformance";
import { describeEndpoint, parseEndpoint, type Endpoint } from "@memwire/engine";
import { createDistribution } from "@memwire/router";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memwire-invalidate-"));
  process.setMaxListeners(30); // each child process is ended with this one, and a dozen run at a time here
});
afterAll(() => rm(folder, { recursive: true }));

/** Far more than it takes: a test is no stopwatch, and says what it measured. */
const GONE_WITHIN_MS = 30_000;
const DOWN_MS = 10_000;

/** A running program, and a connection to ask it for `stats`. */
class Invalidation implements AsyncDisposable {
  readonly program: RunningProgram;
  readonly endpoint: Endpoint;
  readonly #admin: TextClient;

  private constructor(program: RunningProgram, endpoint: Endpoint, admin: TextClient) {
    this.program = program;
    this.endpoint = endpoint;
    this.#admin = admin;
  }

  static async start(
    runtime: Runtime,
    addresses: readonly string[],
    ...args: string[]
  ): Promise<Invalidation> {
    const file = join(folder, `${addresses.join("-")}.txt`);
    await writeFile(file, addresses.map((address) => `${address}\t100\n`).join(""));
    const program = startProgram(runtime, main, ["invalidate", "--servers", file, "--port", "0", ...args]);
    const [, address = ""] = await program.said(/^(\S+) acknowledges writes/m);
    const endpoint = parseEndpoint(address);
    return new Invalidation(program, endpoint, await TextClient.connect(endpoint));
  }

  async stats(): Promise<Map<string, string>> {
    const text = await this.#admin.ask("stats\r\n", "END\r\n");
    return new Map(
      Array.from(text.matchAll(/^STAT (\S+) (.+)\r$/gm), ([, name = "", value = ""]) => [name, value]),
    );
  }

  /** Waits until a number of `stats` is what it must become. @returns how long that took */
  async until(name: string, value: string): Promise<number> {
    const start = Date.now();
    for (;;) {
      const stats = await this.stats();
      if (stats.get(name) === value) return Date.now() - start;
      if (Date.now() - start > GONE_WITHIN_MS) throw new Error(`${name} is ${stats.get(name)}, not ${value}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin[Symbol.dispose]();
    await this.program.stop();
  }
}

const addressOf = ({ endpoint }: RunningPeer): string => describeEndpoint(endpoint);

/** Where keys belong, by the names that the file of servers has. */
function ownerAmong(addresses: readonly string[]): (key: string) => number {
  const servers = addresses.map((name) => ({ name, host: "unused", port: 1, weight: 100 }));
  const ring = createDistribution({ distribution: "ketama", hash: "md5", servers });
  const encoder = new TextEncoder();
  return (key) => ring.owner(encoder.encode(key), 0, key.length);
}

async function fill(server: RunningPeer, keys: readonly string[]): Promise<void> {
  using client = await TextClient.connect(server.endpoint);
  await inParts(keys, 5_000, async (part) => {
    const sets = part.map((key) => `set ${key} 0 0 1 noreply\r\nx\r\n`).join("");
    await client.ask(`${sets}version\r\n`, "\r\n");
  });
}

/** Which of these keys a server has. */
async function found(server: RunningPeer, keys: readonly string[]): Promise<string[]> {
  using client = await TextClient.connect(server.endpoint);
  const present: string[] = [];
  await inParts(keys, 1_000, async (part) => {
    const answer = await client.ask(`get ${part.join(" ")}\r\n`, "END\r\n");
    present.push(...Array.from(answer.matchAll(/VALUE (\S+) /g), ([, key = ""]) => key));
  });
  return present;
}

async function inParts<T>(
  all: readonly T[],
  size: number,
  each: (part: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < all.length; from += size) await each(all.slice(from, from + size));
}

/** Writes keys in bursts, and checks each answer. */
async function write(client: TextClient, keys: readonly string[]): Promise<void> {
  const commands = ["set", "add", "replace", "append", "prepend", "delete"];
  await inParts(keys, 10, async (part) => {
    const requests = part.map((key, i) => {
      const command = commands[i % commands.length] as string;
      return command === "delete"
        ? [`delete ${key}\r\n`, "DELETED\r\n"]
        : [`${command} ${key} 0 0 3\r\nnew\r\n`, "STORED\r\n"];
    });
    const answers = requests.map(([, answer]) => answer).join("");
    expect(await client.ask(requests.map(([request]) => request).join(""), answers)).toBe(answers);
  });
}

async function connectMany(endpoint: Endpoint, count: number): Promise<TextClient[]> {
  const clients: TextClient[] = [];
  // Not all at once: a listener keeps some five hundred waiting.
  await inParts(Array.from({ length: count }), 100, async (part) => {
    clients.push(...(await Promise.all(part.map(() => TextClient.connect(endpoint)))));
  });
  return clients;
}

withPeer("memcached", () => {
  test.each(RUNTIMES)(
    "on %s 100,000 writes of 1,000 connections are gone from their owners alone",
    async (runtime) => {
      const peers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
      try {
        const addresses = peers.map(addressOf);
        const owner = ownerAmong(addresses);
        const keys = Array.from({ length: 1_000 }, (_, c) =>
          Array.from({ length: 100 }, (_, i) => `w:${c}:${i}`),
        );
        const written = keys.flat();
        const untouched = Array.from({ length: 3_000 }, (_, i) => `untouched:${i}`);
        // Each key is where it belongs, and on another server, which is not to be asked.
        const copies = (at: number): string[] =>
          written.filter((key) => (owner(key) + 1) % peers.length === at);
        for (const [at, peer] of peers.entries()) {
          await fill(peer, [...written.filter((key) => owner(key) === at), ...copies(at), ...untouched]);
        }
        await using invalidation = await Invalidation.start(runtime, addresses);
        const clients = await connectMany(invalidation.endpoint, keys.length);
        await Promise.all(clients.map((client, c) => write(client, keys[c] as string[])));
        const goneMs = await invalidation.until("queue_keys", "0");
        console.info(`${runtime}: 100,000 keys were gone ${goneMs} ms after the last answer`);
        for (const [at, peer] of peers.entries()) {
          expect(await found(peer, written)).toEqual(copies(at));
          expect(await found(peer, untouched)).toEqual(untouched);
        }
        const stats = await invalidation.stats();
        // On a busy machine an answer may come too late, and the key is deleted once more.
        const counted = ["writes", "coalesced", "done", "refused"].map((name) => stats.get(name));
        expect(counted).toEqual(["100000", "0", "100000", "0"]);
        for (const client of clients) client[Symbol.dispose]();
        expect(await invalidation.program.stop()).toEqual({ code: 0, signal: null });
        expect(invalidation.program.stderr).toBe("");
      } finally {
        await Promise.all(peers.map((peer) => peer.stop()));
      }
    },
  );

  test("keys of a server that is down for ten seconds are gone when it is back, and those of others never waited", async () => {
    await Promise.all(RUNTIMES.map(outage));
  });

  describe.each(RUNTIMES)("on %s", (runtime) => {
    test("SIGTERM deletes what waits, and ends with 0", async () => {
      await using peer = await startMemcached();
      await using invalidation = await Invalidation.start(runtime, [addressOf(peer)]);
      const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
      await fill(peer, keys);
      process.kill(peer.pid, "SIGSTOP");
      using client = await TextClient.connect(invalidation.endpoint);
      await write(client, keys);
      invalidation.program.signal("SIGTERM");
      expect(await client.rest()).toBe("");
      await refusal(invalidation.endpoint);
      process.kill(peer.pid, "SIGCONT");
      expect(await invalidation.program.ended).toEqual({ code: 0, signal: null });
      expect(invalidation.program.stderr).toBe("");
      expect(await found(peer, keys)).toEqual([]);
    });

    test("SIGTERM with a server that is down says what is left, and ends with 1", async () => {
      await using peer = await startMemcached();
      const addresses = [addressOf(peer), `127.0.0.1:${await freePort()}`];
      const owner = ownerAmong(addresses);
      const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
      const left = keys.filter((key) => owner(key) === 1).length;
      await using invalidation = await Invalidation.start(runtime, addresses, "--drain-seconds", "1");
      using client = await TextClient.connect(invalidation.endpoint);
      await write(client, keys);
      expect(await invalidation.program.stop()).toEqual({ code: 1, signal: null });
      expect(invalidation.program.stderr).toBe(
        `memwire-proxy invalidate: ended with ${left} keys not invalidated: ${addresses[1]} ${left}\n`,
      );
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(100);
    });
  });
});

/** Waits until nobody accepts there any more: Deno lets one connection in after its listener is closed. */
async function refusal(endpoint: Endpoint): Promise<void> {
  const start = Date.now();
  for (;;) {
    try {
      using client = await TextClient.connect(endpoint);
      expect(await client.rest()).toBe("");
    } catch (error) {
      return expect(String(error)).toContain("no connection");
    }
    expect(Date.now() - start).toBeLessThan(GONE_WITHIN_MS);
  }
}

test.each(RUNTIMES)("on %s a second signal ends at once and says what is left", async (runtime) => {
  const address = `127.0.0.1:${await freePort()}`;
  await using invalidation = await Invalidation.start(runtime, [address], "--drain-seconds", "3600");
  using client = await TextClient.connect(invalidation.endpoint);
  await write(client, ["key"]);
  invalidation.program.signal("SIGTERM");
  await client.rest();
  invalidation.program.signal("SIGINT");
  expect(await invalidation.program.ended).toEqual({ code: 130, signal: null });
  expect(invalidation.program.stderr).toBe(
    `memwire-proxy invalidate: ended with 1 key not invalidated: ${address} 1\n`,
  );
});

/** Three servers: one is well, one is stopped and goes on with all it holds, one is killed and something else comes. */
async function outage(runtime: Runtime): Promise<void> {
  const [well, stopped, killed] = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  const peers = [well, stopped, killed];
  const addresses = peers.map(addressOf);
  const owner = ownerAmong(addresses);
  const [wellAt, stoppedAt, killedAt] = addresses as [string, string, string];
  let back: DeleteRecorder | undefined;
  try {
    await using invalidation = await Invalidation.start(runtime, addresses);
    using client = await TextClient.connect(invalidation.endpoint);
    const before = Array.from({ length: 300 }, (_, i) => `before:${i}`);
    await write(client, before); // so that there are connections that break
    await invalidation.until("queue_keys", "0");
    const keys = Array.from({ length: 3_000 }, (_, i) => `during:${i}`);
    const of = (at: number): string[] => keys.filter((key) => owner(key) === at);
    for (const peer of peers) await fill(peer, keys);
    process.kill(stopped.pid, "SIGSTOP");
    await killed.stop();
    const backAt = Date.now() + DOWN_MS;
    let waitedMs = 0;
    await inParts(keys, 30, async (part) => {
      await write(client, part);
      const stats = await invalidation.stats();
      waitedMs = Math.max(waitedMs, Number(stats.get(`${wellAt}:oldest_age_ms`)));
      await new Promise((resolve) => setTimeout(resolve, DOWN_MS / 120));
    });
    await invalidation.until(`${wellAt}:depth`, "0");
    expect(await found(well, keys)).toEqual(keys.filter((key) => owner(key) !== 0));
    // What the others have to wait for is far longer.
    expect(waitedMs).toBeLessThan(DOWN_MS / 2);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, backAt - Date.now())));
    const stats = await invalidation.stats();
    expect([stoppedAt, killedAt].map((name) => Number(stats.get(`${name}:depth`)))).toEqual([
      of(1).length,
      of(2).length,
    ]);
    back = await DeleteRecorder.listen(killed.endpoint);
    process.kill(stopped.pid, "SIGCONT");
    const [stoppedMs, killedMs] = await Promise.all([
      invalidation.until(`${stoppedAt}:depth`, "0"),
      invalidation.until(`${killedAt}:depth`, "0"),
    ]);
    console.info(
      `${runtime}: keys were gone ${stoppedMs} and ${killedMs} ms after the return, others ${waitedMs} ms at most`,
    );
    expect(await found(stopped, keys)).toEqual(keys.filter((key) => owner(key) !== 1));
    expect(back.keys.toSorted()).toEqual(of(2).toSorted());
    expect(await invalidation.program.stop()).toEqual({ code: 0, signal: null });
  } finally {
    await back?.close();
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

/** Deletes whatever it is asked to, and writes down what that was. */
class DeleteRecorder {
  readonly keys: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      let text = "";
      socket.setEncoding("latin1").on("error", () => {});
      socket.on("data", (piece: string) => {
        const lines = (text + piece).split("\r\n");
        text = lines.pop() as string;
        this.keys.push(...lines.map((line) => line.replace(/^delete /, "")));
        socket.write("DELETED\r\n".repeat(lines.length));
      });
    });
  }

  static async listen(endpoint: Endpoint): Promise<DeleteRecorder> {
    const recorder = new DeleteRecorder();
    await new Promise<void>((listening) => {
      recorder.#server.listen(endpoint.kind === "tcp" ? endpoint.port : 0, "127.0.0.1", listening);
    });
    return recorder;
  }

  async close(): Promise<void> {
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }
}
