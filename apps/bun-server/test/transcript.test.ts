// What memwire-server says of its clients' requests with -vv, on every runtime, and beside the real one.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  freePort,
  FullPipe,
  RunningProgram,
  RUNTIMES,
  startProgram,
  TextClient,
  withPeer,
} from "@memwire/conformance";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-server-"))));
afterAll(() => rm(folder, { recursive: true }));

/** Waits for a file, which a server writes once it serves. */
async function written(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Has a client ask each of them, and answers what was said of that, without the number of the connection. */
async function transcriptOf(server: RunningProgram, port: number, requests: string): Promise<string[]> {
  const endpoint = { kind: "tcp", host: "127.0.0.1", port } as const;
  using client = await TextClient.connect(endpoint);
  await client.ask(requests, "VERSION");
  client.send("quit\r\n");
  await server.said(/connection closed\.\n/);
  const lines = server.stderr.slice(server.stderr.indexOf(" new auto-negotiating")).split("\n");
  return lines.filter((line) => /^[<>]/.test(line)).map((line) => line.replace(/\d+ /, ""));
}

const REQUESTS =
  "set a 0 0 1\r\nx\r\nset large 0 0 200000\r\n" +
  `${"v".repeat(200_000)}\r\nget a large no\r\ngets no\r\ngat 0 a\r\ntouch a 0\r\nincr a 1\r\n` +
  "set n 0 0 1\r\n1\r\ndecr n 1\r\ndelete a\r\ndelete a\r\nadd n 0 0 1\r\n2\r\nbogus\r\nset n 0 0 x\r\n" +
  "flush_all\r\nverbosity 2\r\nversion\r\n";

const flags = (port: number): string[] => ["-l", "127.0.0.1", "-p", `${port}`, "-U", "0", "-vv"];

test.each(RUNTIMES.flatMap((runtime) => [1, 2].map((threads) => [runtime, threads] as const)))(
  "%s with %i workers says what is asked and answered",
  async (runtime, threads) => {
    const port = await freePort();
    await using server = startProgram(runtime, main, [...flags(port), "-t", `${threads}`]);
    await server.said(/ listens on /);
    expect(await transcriptOf(server, port, "set a 0 0 1\r\nx\r\nget a\r\nversion\r\n")).toEqual([
      "<set a 0 0 1",
      ">STORED",
      "<get a",
      ">sending key a",
      ">END",
      "<version",
      expect.stringMatching(/^>VERSION /),
      "<quit",
      "<connection closed.",
    ]);
  },
);

const missed = `get ${"n".repeat(200)}\r\n`;
const unread = RUNTIMES.flatMap((runtime) =>
  [1, 2, 4].flatMap((threads) => [true, false].map((isRead) => [runtime, threads, isRead] as const)),
);

test.each(unread)(
  "%s with %i workers whose stderr nobody reads serves on, and ends; what is lost is said if it is read then: %s",
  async (runtime, threads, isRead) => {
    const name = `${runtime}-${threads}-${isRead}`;
    using pipe = new FullPipe(join(folder, `${name}.fifo`));
    const port = await freePort();
    const file = join(folder, `${name}.items`);
    const args = [...flags(port), "-t", `${threads}`, "-e", file];
    const env = { MEMCACHED_PORT_FILENAME: join(folder, `${name}.port`) };
    await using server = startProgram(runtime, main, args, { stderr: pipe.end, env });
    await written(env.MEMCACHED_PORT_FILENAME);
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => TextClient.connect({ kind: "tcp", host: "127.0.0.1", port })),
    );
    for (const client of clients) {
      for (let i = 0; i < 100; i++) await client.ask(`${missed.repeat(100)}mn\r\n`, "MN\r\n");
    }
    const [client] = clients as [TextClient];
    expect(await client.ask("stats\r\n", "END\r\n")).toMatch(/^STAT log_lines_dropped [1-9]\d{3,}\r$/m);
    if (isRead) {
      let said = "";
      while (!/memwire-server: stderr was not read in time: \d+ lines are lost\n/.test(said)) {
        said += pipe.read();
        client.send(missed);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(existsSync(file)).toBe(true);
    for (const one of clients) one[Symbol.dispose]();
  },
);

withPeer("memcached", (path) => {
  test("the same as memcached", async () => {
    const [ourPort, theirPort] = [await freePort(), await freePort()];
    await using ours = startProgram("node", main, flags(ourPort));
    await using theirs = new RunningProgram(path, [...flags(theirPort), "-t", "1", "-u", "root"]);
    await Promise.all([ours.said(/ listens on /), theirs.said(/server listening/)]);
    const said = await transcriptOf(ours, ourPort, REQUESTS);
    const isVersion = (line: string): boolean => line.startsWith(">VERSION");
    expect(said.filter((line) => !isVersion(line))).toEqual(
      (await transcriptOf(theirs, theirPort, REQUESTS)).filter((line) => !isVersion(line)),
    );
    expect(said).toHaveLength(39);
  });
});
