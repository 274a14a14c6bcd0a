// -d: the server runs in the background.
//
//     parent: starts itself anew, in a session of its own      child: starts to serve
//             waits                       <-- descriptor 3 --- "serves", or why it cannot
//             ends with 0, or with that
//
// So whoever starts it knows, when that is over, that it serves.

import { spawn } from "node:child_process";
import { closeSync, readFileSync, writeSync } from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { exit, ProgramEnd, programEndOf } from "@memwire/program";
import { PROGRAM } from "./task.ts";

/** Set for the child. */
const IN_BACKGROUND = "MEMWIRE_SERVER_IN_BACKGROUND";
const REPORT = 3;
const SERVES = "serves";

/** Whether this process is the one in the background. Asked once: its own children are not. */
export function isInBackground(): boolean {
  const set = process.env[IN_BACKGROUND] !== undefined;
  delete process.env[IN_BACKGROUND];
  return set;
}

/**
 * Starts this program again in the background.
 *
 * @param speaking Whether it keeps stderr.
 * @throws ProgramEnd, always: 0 once it serves, else what it could not do
 */
export async function goToBackground(speaking: boolean): Promise<never> {
  const child = spawn(process.execPath, ownArguments(), {
    detached: true,
    stdio: ["ignore", "ignore", speaking ? "inherit" : "ignore", "pipe"],
    env: { ...process.env, [IN_BACKGROUND]: "1" },
  });
  let report = "";
  const code = await new Promise<number>((resolve, reject) => {
    // Not its end: a runtime may leave the descriptor open as long as the child runs.
    (child.stdio[REPORT] as Readable).setEncoding("utf8").on("data", (piece: string) => {
      report += piece;
      if (report === SERVES) resolve(0);
    });
    child.once("error", reject).once("close", (exitCode) => resolve(exitCode ?? 1));
  });
  if (code === 0) throw new ProgramEnd(0, "");
  throw new ProgramEnd(code === 2 ? 2 : 1, report === "" ? `${PROGRAM}: it ended in the background` : report);
}

/** In the background: runs `start`, and reports how that went. */
export async function reporting(start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    const end = programEndOf(PROGRAM, error);
    writeSync(REPORT, end.message);
    await exit(end.exitCode);
  }
  writeSync(REPORT, SERVES);
  closeSync(REPORT);
}

/** What this process was started with behind the runtime's name, its options for the runtime included. */
function ownArguments(): string[] {
  try {
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
  } catch {
    return [...process.execArgv, ...process.argv.slice(1)];
  }
}
