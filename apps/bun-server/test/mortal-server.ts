// memwire-server, one worker thread of which dies each time that the file MORTAL_FILE is there.

import { existsSync, renameSync } from "node:fs";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { readTask } from "../src/cli.ts";
import { serve } from "../src/serve.ts";
import { serveAsWorker } from "../src/worker.ts";

if (isMainThread) {
  await serve(readTask(process.argv.slice(2), "0"), "0", new URL(import.meta.url));
} else {
  await serveAsWorker();
  const file = process.env["MORTAL_FILE"] ?? "";
  setInterval(() => {
    if (!existsSync(file)) return;
    try {
      renameSync(file, `${file}.taken`);
    } catch {
      return; // another one was first
    }
    throw new Error("it was its turn to go");
  }, 10);
}
