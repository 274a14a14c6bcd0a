// The proxy's configuration file: pools by name, with twemproxy's keys.
//
//     alpha:
//       listen: 127.0.0.1:22121
//       hash: md5
//       servers:
//         - 10.0.0.1:11211:1
//         - 10.0.0.2:11211:1 cache-b

import { describeEndpoint } from "@memwire/engine";
import { describePath, got, type Mistake, type Step } from "./mistake.ts";
import { readPool, type PoolConfig, type PoolReading } from "./pool-schema.ts";
import { statsNameMistake } from "./stats-name.ts";
import { readYaml } from "./yaml-source.ts";

/** What a proxy is to be. */
export interface ProxyConfig {
  /** At least one, in the order of the file; no two listen on the same address. */
  readonly pools: readonly PoolConfig[];
  /** Client connections at a time; a file with several pools cannot say it. */
  readonly connectionsMax?: number;
}

/** A configuration, or everything that is wrong with the file. */
export type ProxyConfigReading =
  | { readonly ok: true; readonly config: ProxyConfig }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Reads the text of a configuration file, YAML or JSON. Never throws, whatever the text.
 *
 * @param file What the file is called in messages.
 */
export function readProxyConfig(text: string, file: string): ProxyConfigReading {
  const source = readYaml(text);
  const mistakes: Mistake[] = source.faults.map(({ line, steps, message }) => ({
    file,
    line,
    path: describePath(steps),
    message,
  }));
  const add = (steps: readonly Step[], message: string): void => {
    mistakes.push({ file, line: source.lineOf(steps), path: describePath(steps), message });
  };

  const readings: PoolReading[] = [];
  for (const [name, entry] of source.value === undefined ? [] : poolsOf(source.value, add)) {
    const unfit = statsNameMistake("name", name);
    if (unfit !== undefined) add([name], unfit);
    const reading = readPool(name, entry);
    for (const { steps, message } of reading.issues) add([name, ...steps], message);
    readings.push(reading);
  }
  checkTogether(readings, add);
  if (mistakes.length > 0) return { ok: false, mistakes: mistakes.toSorted((a, b) => a.line - b.line) };

  const pools = readings.flatMap(({ pool }) => pool ?? []);
  const connectionsMax = readings[0]?.connectionsMax;
  return { ok: true, config: { pools, ...(connectionsMax === undefined ? {} : { connectionsMax }) } };
}

type Add = (steps: readonly Step[], message: string) => void;

function poolsOf(value: unknown, add: Add): [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
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

function checkTogether(readings: readonly PoolReading[], add: Add): void {
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
