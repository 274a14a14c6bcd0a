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
  ["-c 0", '-c must be a whole number from 1 to 1000000, got "0"'],
  ["-s ", '-s must be the path of a socket, got ""'],
  ["-e ", '-e must be the path of a file, got ""'],
  ["-e /no/folder/here", "cannot use -e /no/folder/here: no such folder"],
  ["-e /tmp", "cannot use -e /tmp: it is a folder"],
  ["-e /etc/passwd/x", "cannot use -e /etc/passwd/x: what it should be in is no folder"],
  ["-u no-such-user", '-u must be a user of this machine, got "no-such-user"'],
  ["-Y /no/file", "cannot read -Y /no/file: no such file"],
  ["-Y /etc/passwd", "/etc/passwd:9: there may be 8 users, no more"],
  ["-d -o foo", '-o must be options that memcached knows, got "foo"'],
  ["-d -e /tmp", "cannot use -e /tmp: it is a folder"],
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
    expect(await outcomeOf(runtime, ["-V"])).toEqual({
      code: 0,
      stdout: "memwire-server 0.1.0\n",
      stderr: "",
    });
  });

  test("helps", async () => {
    const outcome = (await outcomeOf(runtime, ["-h"])) as { stdout: string };
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain("--memory-limit <megabytes>");
  });
});
