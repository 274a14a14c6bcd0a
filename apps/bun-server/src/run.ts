// What a thread of memwire-server does: the main one reads the arguments and serves, the others are workers of it.

import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { packageVersion, runProgram } from "@memwire/program";
import { takeSignals } from "@memwire/program/hold-signals";
import { readTask } from "./cli.ts";
import { goToBackground, isInBackground, reporting } from "./daemon.ts";
import { serve } from "./serve.ts";
import { PROGRAM } from "./task.ts";
import { serveAsWorker } from "./worker.ts";

/** @param script What a worker thread starts with. */
export async function run(script: URL): Promise<void> {
  if (isMainThread) await runProgram(PROGRAM, () => start(script));
  else await serveAsWorker();
}

async function start(script: URL): Promise<void> {
  const version = packageVersion(import.meta.url);
  const task = readTask(process.argv.slice(2), version, process.env);
  if (!task.daemon) return await serve(task, version, script);
  if (!isInBackground()) {
    for (const signal of takeSignals()) process.kill(process.pid, signal); // it only waits for the one that serves
    await goToBackground(task.verbosity > 0);
  }
  await reporting(() => serve(task, version, script));
}
