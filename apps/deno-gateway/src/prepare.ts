// From the command line and the file to what is to be served, and the server that runs beside it if there is none.

import type { Adapter } from "@memwire/adapter";
import {
  describeMistake,
  readGatewayConfig,
  type GatewayConfig,
  type ListenConfig,
  type ServerConfig,
} from "@memwire/config";
import { describeEndpoint, drive } from "@memwire/engine";
import { ProgramEnd, readTextFile, usageMistake, type Part } from "@memwire/program";
import { ServerEngine } from "@memwire/server";
import { DEFAULT_PORT, HOST, type Task } from "./cli.ts";

/** What the gateway is to be, and what ends after it. */
export interface Prepared {
  readonly config: GatewayConfig & {
    readonly listen: ListenConfig;
    readonly servers: readonly ServerConfig[];
  };
  /** The server in this process, if nothing said another. */
  readonly parts: readonly Part[];
}

/** @throws ProgramEnd 2 with every mistake of the file */
export async function prepare(task: Task, adapter: Adapter): Promise<Prepared> {
  const read =
    task.file === undefined
      ? readConfig("", "defaults")
      : readConfig(readTextFile("memwire-gateway", task.file), task.file);
  const listen = task.listen ?? read.listen ?? { endpoint: { kind: "tcp", host: HOST, port: DEFAULT_PORT } };
  const servers = task.servers ?? read.servers;
  if (servers === undefined) {
    const { part, server } = await startEmbedded(adapter);
    return { config: { ...read, listen, servers: [server] }, parts: [part] };
  }
  const own = describeEndpoint(listen.endpoint);
  if (servers.some(({ endpoint }) => describeEndpoint(endpoint) === own)) {
    throw usageMistake(
      "memwire-gateway",
      `${own} is a server and where the gateway itself would listen: choose another --port`,
    );
  }
  return { config: { ...read, listen, servers }, parts: [] };
}

function readConfig(text: string, file: string): GatewayConfig {
  const reading = readGatewayConfig(text, file);
  if (reading.ok) return reading.config;
  throw new ProgramEnd(2, reading.mistakes.map(describeMistake).join("\n"));
}

/** Its place on the ring goes by its name, whatever port the system gives. */
async function startEmbedded({ network, clock }: Adapter): Promise<{ part: Part; server: ServerConfig }> {
  const engine = new ServerEngine({ startedAt: clock.now() });
  const driver = drive(engine, network, clock);
  const listener = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
  return {
    part: { engine, driver, listeners: [listener] },
    server: { endpoint: listener.endpoint, weight: 1, name: "embedded" },
  };
}
