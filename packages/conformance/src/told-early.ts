// A program that gets a signal while it is being loaded.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningProgram, type Runtime, startProgram } from "./spawn.ts";

/**
 * Starts a program with `--config FILE` and signals it in the middle of loading: while it waits for what its file says.
 *
 * @param config What the file says in the end.
 */
export async function startTold(
  runtime: Runtime,
  main: string,
  config: string,
  signal: NodeJS.Signals,
): Promise<RunningProgram> {
  const folder = mkdtempSync(join(tmpdir(), "memwire-told-"));
  try {
    const file = join(folder, "config.yml");
    execFileSync("mkfifo", [file]);
    const program = startProgram(runtime, main, ["--config", file]);
    const pipe = await open(file, "w"); // opened as soon as somebody reads it
    program.signal(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await pipe.writeFile(config);
    await pipe.close();
    return program;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
