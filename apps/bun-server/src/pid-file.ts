import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";

/**
 * Writes the id of this process to a file that goes when the process ends.
 *
 * @returns one line if the file has the id of another process that runs
 */
export function writePidFile(path: string): string | undefined {
  const other = runningIn(path);
  writeFileSync(`${path}.tmp`, `${process.pid}\n`);
  renameSync(`${path}.tmp`, path);
  process.once("exit", () => rmSync(path, { force: true }));
  return other === undefined ? undefined : `the pid file ${path} had the id of a process that runs: ${other}`;
}

function runningIn(path: string): number | undefined {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(path, "utf8"), 10);
  } catch {
    return undefined;
  }
  if (!(pid > 0) || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
