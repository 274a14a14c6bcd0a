// Whose sockets connections are on, on Bun, is an option of the server; it serves on either, and says on which.

import { join } from "node:path";
import { mayLackIoUring, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "..", "apps", "bun-server", "src", "main.ts");

/** Starts and asks a server that says on what it runs. */
async function serves(whose: string, threads: string, title: string): Promise<void> {
  const args = ["-l", "127.0.0.1", "-p", "-1", "-U", "0", "-v", "-t", threads, "-o", `bun_sockets=${whose}`];
  await using server = startProgram("bun", main, args);
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  expect(server.stderr).toBe(`memwire-server 0.1.0 on ${title} listens on ${address}\n`);
  // Connections are the system's to spread over the workers.
  for (let i = 0; i < 8; i++) {
    using client = await TextClient.connect(parseEndpoint(address));
    expect(await client.ask("set a 5 0 3\r\nabc\r\n")).toBe("STORED\r\n");
    expect(await client.ask("get a\r\n", "END\r\n")).toBe("VALUE a 5 3\r\nabc\r\nEND\r\n");
  }
  expect(await server.stop()).toEqual({ code: 0, signal: null });
}

test.each([
  ["1", "bun"],
  ["2", "bun, 2 workers,"],
])("memwire-server with -o bun_sockets=bun and -t %s", (threads, title) => serves("bun", threads, title));

test.skipIf(mayLackIoUring()).each([
  ["1", "bun over io_uring"],
  ["2", "bun over io_uring, 2 workers,"],
])("memwire-server with -o bun_sockets=io_uring and -t %s", (threads, title) =>
  serves("io_uring", threads, title),
);
