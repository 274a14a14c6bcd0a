// stats: what the server tells about itself, in memcached's names and order.
//
// Only true numbers are printed. pid, libevent, pointer_size, rusage_*, tcpport and the like come from the host's
// facts, if it has them. Left out, since they would have to be invented: connection_structures, response_obj_*,
// read_buf_*, reserved_fds, cmd_meta, auth_*, time_in_listen_disabled_us, conn_yields, hash_*, slab_*, slabs_moved,
// lru_*, malloc_fails, log_*, unexpected_napi_ids, round_robin_fallback, evicted_active, crawler_*,
// lrutail_reflocked, moves_*, direct_reclaims, and get_flushed, since nobody comes across a flushed item: a flush
// takes them all at once. The store has no slab classes: `stats items` shows its one list as class 1, and
// `stats slabs` shows none.

import {
  type TextRequestDecoder,
  refusalReply,
  REPLY_BYTES,
  type SendBuffer,
  latin1Text,
} from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Context } from "./context.ts";
import { zeroCounters } from "./counters.ts";

type Values = Readonly<Record<string, string | number>>;

const GENERAL_ORDER = (
  "pid uptime time version libevent pointer_size rusage_user rusage_system max_connections curr_connections " +
  "total_connections rejected_connections cmd_get cmd_set cmd_flush cmd_touch get_hits get_misses get_expired " +
  "delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits " +
  "cas_badval touch_hits touch_misses store_too_large store_no_memory bytes_read bytes_written limit_maxbytes " +
  "accepting_conns listen_disabled_num threads bytes curr_items total_items expired_unfetched evicted_unfetched " +
  "evictions reclaimed"
).split(" ");

const SETTINGS_ORDER = (
  "maxbytes maxconns tcpport udpport inter verbosity evictions domain_socket umask num_threads detail_enabled " +
  "cas_enabled tcp_backlog auth_enabled_sasl auth_enabled_ascii item_size_max maxconns_fast flush_enabled " +
  "dump_enabled shutdown_command client_flags_size"
).split(" ");

/** Answers `stats` with the decoder's argument. */
export function tellStats(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const [group = ""] = latin1Text(decoder.bytes, decoder.valueStart, decoder.valueEnd).split(" ", 1);
  switch (group) {
    case "":
      return print(output, GENERAL_ORDER, { ...context.settings.facts, ...done(context, now) });
    case "settings":
      return print(output, SETTINGS_ORDER, { ...context.settings.facts, ...setUp(context) });
    case "items":
      return print(output, undefined, held(context));
    case "slabs":
      return print(output, undefined, { active_slabs: 0, total_malloced: 0 });
    case "reset":
      reset(context);
      return output.copy(REPLY_BYTES.reset, 0, REPLY_BYTES.reset.length);
    default: {
      const unknown = refusalReply("unknown-command");
      return output.copy(unknown, 0, unknown.length);
    }
  }
}

/** Sets to 0 what counts events; what there is now stays. */
function reset({ counters, store }: Context): void {
  Object.assign(counters, zeroCounters(), { currConnections: counters.currConnections });
  store.resetCounters();
}

function done({ settings, store, counters, startedAt = Infinity }: Context, now: Millis): Values {
  const kept = store.counters;
  return {
    uptime: Math.max(0, Math.floor((now - startedAt) / 1_000)),
    time: Math.floor(now / 1_000),
    version: settings.version,
    max_connections: settings.limits.connectionsMax,
    curr_connections: counters.currConnections,
    total_connections: counters.totalConnections,
    rejected_connections: counters.rejectedConnections,
    cmd_get: counters.cmdGet,
    cmd_set: counters.cmdSet,
    cmd_flush: counters.cmdFlush,
    cmd_touch: counters.cmdTouch,
    get_hits: counters.getHits,
    get_misses: counters.getMisses,
    get_expired: kept.getExpired,
    delete_misses: counters.deleteMisses,
    delete_hits: counters.deleteHits,
    incr_misses: counters.incrMisses,
    incr_hits: counters.incrHits,
    decr_misses: counters.decrMisses,
    decr_hits: counters.decrHits,
    cas_misses: counters.casMisses,
    cas_hits: counters.casHits,
    cas_badval: counters.casBadval,
    touch_hits: counters.touchHits,
    touch_misses: counters.touchMisses,
    store_too_large: counters.tooLarge + kept.storeTooLarge,
    store_no_memory: kept.storeNoMemory,
    bytes_read: counters.bytesRead,
    bytes_written: counters.bytesWritten,
    limit_maxbytes: store.bytesMax,
    // Connections over the limit are turned away one by one: accepting never stops.
    accepting_conns: 1,
    listen_disabled_num: 0,
    threads: 1,
    bytes: kept.bytes,
    curr_items: kept.currItems,
    total_items: kept.totalItems,
    expired_unfetched: kept.expiredUnfetched,
    evicted_unfetched: kept.evictedUnfetched,
    evictions: kept.evictions,
    reclaimed: kept.reclaimed,
  };
}

function setUp({ settings: { limits, flushEnabled }, store, verbosity }: Context): Values {
  return {
    maxbytes: store.bytesMax,
    maxconns: limits.connectionsMax,
    verbosity,
    evictions: store.evictions ? "on" : "off",
    num_threads: 1,
    detail_enabled: "no",
    cas_enabled: "yes",
    auth_enabled_sasl: "no",
    auth_enabled_ascii: "no",
    item_size_max: store.itemBytesMax,
    maxconns_fast: "yes",
    flush_enabled: flushEnabled ? "yes" : "no",
    dump_enabled: "no",
    shutdown_command: "no",
    client_flags_size: 4,
  };
}

function held({ store: { counters } }: Context): Values {
  if (counters.currItems === 0) return {};
  return {
    "items:1:number": counters.currItems,
    "items:1:mem_requested": counters.bytes,
    "items:1:evicted": counters.evictions,
    "items:1:outofmemory": counters.storeNoMemory,
    "items:1:reclaimed": counters.reclaimed,
    "items:1:expired_unfetched": counters.expiredUnfetched,
    "items:1:evicted_unfetched": counters.evictedUnfetched,
  };
}

function print(output: SendBuffer, order: readonly string[] | undefined, values: Values): void {
  for (const name of order ?? Object.keys(values)) {
    if (name in values) output.latin1(`STAT ${name} ${values[name]}\r\n`);
  }
  output.copy(REPLY_BYTES.end, 0, REPLY_BYTES.end.length);
}
