// A proxy that stands still for longer than its servers may take: a machine that is moved, a container over its share.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIMES, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-still-"))));
afterAll(() => rm(folder, { recursive: true }));

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.each(RUNTIMES)("servers that answered meanwhile are not late, on %s", async (runtime) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => void after(100).then(() => socket.write("END\r\n")));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const file = join(folder, `${runtime}.yml`);
  const pool = {
    listen: "127.0.0.1:0",
    timeout: 500,
    auto_eject_hosts: true,
    server_failure_limit: 1,
    servers: [`127.0.0.1:${(server.address() as AddressInfo).port}:1 a`],
  };
  await writeFile(file, JSON.stringify({ alpha: pool }));
  await using proxy = startProgram(runtime, main, ["--config", file]);
  const [, address = ""] = await proxy.said(/^(\S+) pool alpha:/m);
  using client = await TextClient.connect(parseEndpoint(address));
  expect(await client.ask("get key\r\n")).toBe("END\r\n");
  client.send("get key\r\n");
  await after(50);
  proxy.signal("SIGSTOP");
  await after(1_000);
  proxy.signal("SIGCONT");
  expect(await client.upTo("\r\n")).toBe("END\r\n");
  expect(await client.ask("stats\r\n", "END\r\n")).toContain("STAT alpha:a:reply_timeouts 0\r\n");
  server.close();
});
