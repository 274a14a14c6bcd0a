// The proxy's configuration file: pools by name, with twemproxy's keys.
//
//     alpha:
//       listen: 127.0.0.1:22121
//       hash: md5
//       servers:
//         - 10.0.0.1:11211:1
//         - 10.0.0.2:11211:1 cache-b

import { describeEndpoint } from "@memwire/engine";
import { isMapping } from "./mapping.ts";
import { describePath, got } from "./mistake.ts";
import { readPool, type PoolConfig, type PoolReading } from "./pool-schema.ts";
import { statsNameMistake } from "./stats-name.ts";
import { readConfig, type AddMistake, type ConfigReading } from "./yaml-config.ts";

/** What a proxy is to be. */
export interface ProxyConfig {
  /** At least one, in the order of the file; no two listen on the same address. */
  readonly pools: readonly PoolConfig[];
  /** Client connections at a time; a file with several pools cannot say it. */
  readonly connectionsMax?: number;
}

export type ProxyConfigReading = ConfigReading<ProxyConfig>;

/**
 * Reads the text of a configuration file, YAML or JSON. Never throws, whatever the text.
 *
 * @param file What the file is called in messages.
 */
export function readProxyConfig(text: string, file: string): ProxyConfigReading {
  return readConfig(text, file, (value, add) => {
    const readings: PoolReading[] = [];
    for (const [name, entry] of poolsOf(value, add)) {
      const unfit = statsNameMistake("name", name);
      if (unfit !== undefined) add([name], unfit);
      const reading = readPool(name, entry);
      for (const { steps, message } of reading.issues) add([name, ...steps], message);
      readings.push(reading);
    }
    checkTogether(readings, add);

    const pools = readings.flatMap(({ pool }) => pool ?? []);
    const connectionsMax = readings[0]?.connectionsMax;
    return { pools, ...(connectionsMax === undefined ? {} : { connectionsMax }) };
  });
}

function poolsOf(value: unknown, add: AddMistake): [string, unknown][] {
  if (isMapping(value)) {
    const pools = Object.entries(value);
    if (pools.length > 0) return pools;
  }
  const found = value === null || typeof value === "object" ? "got none" : got(value);
  add(
    [],
    `must be pools by name, each with listen and servers, ${Array.isArray(value) ? got(value) : found}`,
  );
  return [];
}

function checkTogether(readings: readonly PoolReading[], add: AddMistake): void {
  const names = new Map<string, string>();
  for (const { pool, connectionsMax } of readings) {
    if (pool === undefined) continue;
    const { name } = pool;
    if (connectionsMax !== undefined && readings.length > 1) {
      const reason = "twemproxy counts the clients of each pool, this proxy those of all pools together";
      add(
        [name, "client_connections"],
        `must be taken out, or the file have one pool: ${reason}, ${got(connectionsMax)}`,
      );
    }
    const { endpoint } = pool.listen;
    if (endpoint.kind === "tcp" && endpoint.port === 0) continue; // the system chooses another one for each
    const address = describeEndpoint(endpoint);
    const other = names.get(address);
    if (other === undefined) names.set(address, name);
    else
      add(
        [name, "listen"],
        `is ${address} as ${describePath([other])}.listen is: choose another port or path`,
      );
  }
}
