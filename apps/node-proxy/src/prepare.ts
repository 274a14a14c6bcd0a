// From what was asked for to a configuration, and whatever must run beside the proxy for it.

import type { Adapter } from "@memwire/adapter";
import {
  DEFAULT_TIMEOUT_MS,
  describeMistake,
  readProxyConfig,
  type ListenConfig,
  type ProxyConfig,
  type ServerConfig,
} from "@memwire/config";
import { ProgramEnd, readTextFile, type Part } from "@memwire/program";
import type { Task } from "./cli.ts";
import { startEmbeddedServers } from "./embedded-servers.ts";

/** What the proxy is to be, and what ends after it. */
export interface Prepared {
  readonly config: ProxyConfig;
  readonly parts: readonly Part[];
}

/** @throws ProgramEnd 2 with every mistake of the configuration file */
export async function prepare(task: Task, adapter: Adapter): Promise<Prepared> {
  switch (task.kind) {
    case "config":
      return { config: readConfigFile(task.file), parts: [] };
    case "backends":
      return { config: onePool(task.listen, task.servers), parts: [] };
    case "embedded": {
      const embedded = await startEmbeddedServers(adapter);
      const servers = embedded.map(({ server }) => server);
      return { config: onePool(task.listen, servers), parts: embedded.map(({ part }) => part) };
    }
  }
}

/** Keys as libmemcached's clients and npm memcached place them by default. */
function onePool(listen: ListenConfig, servers: readonly ServerConfig[]): ProxyConfig {
  const timeoutMs = DEFAULT_TIMEOUT_MS;
  return { pools: [{ name: "main", listen, hash: "md5", distribution: "ketama", timeoutMs, servers }] };
}

function readConfigFile(file: string): ProxyConfig {
  const reading = readProxyConfig(readTextFile("memwire-proxy", file), file);
  if (reading.ok) return reading.config;
  throw new ProgramEnd(2, reading.mistakes.map(describeMistake).join("\n"));
}
