#!/usr/bin/env node
// memwire-server: arguments, engine, sockets, signals. Prints nothing on stdout, as memcached does.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { describeEndpoint, type Driver, drive, type Listener } from "@memwire/engine";
import { endOnSignal, packageVersion, runProgram, withPermissions } from "@memwire/program";
import { ServerEngine } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { becomeUser } from "./become-user.ts";
import { readTask } from "./cli.ts";
import { goToBackground, isInBackground, reporting } from "./daemon.ts";
import { writePidFile } from "./pid-file.ts";
import { writePortFile } from "./port-file.ts";
import type { Task } from "./task.ts";
import { WarmRestart } from "./warm-restart.ts";

const PROGRAM = "memwire-server";

await runProgram(PROGRAM, async () => {
  const version = packageVersion(import.meta.url);
  const task = readTask(process.argv.slice(2), version);
  if (!task.daemon) return await serve(task, version);
  if (!isInBackground()) await goToBackground(task.verbosity > 0);
  await reporting(() => serve(task, version));
});

async function serve(task: Task, version: string): Promise<void> {
  for (const remark of task.remarks) say(remark);
  if (task.user !== undefined) say(becomeUser(task.user));
  const { network, clock, runtime } = await openAdapter();
  const store = new SlabStore(task.store);
  const engine = new ServerEngine({
    store,
    limits: task.limits,
    ...(task.verbosity === 0 ? {} : { log: say }),
    flushEnabled: task.flushEnabled,
    startedAt: clock.now(),
    facts: { ...task.facts, pid: process.pid },
  });
  const warmRestart =
    task.snapshotFile === undefined ? undefined : new WarmRestart(task.snapshotFile, store, clock);
  if (warmRestart !== undefined) console.error(await warmRestart.read());
  const driver = drive(engine, network, clock);
  const listeners = await withPermissions(task.socketMode, () => listen(driver, task));
  await warmRestart?.serves();
  const parts = warmRestart === undefined ? [] : [warmRestart];
  endOnSignal([{ engine, driver, listeners }, ...parts], clock, ["SIGTERM", "SIGINT", "SIGUSR1"]);
  // There is nothing to be read again yet; without this it would be the end.
  process.on("SIGHUP", () => {});
  if (task.pidFile !== undefined) say(writePidFile(task.pidFile));
  const endpoints = listeners.map(({ endpoint }) => endpoint);
  const portFile = process.env["MEMCACHED_PORT_FILENAME"];
  if (portFile !== undefined) writePortFile(portFile, endpoints);
  if (task.verbosity === 0) return;
  say(`${version} on ${runtime} listens on ${endpoints.map(describeEndpoint).join(", ")}`, "");
}

async function listen(driver: Driver, task: Task): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const { endpoint, otherwise } of task.listen) {
    const listener = driver.listen(endpoint);
    listeners.push(
      await (otherwise === undefined ? listener : listener.catch(() => driver.listen(otherwise))),
    );
  }
  return listeners;
}

function say(line: string | undefined, separator = ":"): void {
  if (line !== undefined) console.error(`${PROGRAM}${separator} ${line}`);
}
