// `memwire-proxy invalidate`: servers, engine, sockets, and what is said at the start and at the end.

import process from "node:process";
import type { Adapter } from "@memwire/adapter";
import { describeMistake, readServersFile, ringServer, type ServerConfig } from "@memwire/config";
import { describeEndpoint, drive, type Endpoint } from "@memwire/engine";
import { InvalidationEngine } from "@memwire/invalidation";
import { ProgramEnd, readTextFile, usageMistake, type Part } from "@memwire/program";
import { createDistribution } from "@memwire/router";
import { INVALIDATE, type InvalidateTask } from "./invalidate-cli.ts";
import { listenOn } from "./listen-on.ts";
import { PROTOCOL_VERSION } from "./protocol-version.ts";
import { describeServers, howToTry, shortened } from "./welcome.ts";

type NamedServer = ServerConfig & { readonly name: string };

/** The program as it runs, and what it says when it has started. */
export interface RunningInvalidate {
  readonly part: Part;
  readonly welcome: string;
}

/** @throws ProgramEnd 2 with every mistake of the file of servers */
export async function startInvalidate(task: InvalidateTask, adapter: Adapter): Promise<RunningInvalidate> {
  const { listen, workers, drainSeconds } = task;
  const servers = readServers(task);
  const { network, clock } = adapter;
  const engine = new InvalidationEngine({
    servers,
    distribution: createDistribution({
      distribution: "ketama",
      hash: "md5",
      servers: servers.map(ringServer),
    }),
    limits: { workers },
    version: PROTOCOL_VERSION,
    startedAt: clock.now(),
    facts: { pid: process.pid },
  });
  const driver = drive(engine, network, clock);
  const listener = await listenOn(driver, listen);
  const part = {
    engine,
    driver,
    listeners: [listener],
    endWithinMs: drainSeconds * 1_000,
    unfinished: () => leftIn(engine),
  };
  return { part, welcome: welcome(listener.endpoint, servers) };
}

function readServers({ serversFile, listen }: InvalidateTask): readonly NamedServer[] {
  const reading = readServersFile(readTextFile(INVALIDATE, serversFile), serversFile);
  if (!reading.ok) throw new ProgramEnd(2, reading.mistakes.map(describeMistake).join("\n"));
  const own = describeEndpoint(listen.endpoint);
  if (reading.servers.some(({ endpoint }) => describeEndpoint(endpoint) === own)) {
    const where = `${own} of ${serversFile} is where this program itself would listen`;
    throw usageMistake(INVALIDATE, `${where}: choose another --port`);
  }
  return reading.servers;
}

function welcome(endpoint: Endpoint, servers: readonly NamedServer[]): string {
  return [
    `${describeEndpoint(endpoint)} acknowledges writes, keys are deleted by ketama by md5 over ${describeServers(servers)}`,
    howToTry(endpoint, String.raw`set greeting 0 0 5\r\nhello\r\nstats\r\nquit\r\n`),
    "Ctrl-C ends it",
  ].join("\n");
}

/** What is not deleted yet, by server; `undefined` if that is nothing. */
function leftIn(engine: InvalidationEngine): string | undefined {
  const { keys } = engine;
  if (keys === 0) return undefined;
  const servers = engine.servers().filter(({ depth }) => depth > 0);
  const where = shortened(servers.map(({ name, depth }) => `${name} ${depth}`));
  return `${INVALIDATE}: ended with ${keys} ${keys === 1 ? "key" : "keys"} not invalidated: ${where}`;
}
