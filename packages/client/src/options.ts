// What a client is made of and every bound it keeps.

import type { Limits as CodecLimits } from "@memwire/codec";
import {
  checkEndpoint,
  refuseUnknown,
  type Clock,
  type Endpoint,
  type Millis,
  type Network,
} from "@memwire/engine";
import { checkPositive, DEFAULT_TIMEOUT_MS, type ServerLimits, type Timeouts } from "@memwire/link";
import {
  checkServers,
  createDistribution,
  ringName,
  type Distribution,
  type HashName,
  type Server,
} from "@memwire/router";

/** What the engine needs; `createClient` fills in the rest. */
export interface ClientEngineOptions extends TimeoutOptions {
  /** At least one. */
  readonly servers: readonly { readonly name: string; readonly endpoint: Endpoint }[];
  /** Which server owns a key: an index into `servers`. */
  readonly distribution: Pick<Distribution, "owner">;
  /** Connections to each server at the most, from 1 to 1,000. Default 1. A key always takes the same one. */
  readonly connections?: number;
  /** Of each connection. */
  readonly limits?: Partial<ServerLimits>;
  /** Bounds of what servers send. A value above `valueBytesMax`, by default 32 MiB, costs its connection. */
  readonly replies?: Partial<CodecLimits>;
}

/** Each from its own start. */
interface TimeoutOptions {
  /** How long a call may wait to be sent. Default 1,000. */
  readonly queuedTimeoutMs?: Millis;
  /** How long a connection may take to be made. Default 1,000. */
  readonly connectTimeoutMs?: Millis;
  /**
   * How long an answer may take, from when its call was sent; one of several values, from the last that came. Default
   * 1,000.
   */
  readonly replyTimeoutMs?: Millis;
  /** How long a connection is kept on which no answer is to come. Default: until `close()`. */
  readonly idleTimeoutMs?: Millis;
}

export interface ClientOptions extends Omit<ClientEngineOptions, "servers" | "distribution"> {
  /** As `openAdapter()` of `@memwire/adapter` has them, or a simulation. */
  readonly network: Network;
  readonly clock: Clock;
  /** At least one, no two of one name on the ring. */
  readonly servers: readonly Server[];
  /**
   * How keys are spread. Default: `ketama` by `md5`, as libmemcached's weighted ketama and npm memcached place them.
   */
  readonly distribution?: "ketama" | "modula";
  readonly hash?: HashName;
  /** Two characters, such as `{}`: of a key that has them, only what stands between is hashed. */
  readonly hashTag?: string;
}

const OPTIONS: readonly string[] = Object.keys({
  network: true,
  clock: true,
  servers: true,
  distribution: true,
  hash: true,
  hashTag: true,
  connections: true,
  limits: true,
  replies: true,
  queuedTimeoutMs: true,
  connectTimeoutMs: true,
  replyTimeoutMs: true,
  idleTimeoutMs: true,
} satisfies Record<keyof ClientOptions, true>);

const CONNECTIONS_MAX = 1_000;

/** @throws RangeError for a timeout that is not a whole number of ms from 1 */
export function timeoutsOf(options: TimeoutOptions): Timeouts {
  const { queuedTimeoutMs, connectTimeoutMs, replyTimeoutMs, idleTimeoutMs } = options;
  for (const [name, value] of Object.entries({
    queuedTimeoutMs,
    connectTimeoutMs,
    replyTimeoutMs,
    idleTimeoutMs,
  })) {
    if (value !== undefined) checkPositive(name, value);
  }
  return {
    queuedMs: queuedTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    connectMs: connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    replyMs: replyTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    idleMs: idleTimeoutMs ?? Infinity,
  };
}

/** @throws RangeError unless it is a whole number from 1 to 1,000 */
export function checkConnections(connections: number): void {
  if (Number.isInteger(connections) && connections >= 1 && connections <= CONNECTIONS_MAX) return;
  throw new RangeError(`connections must be a whole number from 1 to ${CONNECTIONS_MAX}, got ${connections}`);
}

/** @throws RangeError for an unknown option, an address that cannot be; and what `createDistribution` throws */
export function engineOptionsOf(options: ClientOptions): ClientEngineOptions {
  refuseUnknown("a client", options, OPTIONS);
  const { network: _network, clock: _clock, servers, distribution, hash, hashTag, ...rest } = options;
  checkServers(servers);
  for (const [i, server] of servers.entries()) checkEndpoint(`servers[${i}].`, endpointOf(server), 1);
  return {
    ...rest,
    servers: servers.map((server) => ({ name: ringName(server), endpoint: endpointOf(server) })),
    distribution: createDistribution({
      distribution: distribution ?? "ketama",
      hash: hash ?? "md5",
      servers,
      ...(hashTag === undefined ? {} : { hashTag }),
    }),
  };
}

function endpointOf(server: Server): Endpoint {
  return "path" in server
    ? { kind: "unix", path: server.path }
    : { kind: "tcp", host: server.host, port: server.port };
}
