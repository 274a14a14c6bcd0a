// `--check`: what a configuration would do, in words, or what is wrong with it.

import { openAdapter, type DenoSockets } from "@memwire/adapter";
import type { ListenerConfig, PoolConfig, ProxyConfig, RateConfig } from "@memwire/config";
import { describeEndpoint, type ListenOptions } from "@memwire/engine";
import { ProgramEnd, usageMistake } from "@memwire/program";
import { ProxyEngine } from "@memwire/proxy";
import { DEFAULT_HEALTH } from "@memwire/router";
import { PROGRAM, type Task } from "./cli.ts";
import { configure, type Configured } from "./configure.ts";
import { orMistake } from "./named-mistake.ts";
import { filesOf, optionsOf, usersOf } from "./serve.ts";
import { DEFAULT_DENO_SOCKETS, TIME_MAX_MS } from "./settings.ts";
import { SAMPLE_KEYS, sampleKeys, sharesOf, type SampleKeys } from "./shares.ts";
import { describeHow, describeServer } from "./welcome.ts";

/**
 * Does all but serve: reads every file that is named, and makes the engine.
 *
 * @returns What would be done
 * @throws ProgramEnd 1 with every mistake
 */
export async function check({ source, overrides }: Task): Promise<string> {
  try {
    const configured = configure(source, overrides);
    const notes = await checkFiles(configured);
    const engine = new ProxyEngine(optionsOf(configured, usersOf(configured)));
    return [describe(configured.config, engine.servers().length), ...notes].join("\n");
  } catch (error) {
    if (error instanceof ProgramEnd) throw new ProgramEnd(1, error.message);
    if (error instanceof RangeError) throw new ProgramEnd(1, usageMistake(PROGRAM, error.message).message);
    throw error;
  }
}

/**
 * Certificates are tried, each at a port that nobody knows: whether one is good is the runtime's to say.
 *
 * @returns What is to be said of them.
 */
async function checkFiles(configured: Configured): Promise<readonly string[]> {
  const { config, placeOf } = configured;
  const { denoSockets = DEFAULT_DENO_SOCKETS } = config;
  const files = filesOf(configured);
  for (const pool of config.pools) {
    for (const listener of pool.listeners) {
      const options = orMistake(() => files.listenOptions(pool, listener), placeOf);
      if (options !== undefined) await tryListening(pool.name, options, denoSockets);
    }
  }
  return files.takeNotes();
}

async function tryListening(pool: string, options: ListenOptions, denoSockets: DenoSockets): Promise<void> {
  const { network } = await openAdapter({ denoSockets });
  const handler = { connected() {}, received() {}, ended() {}, drained() {}, closed() {} };
  try {
    const listener = await network.listen(
      { kind: "tcp", host: "127.0.0.1", port: 0 },
      () => handler,
      options,
    );
    await listener.close();
  } catch (error) {
    const reason = (error as Error).message.replace(/^cannot listen on \S+: /, "");
    throw usageMistake(PROGRAM, `pool ${pool} cannot listen: ${reason}`);
  }
}

function describe({ pools }: ProxyConfig, servers: number): string {
  const keys = sampleKeys();
  return [
    `nothing is wrong: ${count(pools.length, "pool")}, ${count(servers, "server")}`,
    ...pools.map((pool) => describePool(pool, keys)),
    `keys: how ${SAMPLE_KEYS} of them fall, from user:0 on`,
  ].join("\n");
}

function describePool(pool: PoolConfig, keys: SampleKeys): string {
  const { name, listeners, queuedTimeoutMs, connectTimeoutMs, replyTimeoutMs, clientConnectionsMax } = pool;
  return [
    `pool ${name}`,
    ...listeners.map((listener) => `  listens on ${describeListener(listener)}`),
    ...(clientConnectionsMax === undefined
      ? []
      : [`  takes ${count(clientConnectionsMax, "client")} at a time`]),
    `  ${describeHow(pool)}`,
    `  timeouts: ${describeTime(queuedTimeoutMs)} to be sent, ${describeTime(connectTimeoutMs)} to connect, ${describeTime(replyTimeoutMs)} to reply`,
    ...describeServing(pool),
    ...describeShares(pool, keys),
  ].join("\n");
}

/** The longest that a timer takes stands for no end, as twemproxy's 0 does. */
function describeTime(ms: number): string {
  return ms === TIME_MAX_MS ? "for ever" : `${ms} ms`;
}

/** What is not as it is by default. */
function describeServing(pool: PoolConfig): readonly string[] {
  const { usersFile, protocols, connections = 1, preconnect, idleTimeoutMs } = pool;
  const { health, partialResults, credentials, ratePerClient, rateTotal } = pool;
  const { failuresMax = DEFAULT_HEALTH.failuresMax, whenDown = DEFAULT_HEALTH.whenDown } = health ?? {};
  const consequence = { fail: "fail at once", miss: "are misses", rehash: "go to the others" }[whenDown];
  const connecting = [
    `${count(connections, "connection")} to each server`,
    ...(preconnect === true ? ["made at once"] : []),
    ...(idleTimeoutMs === undefined
      ? []
      : [`closed after ${idleTimeoutMs} ms without use${preconnect === true ? " and made again" : ""}`]),
    ...(credentials === undefined
      ? []
      : [`as ${credentials.user}${credentials.kind === "sasl" ? " by SASL" : ""}`]),
  ];
  return [
    `  ${connecting.join(", ")}`,
    failuresMax === 0
      ? "  a server never counts as down"
      : `  a server is down after ${count(failuresMax, "failure")} in a row: its keys ${consequence}`,
    ...(partialResults === "miss" ? ["  a multi-get leaves out what a failing server has"] : []),
    ...(ratePerClient === undefined ? [] : [`  a client may ask for ${describeRate(ratePerClient)}`]),
    ...(rateTotal === undefined ? [] : [`  all clients together may ask for ${describeRate(rateTotal)}`]),
    ...(usersFile === undefined ? [] : [`  clients say who they are: ${usersFile} has their names`]),
    ...(protocols === undefined ? [] : [`  clients speak ${protocols.join(" and ")}`]),
    ...(pool.flushEnabled === true ? ["  flush_all goes to every server"] : []),
  ];
}

function describeRate({ perSecond, burst }: RateConfig): string {
  return `${count(perSecond, "key")} a second, ${burst} at once`;
}

function describeListener({
  endpoint,
  mode,
  tls,
  allow,
  deny,
  backlog,
  reusePort,
  keepAlive,
}: ListenerConfig): string {
  return [
    describeEndpoint(endpoint),
    mode === undefined ? "" : `permissions ${mode.toString(8).padStart(4, "0")}`,
    tls === undefined ? "" : `TLS${tls.verify === "none" ? "" : `, client certificates: ${tls.verify}`}`,
    allow === undefined ? "" : `allows ${allow.join(" ")}`,
    deny === undefined || deny.length === 0 ? "" : `denies ${deny.join(" ")}`,
    backlog === undefined ? "" : `backlog ${backlog}`,
    reusePort === true ? "shares the port" : "",
    keepAlive === true ? "keepalive" : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** A line for each server: its part of the keys, and what it would be by the weights alone. */
function describeShares(pool: PoolConfig, keys: SampleKeys): readonly string[] {
  const total = pool.servers.reduce((sum, { weight }) => sum + weight, 0);
  const shares = sharesOf(pool, keys);
  const lines = pool.servers.map((server, i) => {
    const byWeight = pool.distribution.name === "random" ? 1 / pool.servers.length : server.weight / total;
    const tls = server.tls === undefined ? "" : ", TLS";
    return `  ${percent(shares[i] ?? 0)}  ${percent(byWeight)}    ${describeServer(server)}${tls}`;
  });
  return ["     keys  by weight  server", ...lines];
}

const percent = (part: number): string => `${(part * 100).toFixed(1).padStart(5)} %`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
