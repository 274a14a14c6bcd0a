// As many clients as there are file descriptors for. Whoever connects takes one: without a bound below that of the
// system clients take those that connections to servers need, and then nobody is answered.
//
//     ulimit -n = clients + at each listener with TLS those before and in their handshakes + servers + kept

import { readFileSync } from "node:fs";
import type { ProxyConfig } from "@memwire/config";
import { DEFAULT_PROXY_LIMITS } from "@memwire/proxy";
import { handshakeLimits } from "./handshake-limits.ts";

/**
 * What a runtime has open itself, 8 to 25, large values on their way (`uploads_max`), and clients that are being told
 * that there is no room for them.
 */
const KEPT = 64;

/** How many file descriptors the process may have; `undefined` where nobody says so, as on macOS. */
export function descriptorsMax(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** What a configuration is where there are so many descriptors, and what is to be said if it is another one. */
export interface Fitted {
  readonly config: ProxyConfig;
  readonly note?: string;
}

/** @param max Of the process. */
export function fitted(config: ProxyConfig, max: number | undefined): Fitted {
  const asked = clientsOf(config);
  const servers = config.pools.reduce(
    (sum, { servers: all, connections = 1 }) => sum + all.length * connections,
    0,
  );
  const needed = takenBy(config, asked) + servers + KEPT;
  if (max === undefined || needed <= max) return { config };
  const clients = clientsWithin(config, asked, max - servers - KEPT);
  const limits = { ...config.limits, connectionsMax: clients };
  const note =
    `of ${max} file descriptors servers need ${servers} and ${KEPT} are kept: clients at a time are at most ${clients}; ` +
    `${asked} need ulimit -n ${needed} (systemd: LimitNOFILE=${needed})`;
  return { config: { ...config, limits }, note };
}

/** Clients at a time: pools may have bounds of their own. */
function clientsOf({ pools, limits }: ProxyConfig): number {
  const { connectionsMax = DEFAULT_PROXY_LIMITS.connectionsMax } = limits;
  const ofPools = pools.reduce((sum, { clientConnectionsMax = Infinity }) => sum + clientConnectionsMax, 0);
  return Math.min(connectionsMax, ofPools);
}

/** Descriptors of so many clients and of those on their way to become one. */
function takenBy({ pools }: ProxyConfig, connectionsMax: number): number {
  const { handshakesMax, handshakesWaitingMax } = handshakeLimits({ limits: { connectionsMax } });
  const doors = pools.flatMap(({ listeners }) => listeners).filter(({ tls }) => tls !== undefined).length;
  return connectionsMax + doors * (handshakesMax + handshakesWaitingMax);
}

/** The most clients that take no more than `room`: at least one, or it would be no proxy. */
function clientsWithin(config: ProxyConfig, asked: number, room: number): number {
  let [fits, above] = [1, asked];
  while (above - fits > 1) {
    const middle = Math.floor((fits + above) / 2);
    if (takenBy(config, middle) <= room) fits = middle;
    else above = middle;
  }
  return fits;
}
