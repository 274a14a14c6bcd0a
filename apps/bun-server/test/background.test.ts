// memwire-server as a system starts it: in the background, with a pid file, with signals, beside the real one.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { freePort, RUNTIMES, RunningProgram, startProgram, TextClient, withPeer } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
let pid = 0;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-background-"))));
afterAll(() => rm(folder, { recursive: true }));

/** Waits until there is nobody of this id any more. */
async function isOver(id: number): Promise<void> {
  for (;;) {
    try {
      process.kill(id, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function pidIn(stats: TextClient): Promise<string | undefined> {
  return /^STAT pid (\d+)\r$/m.exec(await stats.ask("stats\r\n", "END\r\n"))?.[1];
}

/** -d -P: the parent ends with 0 once it serves; the pid of the file is that of `stats`; SIGTERM ends it. */
async function goesToBackground(run: (args: readonly string[]) => RunningProgram): Promise<string> {
  const port = await freePort();
  const file = join(folder, `pid-${port}`);
  await using parent = run(["-d", "-P", file, "-l", "127.0.0.1", "-p", `${port}`, "-U", "0"]);
  expect(await parent.ended).toEqual({ code: 0, signal: null });
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
  pid = Number(readFileSync(file, "utf8"));
  try {
    using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
    expect(await pidIn(client)).toBe(`${pid}`);
    process.kill(pid, "SIGHUP");
    expect(await client.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
  } finally {
    process.kill(pid, "SIGTERM");
  }
  await isOver(pid);
  expect(existsSync(file)).toBe(false);
  return parent.stdout + parent.stderr;
}

withPeer("memcached", (memcached) => {
  test("memcached goes to the background", async () => {
    await goesToBackground((args) => new RunningProgram(memcached, ["-u", "root", ...args]));
  });
});

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("goes to the background, and says nothing", async () => {
    expect(await goesToBackground((args) => startProgram(runtime, main, args))).toBe("");
  });

  test("what cannot be served in the background is said by the one who was started", async () => {
    await using first = startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-v"]);
    const [, port] = await first.said(/ listens on 127\.0\.0\.1:(\d+)/);
    const file = join(folder, `none-${port}`);
    await using second = startProgram(runtime, main, ["-d", "-P", file, "-l", "127.0.0.1", "-p", `${port}`]);
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.stderr).toBe(
      `memwire-server: cannot listen on 127.0.0.1:${port}: address already in use\n`,
    );
    expect(existsSync(file)).toBe(false);
  });

  test("-P without -d, over a file that names another one that runs", async () => {
    const file = join(folder, `other-${runtime}`);
    await using first = startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-P", file, "-v"]);
    await first.said(/ listens on /);
    await using second = startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-P", file, "-v"]);
    await second.said(/ listens on /);
    expect(second.stderr).toContain(
      `memwire-server: the pid file ${file} had the id of a process that runs: `,
    );
  });

  test("-P and a port file that cannot be written are said, and the server serves", async () => {
    const missing = join(folder, "missing", "file");
    await using server = startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-P", folder, "-v"], {
      env: { MEMCACHED_PORT_FILENAME: missing },
    });
    const [, address = ""] = await server.said(/ listens on (\S+)/);
    expect(server.stderr.split("\n").slice(0, 2)).toEqual([
      `memwire-server: cannot write the pid file of -P, ${folder}: it is a folder`,
      `memwire-server: cannot write the port file of MEMCACHED_PORT_FILENAME, ${missing}: no such folder`,
    ]);
    expect(existsSync(`${folder}.tmp`)).toBe(false);
    using client = await TextClient.connect({
      kind: "tcp",
      host: "127.0.0.1",
      port: Number(address.split(":")[1]),
    });
    expect(await client.ask("get a\r\n")).toBe("END\r\n");
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });

  test("the pid file that another one has written since stays when this one ends", async () => {
    const file = join(folder, `taken-${runtime}`);
    await using server = startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-P", file, "-v"]);
    await server.said(/ listens on /);
    expect(readFileSync(file, "utf8")).toMatch(/^\d+\n$/);
    writeFileSync(file, "1\n");
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(readFileSync(file, "utf8")).toBe("1\n");
  });

  test("listens on all addresses when none is given, and says so in the port file", async () => {
    const port = await freePort();
    const file = join(folder, `ports-${runtime}`);
    await using server = startProgram(runtime, main, ["-p", `${port}`, "-v"], {
      env: { MEMCACHED_PORT_FILENAME: file },
    });
    await server.said(/ listens on /);
    using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
    expect(await client.ask("get a\r\n")).toBe("END\r\n");
    expect(readFileSync(file, "utf8").split("\n")[0]).toBe(`TCP INET: ${port}`);
  });

  test("what has no effect is said, and the server serves", async () => {
    await using server = startProgram(runtime, main, ["-rkL", "-l", "127.0.0.1", "-p", "-1", "-v"]);
    await server.said(/ listens on /);
    expect(server.stderr.split("\n").slice(0, 2)).toEqual([
      "memwire-server: -r has no effect: the limit of core files is set by ulimit -c",
      "memwire-server: -k has no effect: a runtime cannot lock its memory",
    ]);
  });

  test.each(["1", "2"])("-L has its memory in large pages with -t %s, or says why not", async (threads) => {
    const flags = ["-L", "-t", threads, "-m", "64", "-U", "0", "-l", "127.0.0.1", "-p", "-1", "-v"];
    await using server = startProgram(runtime, main, flags);
    await server.said(/ listens on /);
    const none = /^memwire-server: -L has no effect: (.*)$/m.exec(server.stderr)?.[1];
    const enabled = "/sys/kernel/mm/transparent_hugepage/enabled";
    const given = existsSync(enabled) && !readFileSync(enabled, "latin1").includes("[never]");
    if (!given) expect(none).toBe("this system gives no large pages");
    else if (runtime !== "bun")
      expect(none).toBe(`${runtime} has them with GLIBC_TUNABLES=glibc.malloc.hugetlb=1 only`);
    else {
      expect(none).toBeUndefined();
      const flagsOfMemory = readFileSync(`/proc/${server.pid}/smaps`, "latin1").match(/^VmFlags:.* hg /gm);
      expect(flagsOfMemory?.length).toBeGreaterThan(0);
    }
  });
});

// Only root can become another user. Where nothing may be left out, who is not root is told so by a failure.
const mayBeLeftOut = process.getuid?.() !== 0 && process.env["REQUIRE_PEERS"] !== "1";

describe.skipIf(mayBeLeftOut).each(RUNTIMES)("as root on %s", (runtime) => {
  test("-u makes it another user's", async () => {
    await using server = startProgram(runtime, main, ["-u", "nobody", "-l", "127.0.0.1", "-p", "-1", "-v"]);
    const [, address = ""] = await server.said(/ listens on (\S+)/);
    using client = await TextClient.connect({
      kind: "tcp",
      host: "127.0.0.1",
      port: Number(address.split(":")[1]),
    });
    const id = await pidIn(client);
    const [, uid] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8")) ?? [];
    expect(uid).toBe("65534");
  });
});
