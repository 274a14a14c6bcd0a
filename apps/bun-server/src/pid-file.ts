import { readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { writeWhole } from "./whole-file.ts";

/**
 * Writes the id of this process to a file that goes when the process ends, if it is still this one's.
 *
 * @returns one line if the file cannot be written, or had the id of another process that runs
 */
export function writePidFile(path: string): string | undefined {
  const other = runningIn(path);
  const failed = writeWhole(path, ".tmp", `${process.pid}\n`, "the pid file of -P");
  if (failed !== undefined) return failed;
  process.once("exit", () => {
    if (idIn(path) === process.pid) rmSync(path, { force: true });
  });
  return other === undefined ? undefined : `the pid file ${path} had the id of a process that runs: ${other}`;
}

function runningIn(path: string): number | undefined {
  const pid = idIn(path);
  if (!(pid > 0) || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/** `NaN` if there is none. */
function idIn(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, "utf8"), 10);
  } catch {
    return NaN;
  }
}
