// What an invalidation answers to `stats`: itself, its queue, and every server.

import { SendBuffer, writeReply } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { InvalidationContext } from "./context.ts";
import type { InvalidationServerStatus } from "./server-status.ts";

type Values = Readonly<Record<string, string | number>>;

/**
 * The queue of all servers together, and each server's under `<server>:`.
 *
 * @returns the whole reply with its END
 */
export function statsReply(
  context: InvalidationContext,
  servers: readonly InvalidationServerStatus[],
  startedAt: Millis,
  facts: Values,
): Uint8Array {
  const out = new SendBuffer();
  writeStats(out, "", { ...facts, ...general(context, startedAt), ...sums(servers) });
  for (const server of servers) writeStats(out, `${server.name}:`, valuesOf(server));
  writeReply(out, { kind: "end" });
  return out.take();
}

function writeStats(out: SendBuffer, prefix: string, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    writeReply(out, { kind: "stat", text: `${prefix}${name} ${value}` });
  }
}

function general(context: InvalidationContext, startedAt: Millis): Values {
  const { counters, writes, queue, now, version } = context;
  return {
    version,
    uptime: Math.floor((now - startedAt) / 1_000),
    time: Math.floor(now / 1_000),
    curr_connections: counters.connectionsNow,
    total_connections: counters.connectionsTotal,
    rejected_connections: counters.connectionsRejected,
    requests: counters.requests,
    requests_invalid: counters.requestsInvalid,
    clients_paused: counters.clientsPaused,
    clients_too_slow: counters.clientsTooSlow,
    bytes_read: counters.bytesRead,
    bytes_written: counters.bytesWritten,
    writes: writes.writes,
    coalesced: writes.coalesced,
    refused: writes.refused,
    queue_keys: queue.size,
    queue_keys_max: queue.limits.queueKeysMax,
    queue_bytes: queue.bytes,
    queue_bytes_max: queue.limits.queueBytesMax,
  };
}

function sums(servers: readonly InvalidationServerStatus[]): Values {
  const values = { oldest_age_ms: 0, done: 0, retried: 0, errors: 0 };
  for (const { oldestAgeMs, deletes } of servers) {
    values.oldest_age_ms = Math.max(values.oldest_age_ms, oldestAgeMs);
    values.done += deletes.done;
    values.retried += deletes.retried;
    values.errors += deletes.errors;
  }
  return values;
}

function valuesOf({
  state,
  depth,
  inFlight,
  oldestAgeMs,
  deletes,
  counters,
}: InvalidationServerStatus): Values {
  return {
    state: state.replace(" ", "_"),
    depth,
    in_flight: inFlight,
    oldest_age_ms: oldestAgeMs,
    done: deletes.done,
    retried: deletes.retried,
    errors: deletes.errors,
    refused: deletes.refused,
    connects: counters.connects,
    connect_failures: counters.connectFailures,
    disconnects: counters.disconnects,
    reply_timeouts: counters.replyTimeouts,
    bytes_read: counters.bytesRead,
    bytes_written: counters.bytesWritten,
  };
}
