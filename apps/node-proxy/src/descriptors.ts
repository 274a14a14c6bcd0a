// As many clients as there are file descriptors for. Whoever connects takes one: without a bound below that of the
// system clients take those that connections to servers need, and then nobody is answered.
//
//     ulimit -n = clients + at each listener with TLS those before and in their handshakes + listeners + servers + kept

import { readFileSync } from "node:fs";
import type { ProxyConfig } from "@memwire/config";
import { DEFAULT_PROXY_LIMITS } from "@memwire/proxy";
import { handshakeLimits } from "./handshake-limits.ts";

/**
 * What a runtime has open itself, 8 to 25, some large values on their way, and clients that are being told that there
 * is no room for them.
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
  const { connectionsMax: asked = DEFAULT_PROXY_LIMITS.connectionsMax } = config.limits;
  const own = ownOf(config);
  const needed = takenBy(config, asked) + own + KEPT;
  if (max === undefined || needed <= max) return { config };
  const connectionsMax = connectionsWithin(config, asked, max - own - KEPT);
  const note =
    `of ${max} file descriptors servers and listeners need ${own}, and ${KEPT} are kept: connections_max is ` +
    `${connectionsMax}; ${asked} needs ulimit -n ${needed} (systemd: LimitNOFILE=${needed})`;
  return { config: { ...config, limits: { ...config.limits, connectionsMax } }, note };
}

/** Descriptors that are the proxy's own, whoever comes. */
function ownOf({ pools }: ProxyConfig): number {
  return pools.reduce(
    (sum, { listeners, servers, connections = 1 }) => sum + listeners.length + servers.length * connections,
    0,
  );
}

/**
 * Descriptors of clients and of those on their way to become one. Pools may have bounds of their own for clients; those
 * before or in their handshakes have that of the process alone.
 */
function takenBy({ pools }: ProxyConfig, connectionsMax: number): number {
  const ofPools = pools.reduce((sum, { clientConnectionsMax = Infinity }) => sum + clientConnectionsMax, 0);
  const { handshakesMax, handshakesWaitingMax } = handshakeLimits({ limits: { connectionsMax } });
  const doors = pools.flatMap(({ listeners }) => listeners).filter(({ tls }) => tls !== undefined).length;
  return Math.min(connectionsMax, ofPools) + doors * (handshakesMax + handshakesWaitingMax);
}

/** The largest `connections_max` that takes no more than `room`: at least one, or it would be no proxy. */
function connectionsWithin(config: ProxyConfig, asked: number, room: number): number {
  let [fits, above] = [1, asked];
  while (above - fits > 1) {
    const middle = Math.floor((fits + above) / 2);
    if (takenBy(config, middle) <= room) fits = middle;
    else above = middle;
  }
  return fits;
}
