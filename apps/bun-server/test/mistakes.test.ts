// What memwire-server says to a person who asks, or who made a mistake: one clear text and the right exit code.

import { createServer } from "node:net";
import { join } from "node:path";
import { RUNTIMES, startProgram, type Runtime } from "@memwire/conformance";
import { describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");

async function outcomeOf(runtime: Runtime, args: readonly string[]): Promise<object> {
  await using program = startProgram(runtime, main, args);
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

test.each<[string, string]>([
  ["-z", "unknown option '-z'"],
  ["-B http", "unknown option '-B'"],
  ["-t 0", "unknown option '-t'"],
  ["extra", "too many arguments. Expected 0 arguments but got 1: extra"],
  ["-p", "option '-p <port>' argument missing"],
  ["-p x", '-p must be a whole number from -1 to 65535, got "x"'],
  ["-p 70000", '-p must be a whole number from -1 to 65535, got "70000"'],
  ["-p 0", "-p 0 leaves nothing to listen on: give a port, or -s with a path"],
  ["-U 11211", '-U must be 0: there is no UDP yet, got "11211"'],
  ["-l 1:2:3", '-l must be host or host:port, IPv6 as [::1], got "1:2:3"'],
  ["-l a,", '-l must be host or host:port, IPv6 as [::1], got ""'],
  ["-l ./x:22121", '-l must be host or host:port, IPv6 as [::1], got "./x:22121"'],
  ["-l /run/a.sock", '-l must be host or host:port, IPv6 as [::1], got "/run/a.sock"'],
  ["-s ", '-s must be the path of a socket, got ""'],
  ["-e ", '-e must be the path of a file, got ""'],
  ["-e /no/folder/here", "cannot use -e /no/folder/here: no such folder"],
  ["-e /tmp", "cannot use -e /tmp: it is a folder"],
  ["-e /etc/passwd/x", "cannot use -e /etc/passwd/x: what it should be in is no folder"],
  ["-c 0", '-c must be a whole number from 1 to 1000000, got "0"'],
  ["-c -1", '-c must be a whole number from 1 to 1000000, got "-1"'],
  ["-m 1.5", '-m must be a whole number from 1 to 1048576, got "1.5"'],
  ["-a 999", '-a must be octal, from 0 to 0777, got "999"'],
  ["-I 1000", '-I must be at least 1k: bytes, or with k or m behind, got "1000"'],
  ["-I big", '-I must be at least 1k: bytes, or with k or m behind, got "big"'],
  ["-I 256m", "-I, 1m if not given, must be at most half of -m: 33554432 bytes, got 268435456 bytes"],
  ["-m 1", "-I, 1m if not given, must be at most half of -m: 524288 bytes, got 1048576 bytes"],
])("of %s it says %s", async (args, message) => {
  expect(await outcomeOf("node", args.split(" "))).toEqual({
    code: 2,
    stdout: "",
    stderr: `memwire-server: ${message}; see memwire-server --help\n`,
  });
});

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("says that it cannot listen", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const outcome = await outcomeOf(runtime, ["-l", "127.0.0.1", "-p", `${port}`]);
    server.close();
    const stderr = `memwire-server: cannot listen on 127.0.0.1:${port}: address already in use\n`;
    expect(outcome).toEqual({ code: 1, stdout: "", stderr });
  });

  test("says that there is no such host", async () => {
    expect(await outcomeOf(runtime, ["-l", "fooble", "-p", "-1"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "memwire-server: cannot listen on fooble:0: no such host name\n",
    });
  });

  test("says its version", async () => {
    expect(await outcomeOf(runtime, ["-V"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  });

  test("helps with what it does, and with nothing else", async () => {
    const outcome = (await outcomeOf(runtime, ["-h"])) as { stdout: string };
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const flags = [...outcome.stdout.matchAll(/^ {2}(-\w)/gm)].map(([, flag]) => flag);
    expect(flags).toEqual([
      "-p",
      "-U",
      "-l",
      "-s",
      "-a",
      "-m",
      "-M",
      "-c",
      "-I",
      "-F",
      "-e",
      "-v",
      "-V",
      "-h",
    ]);
  });
});
