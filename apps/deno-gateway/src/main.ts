#!/usr/bin/env node
// memwire-gateway: for now a memcached server on Deno.listen. Arguments, engine, sockets, signals.

import { chmod } from "node:fs/promises";
import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { describeEndpoint, drive } from "@memwire/engine";
import { endOnSignal, packageVersion, runProgram } from "@memwire/program";
import { ServerEngine } from "@memwire/server";
import { NOT_YET, readListen } from "./cli.ts";

await runProgram("memwire-gateway", async () => {
  const version = packageVersion(import.meta.url);
  const { endpoint, mode } = readListen(process.argv.slice(2), version);
  const { network, clock, runtime } = await openAdapter();
  const engine = new ServerEngine({ startedAt: clock.now(), facts: { pid: process.pid } });
  const driver = drive(engine, network, clock);
  const listener = await driver.listen(endpoint);
  if (endpoint.kind === "unix" && mode !== undefined) await chmod(endpoint.path, mode);
  endOnSignal([{ engine, driver, listeners: [listener] }], clock);
  console.log(`memwire-gateway ${version} on ${runtime} listens on ${describeEndpoint(listener.endpoint)}`);
  console.log(NOT_YET);
});
