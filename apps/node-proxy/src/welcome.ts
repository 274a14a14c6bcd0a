// What the proxy says when it has started: what it serves, and how to try it.

import type { PoolConfig, ProxyConfig } from "@memwire/config";
import { describeEndpoint, type Endpoint, type Listener } from "@memwire/engine";

const SERVERS_SHOWN_MAX = 8;

const COMMANDS = String.raw`set greeting 0 0 5\r\nhello\r\nget greeting\r\nquit\r\n`;

/**
 * One line for each pool, `<address> pool <name>: ...`, and a command to try the first one with.
 *
 * @param listeners Those of the pools, in the same order.
 * @param embedded Whether the servers are in this process.
 */
export function welcome(config: ProxyConfig, listeners: readonly Listener[], embedded: boolean): string {
  const endpoints = listeners.map(({ endpoint }) => endpoint);
  const pools = config.pools.map(
    (pool, i) => `${describeEndpoint(endpoints[i] as Endpoint)} pool ${pool.name}: ${describePool(pool)}`,
  );
  return [
    ...pools,
    ...(embedded ? ["these servers are in this process; what they hold is gone when it ends"] : []),
    "try it in another terminal:",
    `  node -e '${connection(endpoints[0] as Endpoint)}.end("${COMMANDS}").pipe(process.stdout)'`,
    "Ctrl-C ends it",
  ].join("\n");
}

function describePool({ distribution, hash, servers }: PoolConfig): string {
  const shown = servers.slice(0, SERVERS_SHOWN_MAX).map(({ name, endpoint, weight }) => {
    const address = describeEndpoint(endpoint);
    return `${name === undefined ? "" : `${name} `}${address}${weight === 1 ? "" : ` (weight ${weight})`}`;
  });
  const more = servers.length - shown.length;
  const how = distribution === "random" ? "random" : `${distribution} by ${hash}`;
  return `${how} over ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** In Node, because it is there: netcat is not on every machine. */
function connection(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `net.connect(${JSON.stringify(endpoint.path)})`;
  const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return `net.connect(${endpoint.port}, ${JSON.stringify(everywhere[endpoint.host] ?? endpoint.host)})`;
}
