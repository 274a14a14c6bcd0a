#!/usr/bin/env node
// memwire-proxy: arguments, configuration, engine, sockets, signals; of the proxy, or of `invalidate`.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { endOnSignal, packageVersion, runProgram } from "@memwire/program";
import { readTask } from "./cli.ts";
import { INVALIDATE, readInvalidateTask } from "./invalidate-cli.ts";
import { startInvalidate } from "./invalidate.ts";
import { prepare } from "./prepare.ts";
import { serve } from "./serve.ts";
import { welcome } from "./welcome.ts";

const version = packageVersion(import.meta.url);
const args = process.argv.slice(2);

if (args[0] === "invalidate") {
  await runProgram(INVALIDATE, async () => {
    const task = readInvalidateTask(args.slice(1), version);
    const adapter = await openAdapter();
    const { part, welcome: words } = await startInvalidate(task, adapter);
    endOnSignal([part], adapter.clock);
    console.log(`${INVALIDATE} ${version} on ${adapter.runtime}`);
    console.log(words);
  });
} else {
  await runProgram("memwire-proxy", async () => {
    const task = readTask(args, version);
    const adapter = await openAdapter();
    const { config, parts } = await prepare(task, adapter);
    const proxy = await serve(config, adapter);
    endOnSignal([proxy, ...parts], adapter.clock);
    console.log(`memwire-proxy ${version} on ${adapter.runtime}`);
    console.log(welcome(config, proxy.listeners, task.kind === "embedded"));
  });
}
