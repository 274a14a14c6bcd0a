// What the proxy answers to `stats`: itself, and every server of every pool.

import { SendBuffer, writeReply } from "@memwire/codec";
import type { ProxyContext } from "./context.ts";
import type { HealthStatus } from "@memwire/router";
import type { Facts } from "./options.ts";
import type { Pool } from "./pool.ts";
import { statusesOf } from "./server-status.ts";

/** One statistic. */
export type StatLine = readonly [name: string, value: string];

/**
 * `stats` has the proxy's counters and each server's under `<pool>:<server>:`; no argument is known.
 *
 * @returns null for an unknown argument
 */
export function statLines(
  context: ProxyContext,
  pools: readonly Pool[],
  facts: () => Facts,
  argument: string,
): readonly StatLine[] | null {
  if (argument !== "") return null;
  const { counters, fleet } = context;
  const lines: StatLine[] = [];
  const stat = (name: string, value: string | number): void => void lines.push([name, String(value)]);
  stat("version", context.version);
  stat("time", Math.floor(context.now / 1000));
  stat("curr_connections", counters.connectionsNow);
  stat("total_connections", counters.connectionsTotal);
  stat("rejected_connections", counters.connectionsRejected);
  stat("requests", counters.requests);
  stat("requests_invalid", counters.requestsInvalid);
  stat("clients_paused", counters.clientsPaused);
  stat("clients_too_slow", counters.clientsTooSlow);
  stat("clients_cut", counters.clientsCut);
  stat("requests_active", counters.requestsNow);
  stat("requests_over_active_max", counters.requestsOverActiveMax);
  stat("requests_over_buffered_max", counters.requestsOverBufferedMax);
  stat("requests_over_queued_max", fleet.requestsOverQueuedMax);
  stat("buffered_bytes", counters.bufferedBytesNow);
  stat("queued_bytes", fleet.queuedBytesNow);
  stat("bytes_read", counters.bytesRead);
  stat("bytes_written", counters.bytesWritten);
  for (const [name, value] of Object.entries(facts())) stat(name, value);
  for (const { name, partsMissed, rates, users, logins, loginsFailed } of pools) {
    if (users !== undefined) {
      stat(`${name}:auth_cmds`, logins);
      stat(`${name}:auth_errors`, loginsFailed);
    }
    stat(`${name}:parts_missed`, partsMissed);
    stat(`${name}:requests_over_client_rate`, rates?.overClientRate ?? 0);
    stat(`${name}:requests_over_rate`, rates?.overRate ?? 0);
  }
  for (const server of pools.flatMap(statusesOf)) {
    const prefix = `${server.pool}:${server.name}:`;
    const each = server.counters;
    stat(`${prefix}state`, server.state.replace(" ", "_"));
    for (const [name, value] of healthStats(server.health)) stat(prefix + name, value);
    stat(`${prefix}queued`, each.queuedNow);
    stat(`${prefix}in_flight`, each.inFlightNow);
    stat(`${prefix}requests`, each.requests);
    stat(`${prefix}replies`, each.replies);
    stat(`${prefix}connects`, each.connects);
    stat(`${prefix}connect_failures`, each.connectFailures);
    stat(`${prefix}disconnects`, each.disconnects);
    stat(`${prefix}idle_closes`, each.idleCloses);
    stat(`${prefix}pauses`, each.pauses);
    stat(`${prefix}queued_timeouts`, each.queuedTimeouts);
    stat(`${prefix}reply_timeouts`, each.replyTimeouts);
    stat(`${prefix}overflows`, each.overflows);
    stat(`${prefix}failed_fast`, each.failedFast);
    stat(`${prefix}missed`, each.missed);
    stat(`${prefix}downs`, each.downs);
    stat(`${prefix}probes`, each.probes);
    stat(`${prefix}bytes_read`, each.bytesRead);
    stat(`${prefix}bytes_written`, each.bytesWritten);
  }
  return lines;
}

/** The same as a client of the text protocol is told it, with its END. */
export function statsReply(lines: readonly StatLine[]): Uint8Array {
  const out = new SendBuffer();
  for (const [name, value] of lines) writeReply(out, { kind: "stat", text: `${name} ${value}` });
  writeReply(out, { kind: "end" });
  return out.take();
}

/** What failed, by kind; and of a server that is not well since when and how, which is gone when it is. */
function* healthStats(health: HealthStatus): Generator<[name: string, value: number]> {
  for (const [kind, count] of Object.entries(health.failures)) {
    yield [`failures_${kind.replaceAll("-", "_")}`, count];
  }
  const { state, administered, since, failuresInARow, flaps } = health;
  if (state === "up" && administered === "up" && failuresInARow === 0) return;
  yield ["failures_in_a_row", failuresInARow];
  yield ["flaps", flaps];
  if (since !== undefined) yield ["since", Math.floor(since / 1000)];
  if (health.retryAt !== undefined) yield ["next_try", Math.ceil(health.retryAt / 1000)];
}
