// memwire-server -Y and -S, on every runtime and with several workers: who comes in, and SIGHUP.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIMES, type RunningProgram, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-users-"))));
afterAll(() => rm(folder, { recursive: true }));

async function endpointOf(server: RunningProgram): Promise<Endpoint> {
  const [, address = ""] = await server.said(/ listens on ([^\s,]+)/);
  return parseEndpoint(address);
}

/** What twenty clients with that password are told, which come to every worker. */
async function told(endpoint: Endpoint, password: string): Promise<string[]> {
  const told = new Set<string>();
  for (let i = 0; i < 20; i++) {
    using client = await TextClient.connect(endpoint);
    const value = `ada ${password}`;
    told.add(await client.ask(`set auth 0 0 ${value.length}\r\n${value}\r\n`));
  }
  return [...told];
}

const LET_IN = ["STORED\r\n"];
const REFUSED = ["CLIENT_ERROR authentication failure\r\n"];

describe.each(RUNTIMES)("on %s", (runtime) => {
  test.each(["1", "2"])(
    "SIGHUP reads the users of -Y again, with -t %s; a mistake changes nothing",
    async (threads) => {
      const file = join(folder, `${runtime}-${threads}`);
      writeFileSync(file, "ada:old\n");
      const args = ["-l", "127.0.0.1", "-p", "-1", "-Y", file, "-t", threads, "-v"];
      await using server = startProgram(runtime, main, args);
      const endpoint = await endpointOf(server);
      expect(await told(endpoint, "old")).toEqual(LET_IN);
      expect(await told(endpoint, "new")).toEqual(REFUSED);
      writeFileSync(file, "ada\n");
      server.signal("SIGHUP");
      const line = `memwire-server: the users stay as they were: ${file}:1: must be name:password, neither of them empty\n`;
      await server.said(/the users stay as they were.*\n/);
      expect(server.stderr).toContain(line);
      expect(await told(endpoint, "old")).toEqual(LET_IN);
      writeFileSync(file, "ada:new\n");
      server.signal("SIGHUP");
      const until = Date.now() + 10_000;
      while ((await told(endpoint, "new")).join() !== LET_IN.join() && Date.now() < until);
      expect(await told(endpoint, "new")).toEqual(LET_IN);
      expect(await told(endpoint, "old")).toEqual(REFUSED);
    },
  );

  test("-S takes the users of MEMCACHED_SASL_PWDB, and only the binary protocol", async () => {
    const file = join(folder, `${runtime}-sasl`);
    writeFileSync(file, "ada:secret\n");
    await using server = startProgram(runtime, main, ["-l", "127.0.0.1", "-p", "-1", "-S", "-v"], {
      env: { MEMCACHED_SASL_PWDB: file },
    });
    const endpoint = await endpointOf(server);
    using client = await TextClient.connect(endpoint);
    client.send("version\r\n");
    expect(await client.rest()).toBe("");
    using binary = await TextClient.connect(endpoint);
    const key = "PLAIN";
    const value = "\0ada\0secret";
    const header = [0x80, 0x21, 0, key.length, 0, 0, 0, 0, 0, 0, 0, key.length + value.length];
    binary.send(String.fromCharCode(...header, ...Array<number>(12).fill(0)) + key + value);
    const answer = await binary.upTo("Authenticated");
    expect(answer.slice(0, 8)).toBe("\u0081\u0021\0\0\0\0\0\0");
  });
});
