// What a program says when it has started: what it serves, and how to try it.

import type { PoolConfig, ProxyConfig, ServerConfig } from "@memwire/config";
import { describeEndpoint, type Endpoint, type Listener } from "@memwire/engine";

const SHOWN_MAX = 8;

const COMMANDS = String.raw`set greeting 0 0 5\r\nhello\r\nget greeting\r\nquit\r\n`;

/**
 * One line for each pool, `<address> pool <name>: ...`, and a command to try the first one with that has no TLS.
 *
 * @param listeners Those of each pool, in the same order.
 * @param embedded Whether the servers are in this process.
 */
export function welcome(
  config: ProxyConfig,
  listeners: readonly (readonly Listener[])[],
  embedded: boolean,
): string {
  const pools = config.pools.flatMap((pool, i) =>
    (listeners[i] ?? []).map(
      ({ endpoint, tls }) =>
        `${describeEndpoint(endpoint)} pool ${pool.name}: ${describePool(pool)}${tls === undefined ? "" : ", TLS"}`,
    ),
  );
  const plain = listeners.flat().find(({ tls }) => tls === undefined);
  return [
    ...pools,
    ...(embedded ? ["these servers are in this process; what they hold is gone when it ends"] : []),
    ...(plain === undefined ? [] : [howToTry(plain.endpoint, COMMANDS)]),
    "Ctrl-C ends it",
  ].join("\n");
}

/** Two lines: a command that sends `commands`, with their line ends as escapes, and prints the answers. */
export function howToTry(endpoint: Endpoint, commands: string): string {
  return [
    "try it in another terminal:",
    `  node -e '${connection(endpoint)}.end("${commands}").pipe(process.stdout)'`,
  ].join("\n");
}

function describePool(pool: PoolConfig): string {
  return `${describeHow(pool)} over ${describeServers(pool.servers)}`;
}

/** How keys become servers. */
export function describeHow({ distribution, hash, hashTag, hashStop, salt }: PoolConfig): string {
  const { name, ...details } = distribution;
  if (name === "random") return name;
  return [
    hash === undefined ? name : `${name} by ${hash}`,
    ...Object.entries(details).map(([key, value]) => `${key} ${value}`),
    ...(hashTag === undefined ? [] : [`hash tag ${hashTag}`]),
    ...(hashStop === undefined ? [] : [`hash stop ${hashStop}`]),
    ...(salt === undefined ? [] : [`salt ${salt}`]),
  ].join(", ");
}

/** Their names, addresses and weights, where there is something to say. */
export function describeServers(servers: readonly ServerConfig[]): string {
  return shortened(servers.map(describeServer));
}

/** Its name, address and weight, where there is something to say. */
export function describeServer({ name, endpoint, weight }: ServerConfig): string {
  const address =
    endpoint.kind === "tcp" && endpoint.port === 0 ? "in this process" : describeEndpoint(endpoint);
  const named = name === undefined || name === address ? "" : `${name} `;
  return `${named}${address}${weight === 1 ? "" : ` (weight ${weight})`}`;
}

/** A list as one text: the first ones, and how many more there are. */
export function shortened(all: readonly string[]): string {
  const more = all.length - SHOWN_MAX;
  return `${all.slice(0, SHOWN_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** In Node, because it is there: netcat is not on every machine. */
function connection(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `net.connect(${JSON.stringify(endpoint.path)})`;
  const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return `net.connect(${endpoint.port}, ${JSON.stringify(everywhere[endpoint.host] ?? endpoint.host)})`;
}
