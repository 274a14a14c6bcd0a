#!/usr/bin/env node
// memwire-proxy: arguments, configuration, engine, sockets, signals.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { endOnSignal, packageVersion, runProgram } from "@memwire/program";
import { readTask } from "./cli.ts";
import { prepare } from "./prepare.ts";
import { serve } from "./serve.ts";
import { welcome } from "./welcome.ts";

await runProgram("memwire-proxy", async () => {
  const version = packageVersion(import.meta.url);
  const task = readTask(process.argv.slice(2), version);
  const adapter = await openAdapter();
  const { config, parts } = await prepare(task, adapter);
  const proxy = await serve(config, version, adapter);
  endOnSignal([proxy, ...parts], adapter.clock);
  console.log(`memwire-proxy ${version} on ${adapter.runtime}`);
  console.log(welcome(config, proxy.listeners, task.kind === "embedded"));
});
