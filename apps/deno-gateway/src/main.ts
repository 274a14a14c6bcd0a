#!/usr/bin/env node
// memwire-gateway: for now a memcached server on Deno.listen. Arguments, engine, sockets, signals.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { describeEndpoint, drive, type Listener } from "@memwire/engine";
import { endOnSignal, packageVersion, runProgram, withPermissions } from "@memwire/program";
import { ServerEngine } from "@memwire/server";
import { NOT_YET, readListen } from "./cli.ts";

await runProgram("memwire-gateway", async () => {
  const version = packageVersion(import.meta.url);
  const { endpoint, mode } = readListen(process.argv.slice(2), version);
  const { network, clock, runtime } = await openAdapter();
  const engine = new ServerEngine({ startedAt: clock.now(), facts: { pid: process.pid } });
  const driver = drive(engine, network, clock);
  const listen = (): Promise<Listener> => driver.listen(endpoint);
  const listener = await (mode === undefined ? listen() : withPermissions(mode, listen));
  endOnSignal([{ engine, driver, listeners: [listener] }], clock);
  console.log(`memwire-gateway ${version} on ${runtime} listens on ${describeEndpoint(listener.endpoint)}`);
  console.log(NOT_YET);
});
