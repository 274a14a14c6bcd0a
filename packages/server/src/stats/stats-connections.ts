// stats conns: who is connected, and what the server does for each at the moment.

import { describeEndpoint, type ConnectionId, type Endpoint, type Millis } from "@memwire/engine";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import type { StatsValues } from "./stats.ts";

/** A connection as its own worker sees it; can be sent to another one. */
export interface ConnectionFacts {
  readonly id: ConnectionId;
  readonly addr: string | undefined;
  readonly listenAddr: string | undefined;
  readonly state: string;
  readonly servedAt: Millis;
}

/**
 * Listeners first: their numbers are below those of connections.
 *
 * @param elsewhere Those of other workers.
 */
export function connectionStats(
  context: Context,
  elsewhere: readonly ConnectionFacts[],
  now: Millis,
): StatsValues {
  const values: Record<string, string | number> = {};
  const { listeners, startedAt = now } = context;
  for (const [id, endpoint] of listeners) {
    values[`${id}:addr`] = addressOf(endpoint);
    values[`${id}:state`] = "conn_listening";
    values[`${id}:secs_since_last_cmd`] = secondsSince(startedAt, now);
  }
  const connections = [...connectionsOf(context, context.client), ...elsewhere].sort(
    (one, other) => one.id - other.id,
  );
  for (const { id, addr, listenAddr, state, servedAt } of connections) {
    if (addr !== undefined) values[`${id}:addr`] = addr;
    if (listenAddr !== undefined) values[`${id}:listen_addr`] = listenAddr;
    values[`${id}:state`] = state;
    values[`${id}:secs_since_last_cmd`] = secondsSince(servedAt, now);
  }
  return values;
}

/** Those of this worker. @param asking The one that asks, or `NOBODY` */
export function connectionsOf({ connections, listeners }: Context, asking: ConnectionId): ConnectionFacts[] {
  return Array.from(connections, ([id, connection]) => {
    const { peer, via, servedAt } = connection;
    const listener = listeners.get(via);
    const isNamed = peer !== undefined || listener?.kind === "unix";
    return {
      id,
      addr: isNamed ? addressOf(peer ?? listener) : undefined,
      listenAddr: listener === undefined ? undefined : addressOf(listener),
      state: id === asking ? "conn_parse_cmd" : stateOf(connection),
      servedAt,
    };
  });
}

function stateOf({ rest, blocked, decoder }: Connection): string {
  if (rest === "watching") return "conn_watch";
  if (blocked) return "conn_mwrite";
  return decoder.awaitsValue ? "conn_nread" : "conn_read";
}

function addressOf(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return "unknown";
  return endpoint.kind === "unix" ? `unix:${endpoint.path}` : `tcp:${describeEndpoint(endpoint)}`;
}

function secondsSince(then: Millis, now: Millis): number {
  return Math.max(0, Math.floor((now - then) / 1_000));
}
