// What must run beside the proxy before it can serve what was configured.

import type { Adapter } from "@memwire/adapter";
import type { Part } from "@memwire/program";
import type { Source } from "./cli.ts";
import type { Configured } from "./configure.ts";
import { startEmbeddedServers } from "./embedded-servers.ts";

/** What the proxy is to be, and what ends after it. */
export interface Prepared extends Configured {
  readonly parts: readonly Part[];
}

/** @param source Where `configured` comes from. */
export async function prepare(configured: Configured, source: Source, adapter: Adapter): Promise<Prepared> {
  if (source.kind !== "embedded") return { ...configured, parts: [] };
  const embedded = await startEmbeddedServers(adapter);
  const servers = embedded.map(({ server }) => server);
  const { config } = configured;
  const pools = config.pools.map((pool) => ({ ...pool, servers }));
  return { ...configured, config: { ...config, pools }, parts: embedded.map(({ part }) => part) };
}
