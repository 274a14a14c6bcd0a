// Signals that come while memwire-gateway is being loaded: they are held, and acted on when it serves.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIMES, startProgram, type RunningProgram, type Runtime } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const CONFIG = "listen: 127.0.0.1:0\nservers: ['127.0.0.1:1:1']\n";
let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "memwire-gateway-"))));
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
    await using gateway = await startTold(runtime, signal);
    expect(await gateway.ended).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe("");
  });

  test("SIGUSR1 has no effect, then and later: it opens no debugger", async () => {
    await using gateway = await startTold(runtime, "SIGUSR1");
    await gateway.said(/Ctrl-C ends it/);
    gateway.signal("SIGUSR1");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe("");
  });
});
