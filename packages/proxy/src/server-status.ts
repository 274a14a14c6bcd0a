// The servers of a pool as seen from outside: for logs, metrics, `stats` and tests.

import type { ServerCounters, ServerLink, ServerStatus } from "@memwire/link";
import type { HealthStatus } from "@memwire/router";
import type { Pool } from "./pool.ts";

export interface PoolServerStatus {
  readonly pool: string;
  readonly name: string;
  readonly state: PoolServerState;
  /** Of all pools that share its connections. */
  readonly counters: Readonly<ServerCounters>;
  readonly health: HealthStatus;
}

/**
 * - `idle`, `connecting`, `ready`: the connection that is furthest
 * - `left alone`: it failed, and is not tried again for a while
 * - `down`: it failed too often, and gets no requests until a probe was answered
 * - `draining`, `taken out`: its operator wants it so
 */
export type PoolServerState = ServerStatus["state"] | "down" | "draining" | "taken out";

export function statusesOf(pool: Pool): PoolServerStatus[] {
  return pool.servers.map((link, i) => {
    const { counters, health } = link;
    return {
      pool: pool.name,
      name: pool.serverNames[i] as string,
      state: stateOf(link, health),
      counters,
      health,
    };
  });
}

function stateOf({ state }: ServerLink, health: HealthStatus): PoolServerState {
  if (health.administered === "down") return "taken out";
  if (health.administered === "drain") return "draining";
  return health.state === "down" ? "down" : state;
}
