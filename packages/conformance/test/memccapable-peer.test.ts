// libmemcached's own test of a server's capabilities, 54 of them: 27 in text, 27 in the binary protocol.

import type { Endpoint } from "@memwire/engine";
import { expect, test } from "vitest";
import { RunningProgram, startMemcached, withPeer } from "../src/mod.ts";
import { realHarness } from "./server-harness.ts";

interface Passed {
  readonly text: number;
  readonly binary: number;
  /** Lines that say anything but that a test passed. */
  readonly others: readonly string[];
  readonly code: number | null;
}

/** Runs it against a server, which it flushes. */
async function capabilities(program: string, { endpoint }: { readonly endpoint: Endpoint }): Promise<Passed> {
  if (endpoint.kind !== "tcp") throw new TypeError(`memccapable speaks TCP, got ${endpoint.kind}`);
  await using run = new RunningProgram(program, ["-h", endpoint.host, "-p", `${endpoint.port}`]);
  const { code } = await run.ended;
  const lines = `${run.stdout}${run.stderr}`.split("\n").filter((line) => line.trim() !== "");
  const passed = (protocol: string): number =>
    lines.filter((line) => line.startsWith(`${protocol} `) && line.endsWith("[pass]")).length;
  return {
    text: passed("ascii"),
    binary: passed("binary"),
    others: lines.filter((line) => !line.endsWith("[pass]")),
    code,
  };
}

const ALL: Passed = { text: 27, binary: 27, others: ["All tests passed"], code: 0 };

withPeer("memccapable", (program) => {
  test("the server can do all that memccapable asks for, in text and binary", async () => {
    const server = await (await realHarness("tcp")).start();
    try {
      expect(await capabilities(program, server)).toEqual(ALL);
    } finally {
      await server.stop();
    }
  });

  withPeer("memcached", () => {
    test("memcached can, too", async () => {
      await using server = await startMemcached();
      expect(await capabilities(program, server)).toEqual(ALL);
    });
  });
});
