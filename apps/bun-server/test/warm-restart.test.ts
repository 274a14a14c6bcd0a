// memwire-server -e, as people run it on every runtime: what was there is there again, or it is said why not.

import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  freePort,
  RUNTIMES,
  type RunningProgram,
  type Runtime,
  startProgram,
  TextClient,
} from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let root = "";
let folder = "";
let file = "";
let folders = 0;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "memwire-restart-"))));
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = join(root, `${++folders}`);
  file = join(folder, "items");
  await mkdir(folder);
});

const start = (runtime: Runtime, ...args: string[]): RunningProgram =>
  startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-e", file, "-v", ...args]);

async function clientOf(server: RunningProgram): Promise<TextClient> {
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  return TextClient.connect(parseEndpoint(address));
}

/** As soon as it answers. */
async function connected(port: number): Promise<TextClient> {
  for (let tries = 0; ; tries++) {
    try {
      const client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
      await client.ask("version\r\n"); // whether the port is free is tried first, and turns clients away
      return client;
    } catch (error) {
      if (tries === 5_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** What it said before it said where it listens. */
const firstLineOf = (server: RunningProgram): string => server.stderr.split("\n", 1)[0] as string;

const large = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode((i * 31 + (i >> 8)) & 0xff)).join(
  "",
);
const keys = ["plain", "flags", "soon", "\u00ff\u0001odd", "large", "empty", "number"];

async function fill(server: RunningProgram): Promise<void> {
  using client = await clientOf(server);
  for (const [command, answer] of [
    ["set plain 0 0 5\r\nvalue\r\n", "STORED\r\n"],
    ["set flags 4294967295 0 2\r\n\r\n\r\n", "STORED\r\n"],
    ["set soon 0 1000 1\r\ns\r\n", "STORED\r\n"],
    ["set \u00ff\u0001odd 0 0 1\r\n\u0000\r\n", "STORED\r\n"],
    [`set large 7 0 ${large.length}\r\n${large}\r\n`, "STORED\r\n"],
    ["set empty 0 0 0\r\n\r\n", "STORED\r\n"],
    ["set number 0 0 2\r\n41\r\n", "STORED\r\n"],
    ["incr number 1\r\n", "42\r\n"],
    ["set gone 0 -1 1\r\n-\r\n", "STORED\r\n"],
  ] as const) {
    expect(await client.ask(command)).toBe(answer);
  }
}

async function everything(server: RunningProgram): Promise<string> {
  using client = await clientOf(server);
  return await client.ask(`gets ${keys.join(" ")} gone\r\n`, "END\r\n");
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("what was true once does not come back, however soon it crashes", async () => {
    await using first = start(runtime);
    await fill(first);
    await first.stop();
    const port = await freePort();
    const args = ["-l", "127.0.0.1", "-p", `${port}`, "-e", file, "-t", "4"];
    await using second = startProgram(runtime, main, args);
    using client = await connected(port);
    expect(await client.ask("set number 0 0 1\r\n7\r\n")).toBe("STORED\r\n");
    second.signal("SIGKILL");
    await second.ended;
    await using third = start(runtime);
    expect(await everything(third)).toBe("END\r\n");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("of a server that is ended before all its workers are there all is kept", async () => {
    const port = await freePort();
    const args = ["-l", "127.0.0.1", "-p", `${port}`, "-e", file, "-t", "4"];
    await using first = startProgram(runtime, main, args);
    using client = await connected(port);
    expect(await client.ask("set plain 0 0 3\r\nnew\r\n")).toBe("STORED\r\n");
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    await using second = start(runtime);
    expect(await everything(second)).toMatch(/^VALUE plain 0 3 \d+\r\nnew\r\nEND\r\n$/);
  });

  test.each(["SIGTERM", "SIGINT", "SIGUSR1"] as const)(
    "after %s all comes back byte for byte with flags and cas, on the next runtime as well",
    async (signal) => {
      await using first = start(runtime);
      await fill(first);
      const before = await everything(first);
      expect(before.match(/^VALUE /gm)).toHaveLength(keys.length);
      expect(firstLineOf(first)).toBe(`memwire-server: starts empty: there is no ${file} yet`);
      expect(existsSync(file)).toBe(false);
      first.signal(signal);
      expect(await first.ended).toEqual({ code: 0, signal: null });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(existsSync(`${file}.new`)).toBe(false);

      const next = RUNTIMES[(RUNTIMES.indexOf(runtime) + 1) % RUNTIMES.length] as Runtime;
      await using second = start(next);
      expect(await everything(second)).toBe(before);
      expect(firstLineOf(second)).toMatch(
        new RegExp(`^memwire-server: restored ${keys.length} items from ${file}, written \\d+ s ago$`),
      );
      expect(existsSync(file)).toBe(false);
      expect(await second.stop()).toEqual({ code: 0, signal: null });
      expect(existsSync(file)).toBe(true);
    },
  );

  test("after a crash it starts empty, not with what was true once", async () => {
    await using first = start(runtime);
    await fill(first);
    await first.stop();
    await using second = start(runtime);
    expect(await everything(second)).toContain("VALUE plain 0 5");
    second.signal("SIGKILL");
    await second.ended;
    await using third = start(runtime);
    expect(await everything(third)).toBe("END\r\n");
    expect(firstLineOf(third)).toBe(`memwire-server: starts empty: there is no ${file} yet`);
  });

  test("refuses what is no snapshot and what is damaged, serves, and keeps the file", async () => {
    await using first = start(runtime);
    await fill(first);
    await first.stop();
    const damaged = readFileSync(file);
    damaged.writeUInt8(damaged.readUInt8(100_000) ^ 1, 100_000);
    for (const [bytes, why] of [
      [
        damaged,
        /^damaged: the checksum at byte \d+ must be 0x[0-9a-f]+ for the bytes before it, got 0x[0-9a-f]+$/,
      ],
      [damaged.subarray(0, 90_000), /^cut off at byte 90000: the end of the snapshot must follow there$/],
      [
        Buffer.from("my dear diary"),
        /^not a snapshot: byte 1 is 0x79, and a snapshot begins with "memwire-snapshot"$/,
      ],
    ] as const) {
      writeFileSync(file, bytes);
      await using server = start(runtime);
      expect(await everything(server)).toBe("END\r\n");
      const said = /: starts empty: (\S+) is (.*); it is kept as (\S+)$/.exec(firstLineOf(server));
      expect(said?.slice(1)).toEqual([file, expect.stringMatching(why), `${file}.refused`]);
      expect(readFileSync(`${file}.refused`).equals(bytes)).toBe(true);
      expect(existsSync(file)).toBe(false);
      await fill(server);
      expect(await server.stop()).toEqual({ code: 0, signal: null });
      expect(existsSync(file)).toBe(true);
    }
  });

  test("leaves the file alone if it cannot serve", async () => {
    await using first = start(runtime);
    await fill(first);
    await first.stop();
    const snapshot = readFileSync(file);
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    const { port } = other.address() as { port: number };
    await using second = start(runtime, "-p", `${port}`);
    expect(await second.ended).toEqual({ code: 1, signal: null });
    other.close();
    expect(readFileSync(file).equals(snapshot)).toBe(true);
  });

  test("says so, and ends with 1, if it cannot keep the items", async () => {
    await using server = start(runtime);
    await fill(server);
    rmSync(folder, { recursive: true });
    expect(await server.stop()).toEqual({ code: 1, signal: null });
    const why = `ENOENT: no such file or directory, open '${file}.new'`;
    expect(server.stderr).toContain(`memwire-server: the items are not kept in ${file}: ${why}\n`);
  });

  test("says so if a second signal ends it before the items are written", async () => {
    await using server = start(runtime);
    await fill(server);
    using client = await clientOf(server);
    client.pause();
    client.send(`get ${"large ".repeat(40)}\r\n`); // 12 MB: more than sockets hold
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.signal("SIGUSR1");
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.signal("SIGTERM");
    expect(await server.ended).toEqual({ code: 128 + 15, signal: null });
    const why = "the server ended before they were written";
    expect(server.stderr).toContain(`memwire-server: the items are not kept in ${file}: ${why}\n`);
    expect(existsSync(file)).toBe(false);
  });
});
