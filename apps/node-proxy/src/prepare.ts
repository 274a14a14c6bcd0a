// What must run beside the proxy before it can serve what was configured.

import type { Adapter } from "@memwire/adapter";
import type { Part } from "@memwire/program";
import type { Task } from "./cli.ts";
import { configure, type Configured } from "./configure.ts";
import { startEmbeddedServers } from "./embedded-servers.ts";

/** What the proxy is to be, and what ends after it. */
export interface Prepared extends Configured {
  readonly parts: readonly Part[];
}

/** @throws ProgramEnd 2 with every mistake of the configuration */
export async function prepare({ source, overrides }: Task, adapter: Adapter): Promise<Prepared> {
  const configured = configure(source, overrides);
  if (source.kind !== "embedded") return { ...configured, parts: [] };
  const embedded = await startEmbeddedServers(adapter);
  const servers = embedded.map(({ server }) => server);
  const { config, folder } = configured;
  const pools = config.pools.map((pool) => ({ ...pool, servers }));
  return { config: { ...config, pools }, folder, parts: embedded.map(({ part }) => part) };
}
