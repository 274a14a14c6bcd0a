// What `version` answers is what clients can read: numbers with dots between. npm's memcached throws at anything else.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startProgram } from "@memwire/conformance";
import Memcached from "memcached";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memwire-proxy-"));
  writeFileSync(join(folder, "one.txt"), "127.0.0.1:1 1\n");
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["the proxy", ["--port", "0"]],
  ["invalidate", ["invalidate", "--servers", "one.txt", "--port", "0"]],
])("npm's memcached understands the version of %s", async (_, args) => {
  await using program = startProgram("node", main, args, { cwd: folder });
  const [, address = ""] = await program.said(/^(127\.0\.0\.1:\d+) /m);
  const client = new Memcached(address, { timeout: 10_000 });
  const answers = await promisify<unknown>((done) => client.version(done))();
  client.end();
  expect(answers).toEqual([
    expect.objectContaining({ version: "1.6.45", major: "1", minor: "6", bugfix: "45" }),
  ]);
});
