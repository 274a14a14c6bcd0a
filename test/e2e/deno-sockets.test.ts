// Whose sockets connections are on, on Deno, is an option of every program; it serves on either, and says on which.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningProgram, type SpawnOptions, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";

const apps = join(import.meta.dirname, "..", "..", "apps");
let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "memwire-sockets-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const start = (app: string, args: readonly string[], options?: SpawnOptions): RunningProgram =>
  startProgram("deno", join(apps, app, "src", "main.ts"), args, options);

/** What each kind is called where a program says on what it runs. */
const kinds = [
  ["node", "deno over node:net"],
  ["deno", "deno"],
] as const;

/** Stores and asks. */
async function converse(address: string): Promise<void> {
  using client = await TextClient.connect(parseEndpoint(address));
  expect(await client.ask("set a 5 0 3\r\nabc\r\n")).toBe("STORED\r\n");
  expect(await client.ask("get a\r\n", "END\r\n")).toBe("VALUE a 5 3\r\nabc\r\nEND\r\n");
}

test.each(kinds)("memwire-proxy with --deno-sockets %s", async (whose, title) => {
  await using proxy = start("node-proxy", ["--port", "0", "--deno-sockets", whose]);
  const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
  expect(proxy.stdout).toContain(`memwire-proxy 0.1.0 on ${title}\n`);
  await converse(address);
  expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).toBe("");
});

test.each(kinds)("memwire-proxy with MEMWIRE_PROXY_DENO_SOCKETS=%s", async (whose, title) => {
  await using proxy = start("node-proxy", ["--port", "0"], { env: { MEMWIRE_PROXY_DENO_SOCKETS: whose } });
  const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
  expect(proxy.stdout).toContain(`memwire-proxy 0.1.0 on ${title}\n`);
  await converse(address);
});

test.each(kinds)("memwire-proxy with deno_sockets: %s in its file", async (whose, title) => {
  await using server = start("bun-server", ["-l", "127.0.0.1", "-p", "-1", "-U", "0", "-v"]);
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  const file = join(folder, `${whose}.yml`);
  writeFileSync(
    file,
    `proxy: { deno_sockets: ${whose} }\npools: { main: { listen: '127.0.0.1:0', servers: ['${address}'] } }\n`,
  );
  await using proxy = start("node-proxy", ["--config", file]);
  const [, front = ""] = await proxy.said(/^(\S+) pool main:/m);
  expect(proxy.stdout).toContain(`memwire-proxy 0.1.0 on ${title}\n`);
  await converse(front);
});

test.each(kinds)("memwire-proxy invalidate with --deno-sockets %s", async (whose, title) => {
  await using server = start("bun-server", ["-l", "127.0.0.1", "-p", "-1", "-U", "0", "-v"]);
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  const file = join(folder, `${whose}.servers`);
  writeFileSync(file, `${address} 1\n`);
  const args = ["invalidate", "--servers", file, "--port", "0", "--deno-sockets", whose];
  await using program = start("node-proxy", args);
  const [, front = ""] = await program.said(/^(\S+) acknowledges writes/m);
  expect(program.stdout).toContain(`memwire-proxy invalidate 0.1.0 on ${title}\n`);
  using client = await TextClient.connect(parseEndpoint(front));
  expect(await client.ask("delete a\r\n")).toBe("DELETED\r\n");
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

test.each(kinds)(
  "memwire-server with -o deno_sockets=%s, also with several workers",
  async (whose, title) => {
    for (const threads of ["1", "2"]) {
      const args = [
        "-l",
        "127.0.0.1",
        "-p",
        "-1",
        "-U",
        "0",
        "-v",
        "-t",
        threads,
        "-o",
        `deno_sockets=${whose}`,
      ];
      await using server = start("bun-server", args);
      const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
      const workers = threads === "1" ? "" : ", 2 workers,";
      expect(server.stderr).toBe(`memwire-server 0.1.0 on ${title}${workers} listens on ${address}\n`);
      // Connections are the system's to spread over the workers.
      for (let i = 0; i < 8; i++) await converse(address);
      expect(await server.stop()).toEqual({ code: 0, signal: null });
    }
  },
);

test.each(kinds)("memwire-gateway with --deno-sockets %s", async (whose, title) => {
  await using gateway = start("deno-gateway", ["--port", "0", "--deno-sockets", whose]);
  const [, url = ""] = await gateway.said(/(http:\S+) .*\n(?:.*\n)*Ctrl-C/);
  expect(gateway.stdout).toContain(`memwire-gateway 0.1.0 on ${title}\n`);
  expect((await fetch(`${url}/kv/a`, { method: "PUT", body: "hello" })).status).toBe(201);
  expect(await (await fetch(`${url}/kv/a`)).text()).toBe("hello");
  expect(await gateway.stop()).toEqual({ code: 0, signal: null });
});
