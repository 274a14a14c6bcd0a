// Signals that come while memwire-proxy is being loaded: they are held, and acted on when it serves.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIMES, startProgram, type RunningProgram, type Runtime } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const CONFIG = "pools: { main: { listen: '127.0.0.1:0', servers: ['127.0.0.1:1'] } }";
let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that is told something in the middle of loading: while it waits for what its file says. */
async function startTold(runtime: Runtime, signal: NodeJS.Signals): Promise<RunningProgram> {
  const file = join(folder, `${runtime}-${signal}.yml`);
  execFileSync("mkfifo", [file]);
  const program = startProgram(runtime, main, ["--config", file]);
  const pipe = await open(file, "w"); // opened as soon as somebody reads it
  program.signal(signal);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await pipe.writeFile(CONFIG);
  await pipe.close();
  return program;
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it gracefully", async (signal) => {
    await using proxy = await startTold(runtime, signal);
    expect(await proxy.ended).toEqual({ code: 0, signal: null });
    expect(proxy.stderr).toBe("");
  });

  test.each([
    ["SIGHUP", "there are no certificates or users to read again"],
    ["SIGUSR1", "SIGUSR1 has no effect: it means nothing here, as to nutcracker"],
  ] as const)("of %s it says %s, and serves", async (signal, line) => {
    await using proxy = await startTold(runtime, signal);
    await proxy.said(/Ctrl-C ends it/);
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
    expect(proxy.stderr).toBe(`memwire-proxy: ${line}\n`);
  });
});
