// From what was asked for to the configuration of a proxy: the file, or one pool; then what flags and the environment
// put in place of what that says.

import { dirname } from "node:path";
import {
  createPlacement,
  DEFAULT_TIMEOUT_MS,
  defaultHashes,
  describeMistake,
  NO_LIMITS,
  readProxyConfig,
  readServersFile,
  type ListenConfig,
  type PlaceOf,
  type PoolConfig,
  type ProxyConfig,
  type ServerConfig,
} from "@memwire/config";
import { describeEndpoint } from "@memwire/engine";
import { ProgramEnd, readTextFile, usageMistake } from "@memwire/program";
import { PROGRAM, type Overrides, type Source } from "./cli.ts";
import { embeddedNames } from "./embedded-servers.ts";
import type { Setting } from "./settings.ts";

/** What the proxy is to be. */
export interface Configured {
  readonly config: ProxyConfig;
  /** Where the names of files in the configuration start from. */
  readonly folder: string;
  /** Where the file says what; absent if there is none. */
  readonly placeOf?: PlaceOf;
}

/**
 * Reads whatever files say it. Embedded servers are on port 0, as long as they have none.
 *
 * @throws ProgramEnd 2 with every mistake of a file, or with what cannot be in place of what it says
 */
export function configure(source: Source, overrides: Overrides): Configured {
  const { config, ...where } = read(source);
  const overridden = override(config, overrides);
  checkLoops(overridden.pools);
  checkPlacements(overridden.pools);
  return { config: overridden, ...where };
}

function read(source: Source): Configured {
  switch (source.kind) {
    case "config": {
      const file = source.file.value;
      const reading = readProxyConfig(readText(source.file), file);
      if (!reading.ok) throw new ProgramEnd(2, reading.mistakes.map(describeMistake).join("\n"));
      const { config, placeOf } = reading;
      return { config, folder: dirname(file), placeOf };
    }
    case "servers":
      return { config: onePool(source.listen, readServers(source.file)), folder: "." };
    case "backends":
      return { config: onePool(source.listen, source.servers), folder: "." };
    case "embedded": {
      const servers = embeddedNames.map((name) => ({
        endpoint: { kind: "tcp" as const, host: "127.0.0.1", port: 0 },
        weight: 1,
        name,
      }));
      return { config: onePool(source.listen, servers), folder: "." };
    }
  }
}

/** Keys as libketama, libmemcached's clients and npm memcached place them by default. */
function onePool(listen: ListenConfig, servers: readonly ServerConfig[]): ProxyConfig {
  const timeoutMs = DEFAULT_TIMEOUT_MS;
  const pool: PoolConfig = {
    name: "main",
    listeners: [listen],
    hash: "md5",
    distribution: { name: "ketama" },
    queuedTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    replyTimeoutMs: timeoutMs,
    servers,
  };
  return { ...NO_LIMITS, pools: [pool] };
}

function readServers(file: Setting<string>): readonly ServerConfig[] {
  const reading = readServersFile(readServersText(file), file.value);
  if (!reading.ok) throw new ProgramEnd(2, reading.mistakes.map(describeMistake).join("\n"));
  return reading.servers;
}

function readServersText(file: Setting<string>): string {
  try {
    return readText(file);
  } catch (error) {
    if (!(error instanceof ProgramEnd) || !/[,:]\d/.test(file.value)) throw error;
    const right = file.from.startsWith("--") ? "--backend" : "MEMWIRE_PROXY_BACKENDS";
    const given = JSON.stringify(file.value);
    throw usageMistake(PROGRAM, `${file.from} is a file, got ${given}; servers themselves: ${right}`);
  }
}

/** Of a file that nobody sees on the command line it is said who named it. */
function readText({ value: file, from }: Setting<string>): string {
  try {
    return readTextFile(PROGRAM, file);
  } catch (error) {
    if (!(error instanceof ProgramEnd) || from.startsWith("--")) throw error;
    throw new ProgramEnd(2, error.message.replace(`read ${file}`, `read ${file} of ${from}`));
  }
}

function override(config: ProxyConfig, overrides: Overrides): ProxyConfig {
  const { listen, servers, backend, hash, distribution, hashTag, timeout } = overrides;
  const { connectionsMax, denoSockets } = overrides;
  const all: Partial<PoolConfig> = {
    ...(distribution === undefined ? {} : { distribution: { name: distribution.value } }),
    ...(hashTag === undefined ? {} : { hashTag: hashTag.value }),
    ...(timeout === undefined
      ? {}
      : { queuedTimeoutMs: timeout.value, connectTimeoutMs: timeout.value, replyTimeoutMs: timeout.value }),
  };
  const pools = config.pools.map((pool): PoolConfig => {
    const own = servers === undefined ? backend?.value : readServers(servers);
    const { hash: before, ...rest } = { ...pool, ...all };
    const { name } = rest.distribution;
    const byDefault = defaultHashes[name];
    if (hash !== undefined && byDefault === undefined && name !== "random") {
      throw usageMistake(PROGRAM, `${hash.from} means nothing with ${name}, which has a hash of its own`);
    }
    return {
      ...rest,
      ...(hash === undefined && byDefault === undefined ? {} : { hash: hash?.value ?? before ?? byDefault }),
      ...(own === undefined ? {} : { servers: withTls(only(config, servers ?? backend), own) }),
      ...(listen === undefined ? {} : { listeners: [elsewhere(only(config, listen), listen)] }),
    };
  });
  const limits = { ...config.limits, ...(connectionsMax && { connectionsMax: connectionsMax.value }) };
  return { ...config, limits, pools, ...(denoSockets && { denoSockets: denoSockets.value }) };
}

/** The one pool that a setting is about. @throws ProgramEnd 2 if there are several */
function only({ pools }: ProxyConfig, setting: Setting<unknown> | undefined): PoolConfig {
  const [pool, ...more] = pools as readonly [PoolConfig, ...PoolConfig[]];
  if (more.length === 0) return pool;
  const names = pools.map(({ name }) => name).join(", ");
  throw usageMistake(
    PROGRAM,
    `${setting?.from} says something of one pool, and the file has ${pools.length}: ${names}`,
  );
}

/** Other servers are spoken to as those of the file are, if all of those are alike. */
function withTls({ servers }: PoolConfig, own: readonly ServerConfig[]): PoolConfig["servers"] {
  const ways = new Map(servers.map(({ tls }) => [JSON.stringify(tls), tls]));
  const [tls] = ways.size === 1 ? ways.values() : [];
  return tls === undefined ? own : own.map((server) => ({ ...server, tls }));
}

/** The same listener at another address. */
function elsewhere(
  { name, listeners }: PoolConfig,
  { value, from }: Setting<ListenConfig>,
): PoolConfig["listeners"][0] {
  const [first, ...more] = listeners;
  if (first === undefined || more.length > 0) {
    throw usageMistake(PROGRAM, `${from} is one address, and pool ${name} listens on ${listeners.length}`);
  }
  const { endpoint: _endpoint, mode: _mode, ...rest } = first;
  return { ...value, ...rest };
}

/** The same: flags may have put together what does not go together. */
function checkPlacements(pools: readonly PoolConfig[]): void {
  for (const pool of pools) {
    try {
      createPlacement(pool, pool.servers, Math.random);
    } catch (error) {
      throw usageMistake(PROGRAM, `pool ${pool.name}: ${(error as Error).message}`);
    }
  }
}

/** What the file says is checked there; flags may have moved a pool to where a server of its own is. */
function checkLoops(pools: readonly PoolConfig[]): void {
  for (const { name, listeners, servers } of pools) {
    const own = new Set(listeners.map(({ endpoint }) => describeEndpoint(endpoint)));
    for (const { endpoint } of servers) {
      const address = describeEndpoint(endpoint);
      if (!own.has(address) || (endpoint.kind === "tcp" && endpoint.port === 0)) continue;
      throw usageMistake(
        PROGRAM,
        `server ${address} is where pool ${name} itself would listen: choose another address`,
      );
    }
  }
}
