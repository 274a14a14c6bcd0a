#!/usr/bin/env node
// memwire-server: arguments, engine, sockets, signals. Prints nothing on stdout, as memcached does.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { describeEndpoint, drive, type Listener } from "@memwire/engine";
import { endOnSignal, packageVersion, runProgram, withPermissions } from "@memwire/program";
import { ServerEngine } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { readTask } from "./cli.ts";
import { writePortFile } from "./port-file.ts";
import { WarmRestart } from "./warm-restart.ts";

/** As memcached's, whatever the memory. */
const PAGE_BYTES = 1_048_576;

await runProgram("memwire-server", async () => {
  const version = packageVersion(import.meta.url);
  const task = readTask(process.argv.slice(2), version);
  const { network, clock, copyBytes, runtime } = await openAdapter();
  const { bytesMax, itemBytesMax, evictions, connectionsMax, flushEnabled, snapshotFile, verbosity } = task;
  const store = new SlabStore({ bytesMax, pageBytes: PAGE_BYTES, itemBytesMax, evictions });
  const engine = new ServerEngine({
    store,
    limits: { connectionsMax },
    copyBytes,
    flushEnabled,
    startedAt: clock.now(),
    facts: { pid: process.pid },
  });
  const warmRestart = snapshotFile === undefined ? undefined : new WarmRestart(snapshotFile, store, clock);
  if (warmRestart !== undefined) console.error(await warmRestart.read());
  const driver = drive(engine, network, clock);
  const listeners: Listener[] = [];
  for (const endpoint of task.listen) {
    listeners.push(await withPermissions(task.socketMode, () => driver.listen(endpoint)));
  }
  await warmRestart?.serves();
  const parts = warmRestart === undefined ? [] : [warmRestart];
  endOnSignal([{ engine, driver, listeners }, ...parts], clock, ["SIGTERM", "SIGINT", "SIGUSR1"]);
  const portFile = process.env["MEMCACHED_PORT_FILENAME"];
  if (portFile !== undefined) writePortFile(portFile, listeners);
  if (verbosity === 0) return;
  const addresses = listeners.map(({ endpoint }) => describeEndpoint(endpoint)).join(", ");
  console.error(`memwire-server ${version} on ${runtime} listens on ${addresses}`);
});
