// From a configuration to the options of the engine.

import process from "node:process";
import { createPlacement, type HealthConfig, type PoolConfig, type ProxyLimitsConfig } from "@memwire/config";
import { describeEndpoint } from "@memwire/engine";
import type { PoolOptions, ProxyOptions } from "@memwire/proxy";
import { DEFAULT_HEALTH, type HealthOptions } from "@memwire/router";
import type { Configured } from "./configure.ts";
import { passwordOf } from "./password-of.ts";
import { PROTOCOL_VERSION } from "./protocol-version.ts";
import type { UserFiles } from "./user-files.ts";

/** @throws Error for a password that is not where it is to be */
export function engineOptions({ config, folder }: Configured, users: UserFiles): ProxyOptions {
  const { pools, limits, requests, replies } = config;
  return {
    pools: pools.map((pool) => ({ ...poolOf(pool, folder, limits), users: users.checkOf(pool) })),
    limits,
    requests,
    replies,
    random: Math.random,
    version: PROTOCOL_VERSION,
  };
}

function poolOf(pool: PoolConfig, folder: string, limits: ProxyLimitsConfig["limits"]): PoolOptions {
  const { name, protocols, servers, queuedTimeoutMs, connectTimeoutMs, replyTimeoutMs, health, credentials } =
    pool;
  const { connections, preconnect, idleTimeoutMs, partialResults, ratePerClient, rateTotal, flushEnabled } =
    pool;
  return {
    name,
    queuedTimeoutMs,
    connectTimeoutMs,
    replyTimeoutMs,
    ...given({ protocols, connections, preconnect, idleTimeoutMs }),
    ...given({ partialResults, ratePerClient, rateTotal, flushEnabled }),
    servers: servers.map((each) => ({ ...each, name: each.name ?? describeEndpoint(each.endpoint) })),
    distribution: createPlacement(pool, servers, Math.random),
    distributionWithout: (left) => placementOver(pool, left),
    ...(health === undefined ? {} : { health: healthOf(health, limits) }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            kind: credentials.kind,
            user: credentials.user,
            password: passwordOf(credentials, folder, process.env),
          },
        }),
  };
}

/** What there is of it. */
function given<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}

/**
 * The placement that there would be without the others; it answers places in the whole list. Where there would be none,
 * as the few points of a ring may round to nothing for the servers that are left, keys stay where they are.
 */
function placementOver(pool: PoolConfig, left: readonly number[]): PoolOptions["distribution"] {
  const servers = left.map((i) => pool.servers[i] as PoolConfig["servers"][number]);
  try {
    const placement = createPlacement(pool, servers, Math.random);
    return { owner: (bytes, start, end) => left[placement.owner(bytes, start, end)] as number };
  } catch (error) {
    if (error instanceof RangeError) return createPlacement(pool, pool.servers, Math.random);
    throw error;
  }
}

/** Of times that bound each other some may be given, and be beyond what the others are by default. */
function healthOf(health: HealthConfig, limits: ProxyLimitsConfig["limits"]): Partial<HealthOptions> {
  const { retryMaxMs, flapMaxMs } = health;
  const { retryMinMs: leastByDefault, retryMaxMs: mostByDefault } = { ...DEFAULT_HEALTH, ...limits };
  const retryMinMs =
    health.retryMinMs ?? Math.min(leastByDefault, retryMaxMs ?? Infinity, flapMaxMs ?? Infinity);
  return {
    ...health,
    retryMinMs,
    retryMaxMs: retryMaxMs ?? Math.max(mostByDefault, retryMinMs),
    flapMaxMs: flapMaxMs ?? Math.max(DEFAULT_HEALTH.flapMaxMs, retryMinMs),
  };
}
