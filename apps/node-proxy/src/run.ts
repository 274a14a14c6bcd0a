// What memwire-proxy does: arguments, configuration, engine, sockets, signals; of the proxy, or of `invalidate`.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { endOnSignal, packageVersion, ProgramEnd, runProgram } from "@memwire/program";
import { actOnSignals, takeSignals } from "@memwire/program/hold-signals";
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

export async function run(): Promise<void> {
  const args = process.argv.slice(2);
  if (args[0] === "invalidate") await runProgram(INVALIDATE, () => invalidate(args.slice(1)));
  else await runProgram(PROGRAM, () => start(args));
}

async function invalidate(args: readonly string[]): Promise<void> {
  const task = readInvalidateTask(args, version);
  const adapter = await openAdapter({ denoSockets: task.denoSockets });
  const { part, welcome: words } = await startInvalidate(task, adapter);
  endOnSignal([part], adapter.clock);
  actOnSignals();
  console.log(`${INVALIDATE} ${version} on ${adapter.title}`);
  console.log(words);
}

async function start(args: readonly string[]): Promise<void> {
  const [first, ...rest] = args;
  const task =
    first === "where" ? readWhereTask(rest, version, process.env) : readTask(args, version, process.env);
  for (const note of task.notes) console.error(`${PROGRAM}: ${note}`);
  if (task.kind === "serve") return await serveAs(task);
  // It serves nobody, and ends when it is told to.
  for (const signal of takeSignals()) process.kill(process.pid, signal);
  throw new ProgramEnd(0, task.kind === "check" ? await check(task) : where(task));
}

async function serveAs({ source, overrides }: Task): Promise<void> {
  const asked = configure(source, overrides);
  const { denoSockets = DEFAULT_DENO_SOCKETS } = asked.config;
  const adapter = await openAdapter({ denoSockets });
  const { parts, ...configured } = await prepare(asked, source, adapter);
  const { config, note } = fitted(configured.config, descriptorsMax());
  const { part, listeners, files, lines } = await serve({ ...configured, config }, adapter, version);
  if (note !== undefined) lines.say(note);
  endOnSignal([part, ...parts], adapter.clock);
  refreshOnHangup(files, lines);
  outliveSignals(lines);
  actOnSignals();
  console.log(`${PROGRAM} ${version} on ${adapter.title}`);
  console.log(welcome(config, listeners, source.kind === "embedded"));
}
