#!/usr/bin/env node
// memwire-server: arguments, then the server. A worker thread starts here as well. Prints nothing on stdout, as
// memcached does.

import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { packageVersion, runProgram } from "@memwire/program";
import { readTask } from "./cli.ts";
import { goToBackground, isInBackground, reporting } from "./daemon.ts";
import { serve } from "./serve.ts";
import { serveAsWorker } from "./worker.ts";

const script = new URL(import.meta.url);

if (isMainThread) await runProgram("memwire-server", start);
else await serveAsWorker();

async function start(): Promise<void> {
  const version = packageVersion(import.meta.url);
  const task = readTask(process.argv.slice(2), version, process.env);
  if (!task.daemon) return await serve(task, version, script);
  if (!isInBackground()) await goToBackground(task.verbosity > 0);
  await reporting(() => serve(task, version, script));
}
