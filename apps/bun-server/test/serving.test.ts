// memwire-server as people run it, on every runtime: memcached's flags do what they say.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, watch } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { freePort, RUNTIMES, startProgram, TextClient, type RunningProgram } from "@memwire/conformance";
import { parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-server-"))));
afterAll(() => rm(folder, { recursive: true }));

/** Waits until somebody is answered. */
async function listening(port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
      return void (await client.ask("version\r\n")); // whether the port is free is tried first, and turns clients away
    } catch (error) {
      if (tries === 5_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

async function endpointOf(server: RunningProgram): Promise<Endpoint> {
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  return parseEndpoint(address);
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  const start = (...args: string[]): RunningProgram =>
    startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-U", "0", ...args]);

  test("answers, says where it listens if asked to, and ends with 0", async () => {
    await using server = start("-m", "8", "-v");
    const endpoint = await endpointOf(server);
    using client = await TextClient.connect(endpoint);
    expect(await client.ask("set a 5 0 3\r\nabc\r\n")).toBe("STORED\r\n");
    expect(await client.ask("get a\r\n", "END\r\n")).toBe("VALUE a 5 3\r\nabc\r\nEND\r\n");
    const stats = await client.ask("stats\r\n", "END\r\n");
    expect(stats).toMatch(/^STAT pid \d+\r$/m);
    expect(stats).toMatch(/^STAT limit_maxbytes 8388608\r$/m);
    expect(stats).toMatch(/^STAT pointer_size 64\r$/m);
    expect(stats).toMatch(/^STAT rusage_user \d+\.\d{6}\r\nSTAT rusage_system \d+\.\d{6}\r$/m);
    const settings = await client.ask("stats settings\r\n", "END\r\n");
    expect(settings).toContain(`STAT tcpport ${(endpoint as { port: number }).port}\r\n`);
    expect(settings).toContain("STAT inter 127.0.0.1\r\n");
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(await client.rest()).toBe("");
    expect(server.stdout).toBe("");
    const { port } = endpoint as { port: number };
    const title = runtime === "deno" ? "deno over node:net" : runtime;
    expect(server.stderr).toBe(`memwire-server 0.1.0 on ${title} listens on 127.0.0.1:${port}\n`);
  });

  test.each([1, 4])("can be told what to do as soon as it listens, with %i workers", async (threads) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGUSR1", "SIGHUP"] as const) {
      const port = await freePort();
      await using server = startProgram(runtime, main, [
        "-l",
        "127.0.0.1",
        "-p",
        `${port}`,
        "-t",
        `${threads}`,
      ]);
      await listening(port);
      server.signal(signal);
      if (signal === "SIGHUP") {
        using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
        expect(await client.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
        server.signal("SIGTERM");
      }
      expect([signal, await server.ended]).toEqual([signal, { code: 0, signal: null }]);
    }
  });

  test("takes no memory for items before there are any, however often it is started", async () => {
    for (let i = 0; i < 4; i++) {
      await using server = start("-m", "1024", "-v");
      using client = await TextClient.connect(await endpointOf(server));
      const [, pid = ""] = /STAT pid (\d+)/.exec(await client.ask("stats\r\n", "END\r\n")) ?? [];
      const resident = Number(execFileSync("ps", ["-o", "rss=", "-p", pid], { encoding: "utf8" }));
      // Kilobytes. The index alone, cleared instead of reserved, would be 614 MiB.
      expect(resident).toBeGreaterThan(0);
      expect(resident).toBeLessThan(400_000);
    }
  });

  test("writes its port to MEMCACHED_PORT_FILENAME and prints nothing", async () => {
    const file = join(folder, `port-${runtime}`);
    const args = ["-l", "127.0.0.1", "-p", "-1"];
    await using server = startProgram(runtime, main, args, { env: { MEMCACHED_PORT_FILENAME: file } });
    const until = Date.now() + 30_000;
    while (!existsSync(file) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    const [, port] = /^TCP INET: (\d+)\n$/.exec(readFileSync(file, "utf8")) ?? [];
    using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port: Number(port) });
    expect(await client.ask("version\r\n")).toMatch(/^VERSION 1\.6\.\d+/);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.stdout + server.stderr).toBe("");
  });

  test("keeps -c, -F and -I", async () => {
    await using server = start("-c", "1", "-F", "-I", "2k", "-v");
    const endpoint = await endpointOf(server);
    using client = await TextClient.connect(endpoint);
    expect(await client.ask("flush_all\r\n")).toBe("CLIENT_ERROR flush_all not allowed\r\n");
    const large = "x".repeat(2_100);
    expect(await client.ask(`set a 0 0 ${large.length}\r\n${large}\r\n`)).toBe(
      "SERVER_ERROR object too large for cache\r\n",
    );
    using second = await TextClient.connect(endpoint);
    expect(await second.rest()).toBe("ERROR Too many open connections\r\n");
  });

  test("speaks at an address what -l says of it, whatever -B is", async () => {
    const line = "-l proto[ascii]:127.0.0.1,proto[negotiating]:127.0.0.1,127.0.0.1 -B binary -p -1 -v";
    await using server = startProgram(runtime, main, line.split(" "));
    const [, where = ""] = await server.said(/ listens on (.*)\n/);
    const heard: string[][] = [];
    for (const address of where.split(", ")) {
      using text = await TextClient.connect(parseEndpoint(address));
      text.send("version\r\nquit\r\n");
      using binary = await TextClient.connect(parseEndpoint(address));
      binary.send(`\x80\x0b${"\0".repeat(22)}\r\nquit\r\n`);
      const replies = [await text.rest(), await binary.rest()];
      heard.push(replies.map((reply) => /^\x81|VERSION|ERROR/.exec(reply)?.[0] ?? reply));
    }
    expect(heard).toEqual([
      ["VERSION", "ERROR"],
      ["VERSION", "\x81"],
      ["", "\x81"],
    ]);
  });

  test("keeps -R and the times of -o, and says who was closed for them", async () => {
    await using server = start("-R", "1", "-o", "idle_timeout=1,receive_timeout=2", "-v");
    const endpoint = await endpointOf(server);
    using client = await TextClient.connect(endpoint);
    using stuck = await TextClient.connect(endpoint);
    stuck.send("get a");
    client.send("set a 0 0 1\r\nx\r\n".repeat(6));
    client.send("stats\r\n");
    const stats = await client.upTo("END\r\n");
    expect(Number(/^STAT conn_yields (\d+)\r$/m.exec(stats)?.[1])).toBeGreaterThanOrEqual(5);
    expect(stats).toMatch(/^STAT idle_kicks 0\r$/m);
    expect(await client.rest()).toBe("");
    expect(await stuck.rest()).toBe("");
    await server.said(/memwire-server: connection 64 closed: it asked for nothing for [12] s\n/);
    await server.said(
      /memwire-server: connection 65 closed: nothing came in the middle of a command for [23] s\n/,
    );
  });

  test.each(["1", "3"])("with -A a client may end it, with -t %s, at once or gracefully", async (threads) => {
    for (const command of ["shutdown", "shutdown graceful"]) {
      await using server = start("-A", "-t", threads, "-v");
      const endpoint = await endpointOf(server);
      using other = await TextClient.connect(endpoint);
      using client = await TextClient.connect(endpoint);
      client.send(`${command}\r\n`);
      expect(await client.rest()).toBe("");
      expect(await other.rest()).toBe("");
      expect(await server.ended).toEqual({ code: 0, signal: null });
    }
  });

  test("keeps -X, -W and -D, and moves its clock if asked to", async () => {
    await using server = start("-X", "-W", "-D", "/", "-o", "debug_time", "-v");
    using client = await TextClient.connect(await endpointOf(server));
    expect(await client.ask("shutdown\r\n")).toBe("SERVER_ERROR: shutdown not enabled\r\n");
    expect(await client.ask("stats cachedump 1 1\r\n")).toBe("CLIENT_ERROR stats cachedump not allowed\r\n");
    expect(await client.ask("watch\r\n")).toBe("CLIENT_ERROR watch commands not allowed\r\n");
    expect(await client.ask("set a/b 0 100 1\r\nx\r\n")).toBe("STORED\r\n");
    expect(await client.ask("stats detail dump\r\n", "END\r\n")).toMatch(
      /^PREFIX a get 0 hit 0 set 1 del 0\r\n/,
    );
    expect(await client.ask("debugtime 101\r\n")).toBe("OK\r\n");
    expect(await client.ask("get a/b\r\n")).toBe("END\r\n");
    const conns = await client.ask("stats conns\r\n", "END\r\n");
    expect(conns).toMatch(/^STAT \d+:addr tcp:127\.0\.0\.1:\d+\r\nSTAT \d+:state conn_listening\r$/m);
  });

  test("closes a client that takes nothing of its replies, and serves the others meanwhile", async () => {
    await using server = start("-o", "send_timeout=1", "-v");
    const endpoint = await endpointOf(server);
    using stuck = await TextClient.connect(endpoint);
    using client = await TextClient.connect(endpoint);
    const value = "v".repeat(500_000);
    expect(await client.ask(`set big 0 0 500000\r\n${value}\r\n`)).toBe("STORED\r\n");
    stuck.pause();
    stuck.send(`get ${"big ".repeat(40)}\r\n`); // 20 MB: more than sockets hold
    expect(await client.ask("get none\r\n")).toBe("END\r\n");
    await server.said(/connection 64 closed: it took nothing of its replies for [12] s\n/);
    const until = Date.now() + 10_000;
    let stats = "";
    while (!/^STAT curr_connections 1\r$/m.test(stats) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      stats = await client.ask("stats\r\n", "END\r\n");
    }
    expect(stats).toMatch(/^STAT curr_connections 1\r$/m);
    expect(server.stderr.match(/connection 64/g)).toHaveLength(1);
  });

  test("clients that take no large values cost what -o read_buf_mem_limit says, and go", async () => {
    await using server = start("-o", "read_buf_mem_limit=8", "-v");
    const endpoint = await endpointOf(server);
    using client = await TextClient.connect(endpoint);
    const value = "v".repeat(90_000); // copied, each as often as it is asked for
    expect(await client.ask(`set big 0 0 90000\r\n${value}\r\n`)).toBe("STORED\r\n");
    const stuck = await Promise.all(Array.from({ length: 30 }, () => TextClient.connect(endpoint)));
    for (const one of stuck) {
      one.pause();
      one.send("get big\r\n".repeat(400));
    }
    await server.said(/ closed: it took nothing of its replies for [12] s\n/);
    expect(await client.ask("get none\r\n")).toBe("END\r\n");
    for (const one of stuck) one[Symbol.dispose]();
    const until = Date.now() + 10_000;
    let answer = "";
    while (!answer.startsWith("VALUE") && Date.now() < until) {
      answer = await client.ask("get big\r\nmn\r\n", "MN\r\n");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(answer).toBe(`VALUE big 0 90000\r\n${value}\r\nEND\r\nMN\r\n`);
  });

  test("evicts when full, but with -M refuses", async () => {
    await using evicting = start("-m", "2", "-I", "512k", "-v");
    await using refusing = start("-m", "2", "-I", "512k", "-M", "-v");
    const value = "x".repeat(400_000);
    const fill = async (server: RunningProgram): Promise<string[]> => {
      using client = await TextClient.connect(await endpointOf(server));
      const answers: string[] = [];
      for (let i = 0; i < 8; i++) answers.push(await client.ask(`set k${i} 0 0 400000\r\n${value}\r\n`));
      return answers;
    };
    expect(new Set(await fill(evicting))).toEqual(new Set(["STORED\r\n"]));
    const refused = "SERVER_ERROR out of memory storing object\r\n";
    expect(await fill(refusing)).toEqual([
      ...Array<string>(4).fill("STORED\r\n"),
      ...Array<string>(4).fill(refused),
    ]);
  });

  test("listens on a unix socket with -s and -a, and removes it", async () => {
    const path = join(folder, `${runtime}.sock`);
    const seen: string[] = [];
    const watcher = watch(folder, (kind, file) => void seen.push(`${kind} ${file}`));
    await using server = startProgram(runtime, main, ["-s", path, "-a", "0750", "-v"]);
    expect(await endpointOf(server)).toEqual({ kind: "unix", path });
    expect(statSync(path).mode & 0o777).toBe(0o750);
    watcher.close();
    // It had them from the start: a chmod would be seen as a change.
    expect(seen.filter((one) => one.endsWith(basename(path)))).toEqual([`rename ${basename(path)}`]);
    using client = await TextClient.connect({ kind: "unix", path });
    expect(await client.ask("get a\r\n")).toBe("END\r\n");
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  test("listens on several addresses", async () => {
    await using server = startProgram(runtime, main, [
      "-l",
      "127.0.0.1,127.0.0.2",
      "-l",
      "127.0.0.3",
      "-p",
      "-1",
      "-v",
    ]);
    const [, addresses = ""] = await server.said(/ listens on (.*)$/m);
    expect(addresses.replaceAll(/:\d+/g, "")).toBe("127.0.0.1, 127.0.0.2, 127.0.0.3");
    for (const address of addresses.split(", ")) {
      using client = await TextClient.connect(parseEndpoint(address));
      expect(await client.ask("get a\r\n")).toBe("END\r\n");
    }
  });

  describe.each(["1", "2"])("with -t %s and a client that takes nothing of its reply", (threads) => {
    const value = "v".repeat(500_000);
    const stuck = async (server: RunningProgram): Promise<TextClient> => {
      const client = await TextClient.connect(await endpointOf(server));
      expect(await client.ask(`set big 0 0 500000\r\n${value}\r\n`)).toBe("STORED\r\n");
      client.pause();
      client.send(`get ${"big ".repeat(20)}\r\nversion\r\n`); // 10 MB: more than sockets hold
      await new Promise((resolve) => setTimeout(resolve, 300));
      return client;
    };

    test("gives it all of that on SIGUSR1 before it ends", async () => {
      await using server = start("-v", "-t", threads);
      using client = await stuck(server);
      server.signal("SIGUSR1");
      await new Promise((resolve) => setTimeout(resolve, 300));
      client.resume();
      const answer = await client.rest();
      expect(answer === `${`VALUE big 0 500000\r\n${value}\r\n`.repeat(20)}END\r\n`).toBe(true);
      expect(await server.ended).toEqual({ code: 0, signal: null });
    });

    test("gives it all of that after shutdown graceful, and opens no debugger meanwhile", async () => {
      await using server = start("-A", "-v", "-t", threads);
      using client = await stuck(server);
      await new Promise((resolve) => setTimeout(resolve, 500)); // so long Deno does not know SIGUSR1
      using other = await TextClient.connect(await endpointOf(server));
      other.send("shutdown graceful\r\n");
      await new Promise((resolve) => setTimeout(resolve, 500));
      client.resume();
      const answer = await client.rest();
      expect(answer === `${`VALUE big 0 500000\r\n${value}\r\n`.repeat(20)}END\r\n`).toBe(true);
      expect(await server.ended).toEqual({ code: 0, signal: null });
      expect(server.stderr).not.toContain("Debugger");
    });

    test.each(["SIGTERM", "SIGINT"] as const)("ends on %s without it", async (signal) => {
      await using server = start("-v", "-t", threads);
      using client = await stuck(server);
      server.signal(signal);
      // One that waited for it would give it all of it from then on.
      await Promise.race([server.ended, new Promise((resolve) => setTimeout(resolve, 3_000))]);
      client.resume();
      expect((await client.rest()).length).toBeLessThan(20 * value.length);
      expect(await server.ended).toEqual({ code: 0, signal: null });
    });
  });
});
