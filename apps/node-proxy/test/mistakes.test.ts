// What memwire-proxy says to a person who asks, or who made a mistake: one clear text and the right exit code.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIMES, startProgram, type Runtime } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rm(folder, { recursive: true }));

async function outcomeOf(runtime: Runtime, args: readonly string[]): Promise<object> {
  await using program = startProgram(runtime, main, args, { cwd: folder });
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const mistakes: readonly [string, string][] = [
  ["--prot 5", "unknown option '--prot' (Did you mean --port?)"],
  ["extra", "too many arguments. Expected 0 arguments but got 1: extra"],
  ["--port", "option '--port <number>' argument missing"],
  ["--port x", '--port must be a whole number from 0 to 65535, got "x"'],
  ["--port 70000", '--port must be a whole number from 0 to 65535, got "70000"'],
  [
    "--listen here",
    '--listen must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "here"',
  ],
  [
    "--listen ./x:22121",
    '--listen must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "./x:22121"',
  ],
  ["--listen h:1 --port 2", "--port cannot stand beside --listen: it has the port already"],
  ["--listen h:1 --listen h:2", "--listen is there twice: take one out"],
  ["--port 1 --port 1", "--port is there twice: take one out"],
  ["--hash md5 --hash md5", "--hash is there twice: take one out"],
  ["--backend h", '--backend must be host:port[:weight] or /path[:weight], got "h"'],
  ["--backend h:1:0", '--backend weight must be a whole number from 1, got "0"'],
  ["--backend h:1 --backend h:1:2", "--backend h:1 is there twice: take one out"],
  [
    "--port 5 --backend h:1 --backend 127.0.0.1:5",
    "--backend 127.0.0.1:5 is where the proxy itself would listen: choose another --port",
  ],
  ["--config no.yaml", "cannot read no.yaml: no such file"],
  ["--config .", "cannot read .: it is a folder"],
  ["--servers no.txt", "cannot read no.txt: no such file"],
  ["--servers a:1,b:2", '--servers is a file, got "a:1,b:2"; servers themselves: --backend'],
  ["--servers f --backend h:1", "--backend cannot stand beside --servers: both say the servers"],
  ["--hash-tag {", '--hash-tag must be two characters, such as {}, got "{"'],
  ["--deno-sockets bun", '--deno-sockets must be one of node, deno, got "bun"'],
  ["--timeout 0", '--timeout must be a whole number from 1 to 2147483647, got "0"'],
];

test.each(mistakes)("of %s it says %s", async (args, message) => {
  expect(await outcomeOf("node", args.split(" "))).toEqual({
    code: 2,
    stdout: "",
    stderr: `memwire-proxy: ${message}; see memwire-proxy --help\n`,
  });
});

const invalidateMistakes: readonly [string, string][] = [
  ["", "--servers is missing: a file with a line host:port weight for each server"],
  ["--servers", "option '--servers <file>' argument missing"],
  ["--servers no.txt", "cannot read no.txt: no such file"],
  ["--servers .", "cannot read .: it is a folder"],
  ["--server a", "unknown option '--server' (Did you mean --servers?)"],
  ["--servers a b", "too many arguments. Expected 0 arguments but got 1: b"],
  ["--servers a --listen h:1 --port 2", "--port cannot stand beside --listen: it has the port already"],
  ["--servers a --listen h:1 --listen h:2", "--listen is there twice: take one out"],
  ["--servers a --port 1 --port 2", "--port is there twice: take one out"],
  ["--servers a --port x", '--port must be a whole number from 0 to 65535, got "x"'],
  ["--servers a --workers 0", '--workers must be a whole number from 1 to 65536, got "0"'],
  ["--servers a --drain-seconds -1", '--drain-seconds must be a whole number from 0 to 86400, got "-1"'],
  [
    "--servers a --deno-sockets bun",
    "option '--deno-sockets <whose>' argument 'bun' is invalid. Allowed choices are node, deno",
  ],
  [
    "--servers own.txt --port 5",
    "127.0.0.1:5 of own.txt is where this program itself would listen: choose another --port",
  ],
];

test.each(invalidateMistakes)("of invalidate %s it says %s", async (args, message) => {
  writeFileSync(join(folder, "own.txt"), "127.0.0.1:4 1\n127.0.0.1:5 1\n");
  const words = args === "" ? [] : args.split(" ");
  expect(await outcomeOf("node", ["invalidate", ...words])).toEqual({
    code: 2,
    stdout: "",
    stderr: `memwire-proxy invalidate: ${message}; see memwire-proxy invalidate --help\n`,
  });
});

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("says every mistake of a file", async () => {
    writeFileSync(
      join(folder, "wrong.yaml"),
      "a:\n  listen: 127.0.0.1:0\n  timeout: soon\n  servers:\n    - h:1:x\n",
    );
    expect(await outcomeOf(runtime, ["--config", "wrong.yaml"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'wrong.yaml:3 a.timeout: must be a whole number of milliseconds from 0 to 2147483647, got "soon"\n' +
        'wrong.yaml:5 a.servers[0]: weight must be a whole number from 1, got "x"\n',
    });
  });

  test("says that a port is in use", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const outcome = await outcomeOf(runtime, ["--port", `${port}`]);
    server.close();
    const stderr = `memwire-proxy: cannot listen on 127.0.0.1:${port}: address already in use\n`;
    expect(outcome).toEqual({ code: 1, stdout: "", stderr });
  });

  test("says its version", async () => {
    expect(await outcomeOf(runtime, ["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  });

  test("helps", async () => {
    const outcome = await outcomeOf(runtime, ["--help"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome).toHaveProperty(
      "stdout",
      expect.stringMatching(
        /^Usage: memwire-proxy .*--config.*--servers.*--backend.*--listen.*--port.*--check.*MEMWIRE_PROXY_CONFIG.*Examples:.*invalidate --servers.*Exit codes:/s,
      ),
    );
  });

  test("helps with invalidate", async () => {
    const outcome = await outcomeOf(runtime, ["invalidate", "--help"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome).toHaveProperty(
      "stdout",
      expect.stringMatching(
        /^Usage: memwire-proxy invalidate --servers FILE .*--listen.*11311.*--workers.*--drain-seconds.*Examples:.*Exit codes:/s,
      ),
    );
    expect(await outcomeOf(runtime, ["invalidate", "--version"])).toEqual({
      code: 0,
      stdout: "0.1.0\n",
      stderr: "",
    });
  });

  test("says every mistake of a file of servers", async () => {
    writeFileSync(join(folder, "servers.txt"), "# ours\n10.0.0.1:11211\t600\n10.0.0.2:11211\tmany\nhere 1\n");
    const outcome = await outcomeOf(runtime, ["invalidate", "--servers", "servers.txt"]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome).toHaveProperty(
      "stderr",
      expect.stringMatching(
        /^servers\.txt:3 servers\[1\]: .*got "many".*\nservers\.txt:4 servers\[2\]: .*\n$/,
      ),
    );
  });

  test("says that the port of invalidate is in use", async () => {
    writeFileSync(join(folder, "one.txt"), "10.0.0.1:11211 1\n");
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const outcome = await outcomeOf(runtime, ["invalidate", "--servers", "one.txt", "--port", `${port}`]);
    server.close();
    const stderr = `memwire-proxy invalidate: cannot listen on 127.0.0.1:${port}: address already in use\n`;
    expect(outcome).toEqual({ code: 1, stdout: "", stderr });
  });
});
