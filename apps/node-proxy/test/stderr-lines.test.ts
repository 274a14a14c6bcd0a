// A proxy on whose stderr nobody takes what it says.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, FullPipe, RUNTIMES, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { WAITING_CHARACTERS_MAX } from "@memwire/program";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rm(folder, { recursive: true }));

test.each(RUNTIMES)(
  "a proxy whose stderr nobody reads serves on, and says it when somebody does, on %s",
  async (runtime) => {
    using pipe = new FullPipe(join(folder, `${runtime}.fifo`));
    const servers = Array.from({ length: 20 }, async () => `127.0.0.1:${await freePort()}`);
    const file = join(folder, `${runtime}.yml`);
    const list = (await Promise.all(servers)).map((server) => `'${server}'`).join(", ");
    writeFileSync(
      file,
      `pools: { alpha: { listen: '127.0.0.1:0', hash: md5, health: { failures: 1 }, servers: [${list}] } }`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file], { stderr: pipe.end });
    const [, address = ""] = await proxy.said(/^(\S+) pool alpha:/m);
    using client = await TextClient.connect(parseEndpoint(address));
    for (let i = 0; i < 200; i++) {
      expect(await client.ask(`get key:${i}\r\n`)).toBe("SERVER_ERROR Connection refused\r\n");
    }
    expect(await client.ask("stats\r\n", "END\r\n")).toContain("STAT log_lines_dropped 0\r\n");
    let said = "";
    while (!/is down since[^]*is down since/.test(said)) {
      said += pipe.read();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(said).toMatch(/^-+memwire-proxy: pool alpha: server \S+ is down since /);
  },
);

test.each(RUNTIMES)("no more than a bounded part of what nobody reads is kept, on %s", async (runtime) => {
  using pipe = new FullPipe(join(folder, `${runtime}-flood.fifo`));
  const flood = join(import.meta.dirname, "stderr-flood.ts");
  await using program = startProgram(runtime, flood, [], { stderr: pipe.end });
  // One is being written, and as many wait as there is room for.
  const waiting = Math.floor(WAITING_CHARACTERS_MAX / `memwire-proxy: ${"x".repeat(1_000)}`.length);
  await program.said(new RegExp(`^${10_000 - 1 - waiting} were dropped$`, "m"));
  let said = "";
  const all = new RegExp(`lost\\n(?:memwire-proxy: x+\\n){${waiting}}$`);
  while (!all.test(said)) {
    said += pipe.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(said).toMatch(
    /^-+memwire-proxy: x{1000}\nmemwire-proxy: stderr was not read in time: 9935 lines are lost\n/,
  );
});

test.each(RUNTIMES)("a proxy whose stderr nobody reads ends when it is asked to, on %s", async (runtime) => {
  using pipe = new FullPipe(join(folder, `${runtime}-end.fifo`));
  const server = `127.0.0.1:${await freePort()}`;
  await using proxy = startProgram(runtime, main, ["--port", "0", "--backend", server], { stderr: pipe.end });
  const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
  using client = await TextClient.connect(parseEndpoint(address));
  expect(await client.ask("get key\r\n")).toBe("SERVER_ERROR Connection refused\r\n");
  expect(await client.ask("version\r\n")).toBe("VERSION 1.6.45\r\n");
  expect(await proxy.stop()).toEqual({ code: 0, signal: null });
});
