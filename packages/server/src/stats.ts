// stats: what the server tells about itself, in memcached's names and order.
//
// Only true numbers are printed. pid, libevent, pointer_size, rusage_*, tcpport and the like come from the host's
// facts, if it has them. Left out, since they would have to be invented: connection_structures, response_obj_*,
// read_buf_*, reserved_fds, time_in_listen_disabled_us, conn_yields, hash_power_level,
// hash_is_expanding, the other slab_reassign_*, lru_crawler_running, lru_maintainer_juggles, malloc_fails, log_*,
// unexpected_napi_ids, round_robin_fallback.

import {
  type TextRequestDecoder,
  refusalReply,
  REPLY_BYTES,
  type SendBuffer,
  latin1Text,
} from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { SlabItemStatistics } from "@memwire/store";
import type { Context } from "./context.ts";
import { zeroCounters } from "./counters.ts";

type Values = Readonly<Record<string, string | number>>;

const GENERAL_ORDER = (
  "pid uptime time version libevent pointer_size rusage_user rusage_system max_connections curr_connections " +
  "total_connections rejected_connections cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired " +
  "get_flushed delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits " +
  "cas_badval touch_hits touch_misses store_too_large store_no_memory auth_cmds auth_errors bytes_read bytes_written limit_maxbytes " +
  "accepting_conns listen_disabled_num threads hash_bytes slab_reassign_rescues slabs_moved lru_crawler_starts bytes " +
  "curr_items total_items slab_global_page_pool expired_unfetched evicted_unfetched evicted_active evictions " +
  "reclaimed crawler_reclaimed crawler_items_checked lrutail_reflocked moves_to_cold moves_to_warm " +
  "moves_within_lru direct_reclaims lru_bumps_dropped"
).split(" ");

const SETTINGS_ORDER = (
  "maxbytes maxconns tcpport udpport inter verbosity evictions domain_socket umask num_threads detail_enabled " +
  "cas_enabled tcp_backlog binding_protocol auth_enabled_sasl auth_enabled_ascii item_size_max maxconns_fast flush_enabled " +
  "dump_enabled shutdown_command client_flags_size"
).split(" ");

/** Where statistics go, one by one: lines of text, or binary replies. */
export type StatsSink = (name: string, value: string | number) => void;

/** Answers `stats` with the decoder's argument. */
export function tellStats(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const [group = ""] = latin1Text(decoder.bytes, decoder.valueStart, decoder.valueEnd).split(" ", 1);
  const told = sendStats(context, group, (name, value) => output.latin1(`STAT ${name} ${value}\r\n`), now);
  const reply = told === "unknown" ? refusalReply("unknown-command") : REPLY_BYTES[told];
  output.copy(reply, 0, reply.length);
}

/** Sends one group of statistics, "" for the general ones. "reset" is a group, too, with nothing in it. */
export function sendStats(
  context: Context,
  group: string,
  sink: StatsSink,
  now: Millis,
): "end" | "reset" | "unknown" {
  switch (group) {
    case "":
      return tell(sink, GENERAL_ORDER, { ...context.settings.facts(), ...done(context, now) });
    case "settings":
      return tell(sink, SETTINGS_ORDER, { ...context.settings.facts(), ...setUp(context) });
    case "items":
      return tell(sink, undefined, held(context, now));
    case "slabs":
      return tell(sink, undefined, cut(context, now));
    case "reset":
      reset(context);
      return "reset";
    default:
      return "unknown";
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
    cmd_meta: counters.cmdMeta,
    get_hits: counters.getHits,
    get_misses: counters.getMisses,
    get_expired: kept.getExpired,
    get_flushed: kept.getFlushed,
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
    auth_cmds: counters.authCmds,
    auth_errors: counters.authErrors,
    bytes_read: counters.bytesRead,
    bytes_written: counters.bytesWritten,
    limit_maxbytes: store.bytesMax,
    // Connections over the limit are turned away one by one: accepting never stops.
    accepting_conns: 1,
    listen_disabled_num: 0,
    threads: 1,
    hash_bytes: kept.hashBytes,
    slab_reassign_rescues: kept.slabReassignRescues,
    slabs_moved: kept.slabsMoved,
    lru_crawler_starts: kept.crawlerStarts,
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

const PROTOCOL_NAMES = { auto: "auto-negotiate", text: "ascii", binary: "binary" } as const;

function setUp({ settings, store, verbosity }: Context): Values {
  const { limits, flushEnabled, protocol, authentication, facts } = settings;
  return {
    maxbytes: store.bytesMax,
    maxconns: limits.connectionsMax,
    verbosity,
    evictions: store.evictions ? "on" : "off",
    num_threads: 1,
    detail_enabled: "no",
    cas_enabled: "yes",
    binding_protocol: PROTOCOL_NAMES[protocol],
    auth_enabled_sasl: authentication?.kind === "sasl" ? "yes" : "no",
    auth_enabled_ascii: authentication?.kind === "ascii" ? (facts["auth_enabled_ascii"] ?? "yes") : "no",
    item_size_max: store.itemBytesMax,
    maxconns_fast: "yes",
    flush_enabled: flushEnabled ? "yes" : "no",
    dump_enabled: "no",
    shutdown_command: "no",
    client_flags_size: 4,
  };
}

/** `stats items`: of each class that has any. Lists that a segment does not have are left out, as memcached does. */
function held({ store }: Context, now: Millis): Values {
  const values: Record<string, number> = {};
  for (const { slabClass, items } of store.slabs(now).classes) {
    if (items.number === 0) continue;
    for (const [name, value] of itemValues(items)) values[`items:${slabClass}:${name}`] = value;
  }
  return values;
}

function itemValues(items: SlabItemStatistics): readonly (readonly [string, number])[] {
  return [
    ["number", items.number],
    ["number_hot", items.numberHot],
    ["number_warm", items.numberWarm],
    ["number_cold", items.numberCold],
    ...(items.numberTemporary > 0 ? [["number_temp", items.numberTemporary] as const] : []),
    ["age_hot", items.ageHot],
    ["age_warm", items.ageWarm],
    ["age", items.age],
    ["mem_requested", items.memRequested],
    ["evicted", items.evicted],
    ["evicted_nonzero", items.evictedNonzero],
    ["evicted_time", items.evictedTime],
    ["outofmemory", items.outOfMemory],
    // No item is ever left without its list: there is nothing to repair.
    ["tailrepairs", 0],
    ["reclaimed", items.reclaimed],
    ["expired_unfetched", items.expiredUnfetched],
    ["evicted_unfetched", items.evictedUnfetched],
    ["evicted_active", items.evictedActive],
    ["crawler_reclaimed", items.crawlerReclaimed],
    ["crawler_items_checked", items.crawlerItemsChecked],
    ["lrutail_reflocked", items.lruTailReflocked],
    ["moves_to_cold", items.movesToCold],
    ["moves_to_warm", items.movesToWarm],
    ["moves_within_lru", items.movesWithinLru],
    ["direct_reclaims", items.directReclaims],
    ["hits_to_hot", items.hitsToHot],
    ["hits_to_warm", items.hitsToWarm],
    ["hits_to_cold", items.hitsToCold],
    ["hits_to_temp", items.hitsToTemporary],
  ];
}

/** `stats slabs`: of each class that has a page. Hits by class are told as far as the store knows them. */
function cut({ store }: Context, now: Millis): Values {
  const values: Record<string, number> = {};
  const { classes, pageBytes } = store.slabs(now);
  let active = 0;
  for (const one of classes) {
    if (one.pages === 0) continue;
    active++;
    const { items } = one;
    const hits = items.hitsToHot + items.hitsToWarm + items.hitsToCold + items.hitsToTemporary;
    for (const [name, value] of [
      ["chunk_size", one.chunkBytes],
      ["chunks_per_page", one.chunksPerPage],
      ["total_pages", one.pages],
      ["total_chunks", one.chunks],
      ["used_chunks", one.usedChunks],
      ["free_chunks", one.freeChunks],
      // Chunks at the end of a page that were never given out: here these are free ones as all others.
      ["free_chunks_end", 0],
      ["get_hits", hits],
    ] as const) {
      values[`${one.slabClass}:${name}`] = value;
    }
  }
  return { ...values, active_slabs: active, total_malloced: pageBytes };
}

function tell(sink: StatsSink, order: readonly string[] | undefined, values: Values): "end" {
  for (const name of order ?? Object.keys(values)) {
    const value = values[name];
    if (value !== undefined) sink(name, value);
  }
  return "end";
}
