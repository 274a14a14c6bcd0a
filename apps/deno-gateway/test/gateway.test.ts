// memwire-gateway as people run it, on every runtime.

import { statSync, watch } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { RUNTIMES, startProgram, TextClient, type Runtime } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-gateway-"))));
afterAll(() => rm(folder, { recursive: true }));

async function outcomeOf(runtime: Runtime, args: readonly string[]): Promise<object> {
  await using program = startProgram(runtime, main, args);
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("serves memcached's protocol, says that there is no HTTP yet, and ends with 0", async () => {
    await using gateway = startProgram(runtime, main, ["--port", "0"]);
    const [, address = ""] = await gateway.said(/ listens on (\S+)\n.*\n/);
    using client = await TextClient.connect(parseEndpoint(address));
    expect(await client.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
    expect(await client.ask("get a\r\n", "END\r\n")).toBe("VALUE a 0 1\r\nx\r\nEND\r\n");
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(await client.rest()).toBe("");
    expect(gateway.stderr).toBe("");
    expect(gateway.stdout).toBe(
      `memwire-gateway 0.1.0 on ${runtime} listens on ${address}\n` +
        "There is no HTTP yet: memcached's own protocol is served until there is.\n",
    );
  });

  test("listens on a unix socket with its permissions", async () => {
    const path = join(folder, `${runtime}.sock`);
    const seen: string[] = [];
    const watcher = watch(folder, (kind, file) => void seen.push(`${kind} ${file}`));
    await using gateway = startProgram(runtime, main, ["--listen", `${path} 0640`]);
    await gateway.said(/ listens on /);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    watcher.close();
    // It had them from the start: a chmod would be seen as a change.
    expect(seen.filter((one) => one.endsWith(basename(path)))).toEqual([`rename ${basename(path)}`]);
    using client = await TextClient.connect({ kind: "unix", path });
    expect(await client.ask("get a\r\n")).toBe("END\r\n");
  });

  test("says that a port is in use", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const outcome = await outcomeOf(runtime, ["--port", `${port}`]);
    server.close();
    const stderr = `memwire-gateway: cannot listen on 127.0.0.1:${port}: address already in use\n`;
    expect(outcome).toEqual({ code: 1, stdout: "", stderr });
  });

  test("helps, and says its version", async () => {
    expect(await outcomeOf(runtime, ["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    expect(await outcomeOf(runtime, ["--help"])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Usage: memwire-gateway .*--listen.*--port.*no HTTP yet.*Exit codes:/s),
      stderr: "",
    });
  });
});

test.each<[string, string]>([
  ["--frob", "unknown option '--frob'"],
  ["--port x", '--port must be a whole number from 0 to 65535, got "x"'],
  [
    "--listen x",
    '--listen must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "x"',
  ],
  ["--listen h:1 --port 2", "--port cannot stand beside --listen: it has the port already"],
])("of %s it says %s", async (args, message) => {
  expect(await outcomeOf("deno", args.split(" "))).toEqual({
    code: 2,
    stdout: "",
    stderr: `memwire-gateway: ${message}; see memwire-gateway --help\n`,
  });
});
