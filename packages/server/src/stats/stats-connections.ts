// stats conns: who is connected, and what the server does for each at the moment.

import { describeEndpoint, type Endpoint, type Millis } from "@memwire/engine";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import type { StatsValues } from "./stats.ts";

/** Listeners first: their numbers are below those of connections. */
export function connectionStats(context: Context, now: Millis): StatsValues {
  const values: Record<string, string | number> = {};
  const { connections, listeners, client, startedAt = now } = context;
  for (const [id, endpoint] of listeners) {
    values[`${id}:addr`] = addressOf(endpoint);
    values[`${id}:state`] = "conn_listening";
    values[`${id}:secs_since_last_cmd`] = secondsSince(startedAt, now);
  }
  for (const [id, connection] of connections) {
    const { peer, via, servedAt } = connection;
    const listener = listeners.get(via);
    if (peer !== undefined || listener?.kind === "unix") values[`${id}:addr`] = addressOf(peer ?? listener);
    if (listener !== undefined) values[`${id}:listen_addr`] = addressOf(listener);
    values[`${id}:state`] = id === client ? "conn_parse_cmd" : stateOf(connection);
    values[`${id}:secs_since_last_cmd`] = secondsSince(servedAt, now);
  }
  return values;
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
