// memwire-server -t N, on every runtime: several threads are one server.

import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  mayLackIoUring,
  RUNTIMES,
  RunningProgram,
  runtimeCommand,
  startProgram,
  TextClient,
  type Runtime,
} from "@memwire/conformance";
import { parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const mortal = join(import.meta.dirname, "mortal-server.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-workers-"))));
afterAll(() => rm(folder, { recursive: true }));

const start = (runtime: Runtime, ...args: string[]): RunningProgram =>
  startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-v", ...args]);

async function endpointOf(server: RunningProgram): Promise<Endpoint> {
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  return parseEndpoint(address);
}

const connectAll = (endpoint: Endpoint, count: number): Promise<TextClient[]> =>
  Promise.all(Array.from({ length: count }, () => TextClient.connect(endpoint)));

async function statsOf(client: TextClient): Promise<Record<string, string>> {
  const text = await client.ask("stats\r\n", "END\r\n");
  return Object.fromEntries(
    Array.from(text.matchAll(/^STAT (\S+) (.*)\r$/gm), ([, name, value]) => [name, value]),
  );
}

/** Waits until the statistics have these: what a client has closed is noticed a moment later. */
async function becomes(client: TextClient, wanted: Record<string, string>): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    const stats = await statsOf(client);
    const is = Object.fromEntries(Object.keys(wanted).map((name) => [name, stats[name]]));
    if (JSON.stringify(is) === JSON.stringify(wanted) || Date.now() > until)
      return expect(is).toEqual(wanted);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const close = (clients: readonly TextClient[]): void => {
  for (const client of clients) client[Symbol.dispose]();
};

describe.each(RUNTIMES)("on %s", (runtime) => areOneServer(runtime, runtime, []));
describe.skipIf(mayLackIoUring())("on bun over io_uring", () =>
  areOneServer("bun over io_uring", "bun", ["-o", "bun_sockets=io_uring"]),
);

function areOneServer(name: string, runtime: Runtime, sockets: readonly string[]): void {
  test("a second server does not join in on its port", async () => {
    await using server = start(runtime, ...sockets, "-t", "2", "-U", "-1");
    const [, address = "", udp = ""] = await server.said(/ listens on ([^\s,]+), udp ([^\s,]+)/);
    for (const [flags, message] of [
      [["-p", address.split(":")[1] ?? ""], `cannot listen on ${address}`],
      [["-p", "-1", "-U", udp.split(":")[1] ?? ""], `cannot bind udp ${udp}`],
    ] as const) {
      await using second = startProgram(runtime, main, [...sockets, "-l", "127.0.0.1", "-t", "3", ...flags]);
      const { code } = await second.ended;
      expect([code, second.stderr]).toEqual([1, `memwire-server: ${message}: address already in use\n`]);
    }
  });

  test("a watcher sees what clients of all workers do, and what is counted by prefix is told by each", async () => {
    await using server = start(runtime, ...sockets, "-t", "3", "-U", "0");
    const endpoint = await endpointOf(server);
    if (endpoint.kind !== "tcp") throw new Error("it listens on a port");
    let seen = "";
    const watcher = connect(endpoint).on("data", (chunk: unknown) => (seen += String(chunk)));
    watcher.write("watch fetchers\r\n");
    const clients = await connectAll(endpoint, 24);
    const unseen = (): TextClient[] => clients.filter((_, i) => !seen.includes(` key=w${i} `));
    const until = Date.now() + 10_000;
    // That somebody watches is known to the other workers a moment later.
    while (unseen().length > 0 && Date.now() < until) {
      await Promise.all(clients.map((client, i) => client.ask(`get w${i}\r\n`, "END\r\n")));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(unseen()).toEqual([]);
    watcher.destroy();

    const [first] = clients as [TextClient];
    expect(await first.ask("cache_memlimit 256\r\n")).toBe("OK\r\n");
    expect(await first.ask("cache_memlimit 257\r\n")).toMatch(/^MEMLIMIT_ADJUST_FAILED /);
    expect(await first.ask("stats detail on\r\n")).toBe("OK\r\n");
    const dumps = async (): Promise<string[]> =>
      Promise.all(clients.map((client) => client.ask("stats detail dump\r\n", "END\r\n")));
    const told = async (): Promise<number> => new Set(await dumps()).size;
    // All tell the same once they have told each other.
    while ((await told()) > 1 || !(await dumps())[0]?.includes("PREFIX p")) {
      await Promise.all(clients.map((client) => client.ask("get p:1\r\n", "END\r\n")));
      if (Date.now() > until + 10_000) expect.fail(`they do not agree: ${(await dumps()).join("")}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    close(clients);
  });

  test("three workers are one server: what is stored, counted, limited, reset, flushed and told", async () => {
    await using server = start(runtime, ...sockets, "-t", "3", "-c", "30", "-U", "0");
    const endpoint = await endpointOf(server);
    expect(server.stderr).toContain(", 3 workers, listens on");
    const clients = await connectAll(endpoint, 30);
    const [first, last] = [clients[0] as TextClient, clients[29] as TextClient];
    for (const [i, client] of clients.entries()) {
      expect(await client.ask(`set k${i} 0 0 1\r\nx\r\n`)).toBe("STORED\r\n");
    }
    await last.ask("set n 0 0 1\r\n0\r\n");
    await Promise.all(clients.map((client) => client.ask("incr n 1\r\n")));
    expect(await first.ask("get n\r\n", "END\r\n")).toBe("VALUE n 0 2\r\n30\r\nEND\r\n");
    const stats = { threads: "3", curr_connections: "30", cmd_set: "31", incr_hits: "30", curr_items: "31" };
    expect(await statsOf(first)).toMatchObject(stats);
    expect(await statsOf(last)).toMatchObject(stats);
    const another = await TextClient.connect(endpoint);
    expect(await another.rest()).toBe("ERROR Too many open connections\r\n");
    expect(await first.ask("verbosity 2\r\n")).toBe("OK\r\n");
    expect(await last.ask("stats settings\r\n", "END\r\n")).toContain("STAT verbosity 2\r\n");
    const conns = await last.ask("stats conns\r\n", "END\r\n");
    expect(conns.match(/:listen_addr /g)).toHaveLength(30);
    expect(await last.ask("stats reset\r\n")).toBe("RESET\r\n");
    expect(await statsOf(first)).toMatchObject({ cmd_set: "0", incr_hits: "0", curr_items: "31" });
    expect(await first.ask("flush_all\r\n")).toBe("OK\r\n");
    for (const client of clients) expect(await client.ask("get k0 n\r\n")).toBe("END\r\n");
    close(clients.slice(1));
    await becomes(first, { curr_connections: "1" });
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(await first.rest()).toBe("");
    close(clients);
  });

  test("connections come to every worker", async () => {
    await using server = start(runtime, ...sockets, "-t", "2", "-R", "1", "-o", "idle_timeout=1");
    const clients = await connectAll(await endpointOf(server), 40);
    for (const client of clients) expect(await client.rest()).toBe("");
    close(clients);
    // One numbers its connections 64, 66 and so on, the other one 65, 67.
    await server.said(/connection \d[02468] closed/);
    await server.said(/connection \d[13579] closed/);
  });

  test("each gives a slow reader all of its reply before it ends, and what was stored is kept", async () => {
    const file = join(folder, `items-${name}`);
    const value = "v".repeat(500_000);
    {
      await using server = start(runtime, ...sockets, "-t", "2", "-e", file);
      const clients = await connectAll(await endpointOf(server), 8);
      for (const [i, client] of clients.entries()) {
        expect(await client.ask(`set k${i} 0 0 500000\r\n${value}\r\n`)).toBe("STORED\r\n");
      }
      for (const client of clients) {
        client.pause();
        client.send(`get ${"k0 ".repeat(20)}\r\n`);
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      server.signal("SIGUSR1");
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const client of clients) client.resume();
      const answer = `${`VALUE k0 0 500000\r\n${value}\r\n`.repeat(20)}END\r\n`;
      for (const client of clients) expect((await client.rest()) === answer).toBe(true);
      expect(await server.ended).toEqual({ code: 0, signal: null });
      close(clients);
    }
    await using next = start(runtime, ...sockets, "-t", "2", "-e", file);
    const [client] = await connectAll(await endpointOf(next), 1);
    const keys = Array.from({ length: 8 }, (_, i) => `k${i}`);
    const answer = await client?.ask(`get ${keys.join(" ")}\r\n`, "END\r\n");
    expect(answer === `${keys.map((key) => `VALUE ${key} 0 500000\r\n${value}\r\n`).join("")}END\r\n`).toBe(
      true,
    );
    close(client === undefined ? [] : [client]);
  });

  test("a worker that dies is replaced; the others serve on, and it is said in one line", async () => {
    const file = join(folder, `die-${name}`);
    await using server = startProgram(
      runtime,
      mortal,
      [...sockets, "-l", "127.0.0.1", "-p", "-1", "-t", "3", "-v"],
      {
        env: { MORTAL_FILE: file },
      },
    );
    const endpoint = await endpointOf(server);
    const clients = await connectAll(endpoint, 30);
    for (const client of clients) expect(await client.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
    writeFileSync(file, "");
    await server.said(/memwire-server: worker [12] died and is replaced: it was its turn to go\n/);
    const outcomes = await Promise.all(
      clients.map(async (client) => {
        try {
          return await client.ask("get a\r\n", "END\r\n");
        } catch {
          return "closed";
        }
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(["VALUE a 0 1\r\nx\r\nEND\r\n", "closed"]));
    const open = clients.filter((_, i) => outcomes[i] !== "closed");
    expect(open.length).toBeGreaterThan(0);
    await becomes(open[0] as TextClient, {
      curr_connections: `${open.length}`,
      cmd_set: "30",
      curr_items: "1",
    });
    // As many as have to come to all three.
    const more = await connectAll(endpoint, 40);
    for (const client of more) expect(await client.ask("get a\r\n", "END\r\n")).toContain("VALUE a");
    expect(await statsOf(more[0] as TextClient)).toMatchObject({ curr_connections: `${open.length + 40}` });
    close([...clients, ...more]);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.stderr.match(/died/g)).toHaveLength(1);
  });

  test("a unix socket has one worker, and that is said", async () => {
    const path = join(folder, `${name}.sock`);
    await using server = startProgram(runtime, main, [...sockets, "-s", path, "-t", "4", "-v"]);
    await server.said(/ listens on /);
    expect(server.stderr.split("\n")[0]).toBe(
      "memwire-server: -t has no effect with -s: a unix socket has one worker",
    );
  });
}

test("Deno shares a port without --unstable-net, too", async () => {
  const [path, ...args] = runtimeCommand("deno");
  const flags = args.filter((arg) => arg !== "--unstable-net");
  const rest = ["-t", "2", "-l", "127.0.0.1", "-p", "-1", "-v"];
  await using server = new RunningProgram(path, [...flags, main, ...rest]);
  const clients = await connectAll(await endpointOf(server), 20);
  for (const client of clients) expect(await client.ask("get a\r\n")).toBe("END\r\n");
  close(clients);
});

describe("in the background", () => {
  test("the pid in the file is that of all workers", async () => {
    const file = join(folder, "pid");
    const ports = join(folder, "ports");
    await using parent = startProgram(
      "node",
      main,
      ["-d", "-P", file, "-t", "2", "-l", "127.0.0.1", "-p", "-1"],
      {
        env: { MEMCACHED_PORT_FILENAME: ports },
      },
    );
    expect(await parent.ended).toEqual({ code: 0, signal: null });
    const pid = readFileSync(file, "utf8").trim();
    const [, port] = /^TCP INET: (\d+)\n$/.exec(readFileSync(ports, "utf8")) ?? [];
    const clients = await connectAll({ kind: "tcp", host: "127.0.0.1", port: Number(port) }, 10);
    for (const client of clients) expect(await statsOf(client)).toMatchObject({ pid, threads: "2" });
    process.kill(Number(pid), "SIGTERM");
    for (const client of clients) expect(await client.rest()).toBe("");
  });
});
