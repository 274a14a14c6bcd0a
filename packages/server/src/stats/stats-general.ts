// stats: what the server as a whole has done, by memcached's names and in its order.
//
// Of several workers the counts are those of all. What only the host knows (pid, libevent, rusage_*, ...) it says in
// its facts. What has no meaning here is 0, as in a memcached to which it does not happen: no index is copied to grow,
// no memory is asked for that may be refused, no thread is chosen by its network card. Three fields are there with TLS
// alone, and come from the host, as does one that memcached does not have: `log_lines_dropped`.

import type { Millis } from "@memwire/engine";
import { type Context, countedBy } from "../context.ts";
import type { StatsValues } from "./stats.ts";

export const GENERAL_ORDER: readonly string[] = (
  "pid uptime time version libevent pointer_size rusage_user rusage_system max_connections curr_connections " +
  "total_connections rejected_connections connection_structures response_obj_oom response_obj_count " +
  "response_obj_bytes read_buf_count read_buf_bytes read_buf_bytes_free read_buf_oom reserved_fds " +
  "cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired get_flushed delete_misses " +
  "delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits cas_badval touch_hits touch_misses " +
  "store_too_large store_no_memory auth_cmds auth_errors idle_kicks bytes_read bytes_written limit_maxbytes " +
  "accepting_conns listen_disabled_num time_in_listen_disabled_us threads conn_yields hash_power_level hash_bytes " +
  "hash_is_expanding slab_reassign_rescues slab_reassign_chunk_rescues slab_reassign_inline_reclaim " +
  "slab_reassign_busy_items slab_reassign_busy_deletes slab_reassign_busy_nomem slab_reassign_last_busy_status " +
  "slab_reassign_running slabs_moved lru_crawler_running lru_crawler_starts lru_maintainer_juggles malloc_fails " +
  "log_worker_dropped log_worker_written log_watcher_skipped log_watcher_sent log_watchers log_lines_dropped " +
  "unexpected_napi_ids round_robin_fallback ssl_handshake_errors ssl_proto_errors ssl_new_sessions bytes " +
  "curr_items total_items slab_global_page_pool expired_unfetched evicted_unfetched evicted_active evictions " +
  "reclaimed crawler_reclaimed crawler_items_checked lrutail_reflocked moves_to_cold moves_to_warm " +
  "moves_within_lru direct_reclaims lru_bumps_dropped"
).split(" ");

/** What memcached leaves out without its crawler, or without the thread that keeps its segments. */
const OF_CRAWLER = ["lru_crawler_running", "lru_crawler_starts"];
const OF_SEGMENTS = (
  "lru_maintainer_juggles evicted_active moves_to_cold moves_to_warm moves_within_lru direct_reclaims " +
  "lru_bumps_dropped"
).split(" ");

export function generalStats(context: Context, now: Millis): StatsValues {
  const counted = { ...context, counters: countedBy(context) };
  const values: Record<string, string | number> = {
    ...ofConnections(counted, now),
    ...ofCommands(counted),
    ...ofStore(counted, now),
    ...context.settings.facts(),
  };
  const { crawler, maintainer } = context.store.setup;
  if (!crawler) for (const name of OF_CRAWLER) delete values[name];
  if (!maintainer) for (const name of OF_SEGMENTS) delete values[name];
  return values;
}

function ofConnections(context: Context, now: Millis): StatsValues {
  const { settings, counters, connections, decoders, watchers, startedAt = Infinity } = context;
  let [holding, heldBytes, owed, owedBytes] = [0, 0, 0, 0];
  for (const { decoder, output } of connections.values()) {
    const held = decoder === decoders.idle ? 0 : decoder.heldBytes;
    holding += held > 0 ? 1 : 0;
    heldBytes += held;
    owed += output.length > 0 ? 1 : 0;
    owedBytes += output.length;
  }
  return {
    uptime: Math.max(0, Math.floor((now - startedAt) / 1_000)),
    time: Math.floor(now / 1_000),
    version: settings.version,
    pointer_size: 64,
    max_connections: settings.limits.connectionsMax,
    curr_connections: counters.currConnections,
    total_connections: counters.totalConnections,
    rejected_connections: counters.rejectedConnections,
    connection_structures: counters.currConnections,
    response_obj_oom: counters.repliesRefused,
    response_obj_count: owed,
    response_obj_bytes: owedBytes,
    read_buf_count: holding,
    read_buf_bytes: heldBytes,
    read_buf_bytes_free: 0,
    read_buf_oom: 0,
    reserved_fds: 0,
    bytes_read: counters.bytesRead,
    bytes_written: counters.bytesWritten,
    // Connections over the limit are turned away one by one: accepting never stops.
    accepting_conns: 1,
    listen_disabled_num: 0,
    time_in_listen_disabled_us: 0,
    threads: settings.workers?.workers ?? 1,
    conn_yields: counters.connYields,
    malloc_fails: 0,
    log_worker_dropped: counters.logWorkerDropped,
    log_worker_written: counters.logWorkerWritten,
    log_watcher_skipped: counters.logWatcherSkipped,
    log_watcher_sent: counters.logWatcherSent,
    log_watchers: watchers.countOfAll,
    unexpected_napi_ids: 0,
    round_robin_fallback: 0,
  };
}

function ofCommands({ counters, store, settings: { limits } }: Context): StatsValues {
  return {
    cmd_get: counters.cmdGet,
    cmd_set: counters.cmdSet,
    cmd_flush: counters.cmdFlush,
    cmd_touch: counters.cmdTouch,
    cmd_meta: counters.cmdMeta,
    get_hits: counters.getHits,
    get_misses: counters.getMisses,
    get_expired: store.counters.getExpired,
    get_flushed: store.counters.getFlushed,
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
    auth_cmds: counters.authCmds,
    auth_errors: counters.authErrors,
    // As with memcached, only where somebody can be kicked.
    ...(limits.idleTimeoutMs < Infinity ? { idle_kicks: counters.idleKicks } : {}),
  };
}

function ofStore({ counters, store }: Context, now: Millis): StatsValues {
  const kept = store.counters;
  return {
    store_too_large: counters.tooLarge + kept.storeTooLarge,
    store_no_memory: kept.storeNoMemory,
    limit_maxbytes: store.bytesMax,
    hash_power_level: kept.hashPower,
    hash_bytes: kept.hashBytes,
    hash_is_expanding: 0,
    slab_reassign_rescues: kept.slabReassignRescues,
    slab_reassign_chunk_rescues: kept.slabReassignChunkRescues,
    slab_reassign_inline_reclaim: kept.slabReassignEvictions,
    slab_reassign_busy_items: kept.slabReassignBusyItems,
    slab_reassign_busy_deletes: 0,
    slab_reassign_busy_nomem: 0,
    slab_reassign_last_busy_status: 0,
    slab_reassign_running: kept.slabReassignRunning,
    slabs_moved: kept.slabsMoved,
    lru_crawler_running: kept.crawlerRunning,
    lru_crawler_starts: kept.crawlerStarts,
    lru_maintainer_juggles: kept.juggles,
    bytes: kept.bytes,
    curr_items: kept.currItems,
    total_items: kept.totalItems,
    slab_global_page_pool: store.slabs(now).sparePages,
    expired_unfetched: kept.expiredUnfetched,
    evicted_unfetched: kept.evictedUnfetched,
    evictions: kept.evictions,
    evicted_active: kept.evictedActive,
    reclaimed: kept.reclaimed,
    crawler_reclaimed: kept.crawlerReclaimed,
    crawler_items_checked: kept.crawlerItemsChecked,
    lrutail_reflocked: kept.lruTailReflocked,
    moves_to_cold: kept.movesToCold,
    moves_to_warm: kept.movesToWarm,
    moves_within_lru: kept.movesWithinLru,
    direct_reclaims: kept.directReclaims,
    lru_bumps_dropped: kept.lruBumpsDropped,
  };
}
