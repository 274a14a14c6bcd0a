#!/usr/bin/env node
// memwire-proxy: arguments, configuration, engine, sockets, signals; of the proxy, or of `invalidate`.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { endOnSignal, packageVersion, ProgramEnd, runProgram } from "@memwire/program";
import { check } from "./check.ts";
import { PROGRAM, readTask, readWhereTask, type Task } from "./cli.ts";
import { configure } from "./configure.ts";
import { descriptorsMax, fitted } from "./descriptors.ts";
import { INVALIDATE, readInvalidateTask } from "./invalidate-cli.ts";
import { startInvalidate } from "./invalidate.ts";
import { outliveSignals } from "./nutcracker-signals.ts";
import { prepare } from "./prepare.ts";
import { refreshOnHangup } from "./refresh-on-hangup.ts";
import { serve } from "./serve.ts";
import { DEFAULT_DENO_SOCKETS } from "./settings.ts";
import { welcome } from "./welcome.ts";
import { where } from "./where.ts";

const version = packageVersion(import.meta.url);
const args = process.argv.slice(2);
const [first] = args;

if (first === "invalidate") {
  await runProgram(INVALIDATE, async () => {
    const task = readInvalidateTask(args.slice(1), version);
    const adapter = await openAdapter({ denoSockets: task.denoSockets });
    const { part, welcome: words } = await startInvalidate(task, adapter);
    endOnSignal([part], adapter.clock);
    console.log(`${INVALIDATE} ${version} on ${adapter.title}`);
    console.log(words);
  });
} else {
  await runProgram(PROGRAM, async () => {
    const task =
      first === "where"
        ? readWhereTask(args.slice(1), version, process.env)
        : readTask(args, version, process.env);
    for (const note of task.notes) console.error(`${PROGRAM}: ${note}`);
    if (task.kind === "check") throw new ProgramEnd(0, await check(task));
    if (task.kind === "where") throw new ProgramEnd(0, where(task));
    await run(task);
  });
}

async function run({ source, overrides }: Task): Promise<void> {
  const asked = configure(source, overrides);
  const { denoSockets = DEFAULT_DENO_SOCKETS } = asked.config;
  const adapter = await openAdapter({ denoSockets });
  const { parts, folder, config: prepared } = await prepare(asked, source, adapter);
  const { config, note } = fitted(prepared, descriptorsMax());
  const { part, listeners, files, lines } = await serve({ config, folder }, adapter, version);
  if (note !== undefined) lines.say(note);
  endOnSignal([part, ...parts], adapter.clock);
  refreshOnHangup(files, lines);
  outliveSignals(lines);
  console.log(`${PROGRAM} ${version} on ${adapter.title}`);
  console.log(welcome(config, listeners, source.kind === "embedded"));
}
