// From a configuration to a proxy that listens.

import type { Adapter } from "@memwire/adapter";
import { ringServer, type PoolConfig, type ProxyConfig } from "@memwire/config";
import { describeEndpoint, drive, type Listener } from "@memwire/engine";
import type { Part } from "@memwire/program";
import { ProxyEngine, type PoolOptions } from "@memwire/proxy";
import { createDistribution, type Distribution } from "@memwire/router";
import { listenOn } from "./listen-on.ts";
import { PROTOCOL_VERSION } from "./protocol-version.ts";

/** Starts the proxy: listener i belongs to pool i. */
export async function serve(config: ProxyConfig, adapter: Adapter): Promise<Part> {
  const { connectionsMax } = config;
  const engine = new ProxyEngine({
    pools: config.pools.map(poolOf),
    limits: connectionsMax === undefined ? {} : { connectionsMax },
    version: PROTOCOL_VERSION,
  });
  const driver = drive(engine, adapter.network, adapter.clock);
  const listeners: Listener[] = [];
  for (const { listen } of config.pools) listeners.push(await listenOn(driver, listen));
  return { engine, driver, listeners };
}

function poolOf(pool: PoolConfig): PoolOptions {
  const { name, servers, timeoutMs } = pool;
  return {
    name,
    servers: servers.map((server) => ({
      name: server.name ?? describeEndpoint(server.endpoint),
      endpoint: server.endpoint,
    })),
    distribution: distributionOf(pool),
    queuedTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    replyTimeoutMs: timeoutMs,
  };
}

function distributionOf({ distribution, hash, hashTag, servers: configured }: PoolConfig): Distribution {
  const servers = configured.map(ringServer);
  if (distribution === "random") return createDistribution({ distribution, servers, random: Math.random });
  return createDistribution({ distribution, hash, servers, ...(hashTag === undefined ? {} : { hashTag }) });
}
