// What memwire-gateway does: arguments, configuration, gateway, sockets, signals.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { endOnSignal, packageVersion, runProgram } from "@memwire/program";
import { actOnSignals } from "@memwire/program/hold-signals";
import { openAccessLog } from "./access-log.ts";
import { readTask } from "./cli.ts";
import { prepare } from "./prepare.ts";
import { partOf, serve } from "./serve.ts";
import { welcome } from "./welcome.ts";

export function run(): Promise<void> {
  return runProgram("memwire-gateway", start);
}

async function start(): Promise<void> {
  const version = packageVersion(import.meta.url);
  const task = readTask(process.argv.slice(2), version);
  const adapter = await openAdapter({ denoSockets: task.denoSockets });
  const prepared = await prepare(task, adapter);
  const accessLog = openAccessLog(task.accessLog);
  const running = await serve(prepared, accessLog, adapter);
  endOnSignal([partOf(running, accessLog), ...prepared.parts], adapter.clock);
  actOnSignals();
  console.log(`memwire-gateway ${version} on ${adapter.title}`);
  console.log(welcome(prepared, running.listener.endpoint));
}
