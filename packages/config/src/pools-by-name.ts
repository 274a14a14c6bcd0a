// The pools of a file, whichever file it is: each by its name, and all of them together.

import { describeEndpoint, type Endpoint } from "@memwire/engine";
import * as v from "valibot";
import { isV4 } from "./ip-range.ts";
import { jsonSchemaOf, said } from "./json-schema.ts";
import { isMapping } from "./mapping.ts";
import { describePath, got, type Step } from "./mistake.ts";
import type { ListenerConfig, PoolConfig } from "./pool-config.ts";
import { statsName, statsNameMistake } from "./stats-name.ts";
import { pathTo } from "./value-schema.ts";

type AddIssue = (steps: readonly Step[], message: string) => void;

/**
 * At least one pool, in the order of the file; no two listen on the same address.
 *
 * @param above The way to the pools, for messages that name another place.
 */
export function poolsByName(
  pool: v.GenericSchema<unknown, Omit<PoolConfig, "name">>,
  above: readonly Step[] = [],
): v.GenericSchema<unknown, readonly PoolConfig[]> {
  return said(
    () => ({
      type: "object",
      minProperties: 1,
      propertyNames: { pattern: statsName.source },
      additionalProperties: jsonSchemaOf(pool),
    }),
    v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset: { value }, addIssue }) => {
        const add: AddIssue = (steps, message) => {
          addIssue({ message, path: pathTo(...steps) });
        };
        const pools = entriesOf(value, add).flatMap(([name, entry]) => {
          const unfit = statsNameMistake("name", name);
          if (unfit !== undefined) add([name], unfit);
          const { success, output, issues } = v.safeParse(pool, entry);
          for (const { path = [], message } of issues ?? []) {
            add([name, ...path.map(({ key }) => key as Step)], message);
          }
          return success ? { name, ...output } : [];
        });
        checkListeners(pools, above, add);
        checkServers(pools, above, add);
        return pools;
      }),
    ),
  );
}

function entriesOf(value: unknown, add: AddIssue): [string, unknown][] {
  if (isMapping(value)) {
    const pools = Object.entries(value);
    if (pools.length > 0) return pools;
  }
  const found = value === null || isMapping(value) ? "got none" : got(value);
  add([], `must be pools by name, each with listen and servers, ${found}`);
  return [];
}

/** Two listeners of one address; but not if the system chooses another port for each. */
function checkListeners(pools: readonly PoolConfig[], above: readonly Step[], add: AddIssue): void {
  const taken = new Map<number | string, { readonly listener: ListenerConfig; readonly where: string }[]>();
  for (const { name, listeners } of pools) {
    for (const [i, listener] of listeners.entries()) {
      const { endpoint } = listener;
      if (!isFixed(endpoint)) continue;
      const address = describeEndpoint(endpoint);
      const steps = [name, "listen", ...(listeners.length > 1 ? [i] : [])];
      const place = endpoint.kind === "tcp" ? endpoint.port : endpoint.path;
      const there = taken.get(place) ?? [];
      taken.set(place, there);
      const same = there.find((one) => describeEndpoint(one.listener.endpoint) === address);
      const wider = same ?? there.find((one) => overlap(one.listener, listener));
      if (same !== undefined) add(steps, `is ${address} as ${same.where} is: choose another port or path`);
      else if (wider !== undefined) {
        const other = describeEndpoint(wider.listener.endpoint);
        add(steps, `is ${address}, and ${wider.where} is ${other}: choose another port`);
      } else there.push({ listener, where: describePath([...above, ...steps]) });
    }
  }
}

/** Whether one is for all addresses, that of the other among them. What a host's name stands for is not known. */
function overlap(one: ListenerConfig, other: ListenerConfig): boolean {
  if (one.endpoint.kind === "unix" || other.endpoint.kind === "unix") return false;
  if (one.reusePort === true && other.reusePort === true) return false;
  const hosts = [one.endpoint.host, other.endpoint.host];
  return hosts.includes("::") || (hosts.includes("0.0.0.0") && hosts.every(isV4));
}

function checkServers(pools: readonly PoolConfig[], above: readonly Step[], add: AddIssue): void {
  const ways = new Map<string, { readonly tls: string; readonly where: string }>();
  for (const { name, listeners, servers } of pools) {
    const own = new Set(listeners.map(({ endpoint }) => describeEndpoint(endpoint)));
    for (const [i, { endpoint, tls }] of servers.entries()) {
      const steps = [name, "servers", i];
      const address = describeEndpoint(endpoint);
      if (isFixed(endpoint) && own.has(address)) add(steps, `is where the pool itself listens: ${address}`);
      const way = { tls: JSON.stringify(tls) ?? "", where: describePath([...above, ...steps]) };
      const other = ways.get(address);
      if (other === undefined) ways.set(address, way);
      else if (other.tls !== way.tls) {
        add(
          steps,
          `is ${address} as ${other.where} is, but not with the same tls: one connection may serve both`,
        );
      }
    }
  }
}

function isFixed(endpoint: Endpoint): boolean {
  return endpoint.kind === "unix" || endpoint.port !== 0;
}
