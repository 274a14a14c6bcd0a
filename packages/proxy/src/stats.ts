// What the proxy answers to `stats`: itself, and every server of every pool.

import { SendBuffer, writeReply } from "@memwire/codec";
import type { ProxyContext } from "./context.ts";
import type { Pool } from "./pool.ts";

/**
 * `stats` has the proxy's counters and each server's under `<pool>:<server>:`; no argument is known.
 *
 * @returns the whole reply with its END, or null for an unknown argument
 */
export function statsReply(
  context: ProxyContext,
  pools: readonly Pool[],
  argument: string,
): Uint8Array | null {
  if (argument !== "") return null;
  const { counters } = context;
  const out = new SendBuffer();
  const stat = (name: string, value: string | number): void =>
    writeReply(out, { kind: "stat", text: `${name} ${value}` });
  stat("version", context.version);
  stat("time", Math.floor(context.now / 1000));
  stat("curr_connections", counters.connectionsNow);
  stat("total_connections", counters.connectionsTotal);
  stat("rejected_connections", counters.connectionsRejected);
  stat("requests", counters.requests);
  stat("requests_invalid", counters.requestsInvalid);
  stat("clients_paused", counters.clientsPaused);
  stat("clients_too_slow", counters.clientsTooSlow);
  stat("bytes_read", counters.bytesRead);
  stat("bytes_written", counters.bytesWritten);
  for (const pool of pools) {
    for (const server of pool.servers) {
      const prefix = `${pool.name}:${server.name}:`;
      stat(`${prefix}state`, server.state.replace(" ", "_"));
      stat(`${prefix}queued`, server.counters.queuedNow);
      stat(`${prefix}in_flight`, server.counters.inFlightNow);
      stat(`${prefix}requests`, server.counters.requests);
      stat(`${prefix}replies`, server.counters.replies);
      stat(`${prefix}connects`, server.counters.connects);
      stat(`${prefix}connect_failures`, server.counters.connectFailures);
      stat(`${prefix}disconnects`, server.counters.disconnects);
      stat(`${prefix}queued_timeouts`, server.counters.queuedTimeouts);
      stat(`${prefix}reply_timeouts`, server.counters.replyTimeouts);
      stat(`${prefix}overflows`, server.counters.overflows);
      stat(`${prefix}failed_fast`, server.counters.failedFast);
      stat(`${prefix}bytes_read`, server.counters.bytesRead);
      stat(`${prefix}bytes_written`, server.counters.bytesWritten);
    }
  }
  writeReply(out, { kind: "end" });
  return out.take();
}
