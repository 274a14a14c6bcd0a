// stats settings: how the server is set up, by memcached's names and in its order.
//
// What belongs to the host (ports, sockets, TLS, ...) is memcached's default unless its facts say otherwise. Of what is
// not here, storage on disk and memcached's own proxy, memcached tells the settings too where they are switched off.

import { type Context, verbosityOf } from "../context.ts";
import { PROTOCOL_NAMES } from "../options.ts";
import type { StatsValues } from "./stats.ts";

export const SETTINGS_ORDER: readonly string[] = (
  "maxbytes maxconns tcpport udpport inter verbosity oldest evictions domain_socket umask shutdown_command " +
  "growth_factor chunk_size num_threads num_threads_per_udp stat_key_prefix detail_enabled reqs_per_event " +
  "cas_enabled tcp_backlog binding_protocol auth_enabled_sasl auth_enabled_ascii item_size_max maxconns_fast " +
  "hashpower_init slab_reassign slab_automove slab_automove_ratio slab_automove_window slab_chunk_max lru_crawler " +
  "lru_crawler_sleep lru_crawler_tocrawl tail_repair_time flush_enabled dump_enabled hash_algorithm " +
  "lru_maintainer_thread lru_segmented hot_lru_pct warm_lru_pct hot_max_factor warm_max_factor temp_lru " +
  "temporary_ttl idle_timeout watcher_logbuf_size worker_logbuf_size read_buf_mem_limit track_sizes " +
  "inline_ascii_response ext_item_size ext_item_age ext_low_ttl ext_recache_rate ext_wbuf_size ext_compact_under " +
  "ext_drop_under ext_max_sleep ext_max_frag slab_automove_freeratio ext_drop_unread ssl_enabled ssl_chain_cert " +
  "ssl_key ssl_verify_mode ssl_keyformat ssl_ciphers ssl_ca_cert ssl_wbuf_size ssl_session_cache ssl_kernel_tls " +
  "ssl_min_version proxy_enabled proxy_uring_enabled num_napi_ids memory_file client_flags_size"
).split(" ");

/** memcached's defaults of what an engine does not know, or does not have. */
const DEFAULTS: StatsValues = {
  tcpport: 11_211,
  udpport: 0,
  inter: "NULL",
  domain_socket: "NULL",
  umask: 700,
  num_threads_per_udp: 1,
  tcp_backlog: 1_024,
  maxconns_fast: "yes",
  hashpower_init: 0,
  tail_repair_time: 0,
  hash_algorithm: "murmur3",
  worker_logbuf_size: 65_536,
  read_buf_mem_limit: 0,
  inline_ascii_response: "no",
  ext_item_size: 512,
  ext_item_age: 4_294_967_295,
  ext_low_ttl: 0,
  ext_recache_rate: 2_000,
  ext_wbuf_size: 4_194_304,
  ext_compact_under: 0,
  ext_drop_under: 0,
  ext_max_sleep: 1_000_000,
  ext_max_frag: "0.80",
  ext_drop_unread: "no",
  ssl_enabled: "no",
  ssl_chain_cert: "(null)",
  ssl_key: "(null)",
  ssl_verify_mode: 0,
  ssl_keyformat: 1,
  ssl_ciphers: "NULL",
  ssl_ca_cert: "NULL",
  ssl_wbuf_size: 16_384,
  ssl_session_cache: "no",
  ssl_kernel_tls: "no",
  ssl_min_version: "tlsv1.2",
  proxy_enabled: "no",
  proxy_uring_enabled: "no",
  num_napi_ids: "(null)",
  memory_file: "(null)",
  client_flags_size: 4,
};

export function settingsStats(context: Context): StatsValues {
  const facts = context.settings.facts();
  const byFile = context.settings.authentication?.kind === "ascii";
  return {
    ...DEFAULTS,
    ...ofServer(context),
    ...ofStore(context),
    ...facts,
    // The host may say which file it reads users from; not whether the engine asks for them.
    auth_enabled_ascii: byFile ? (facts["auth_enabled_ascii"] ?? "yes") : "no",
  };
}

function ofServer(context: Context): StatsValues {
  const { settings, prefixes, remembered } = context;
  const { idleTimeoutMs } = settings.limits;
  return {
    maxconns: settings.limits.connectionsMax,
    verbosity: verbosityOf(context),
    oldest: remembered.oldest,
    num_threads: settings.workers?.workers ?? 1,
    shutdown_command: yesNo(settings.shutdownEnabled),
    stat_key_prefix: String.fromCharCode(settings.prefixDelimiter),
    detail_enabled: yesNo(prefixes.counting),
    reqs_per_event: settings.limits.requestsPerTurn,
    idle_timeout: idleTimeoutMs < Infinity ? Math.round(idleTimeoutMs / 1_000) : 0,
    binding_protocol: PROTOCOL_NAMES[settings.protocol],
    auth_enabled_sasl: yesNo(settings.authentication?.kind === "sasl"),
    slab_automove_ratio: remembered.automoveRatio.toFixed(2),
    slab_automove_window: remembered.automoveWindow,
    slab_automove_freeratio: remembered.automoveFreeRatio.toFixed(3),
    lru_crawler_sleep: remembered.crawlerSleep,
    lru_crawler_tocrawl: remembered.crawlerItems,
    flush_enabled: yesNo(settings.flushEnabled),
    dump_enabled: yesNo(settings.dumpEnabled),
    watcher_logbuf_size: settings.limits.watcherBytesMax,
    track_sizes: yesNo(remembered.sizesEnabled),
  };
}

function ofStore({ store }: Context): StatsValues {
  const { setup } = store;
  return {
    maxbytes: store.bytesMax,
    evictions: store.evictions ? "on" : "off",
    growth_factor: setup.growthFactor.toFixed(2),
    chunk_size: setup.chunkSpaceMin,
    cas_enabled: yesNo(setup.casUniques),
    item_size_max: store.itemBytesMax,
    slab_reassign: yesNo(setup.automove),
    slab_automove: setup.automoveLevel,
    slab_chunk_max: setup.chunkBytesMax,
    lru_crawler: yesNo(setup.crawler),
    lru_maintainer_thread: yesNo(setup.maintainer),
    lru_segmented: yesNo(setup.segmented),
    hot_lru_pct: setup.hotPercent,
    warm_lru_pct: setup.warmPercent,
    hot_max_factor: setup.hotAgeFactor.toFixed(2),
    warm_max_factor: setup.warmAgeFactor.toFixed(2),
    temp_lru: yesNo(setup.temporaryTtlMs > 0),
    temporary_ttl: setup.temporaryTtlMs > 0 ? setup.temporaryTtlMs / 1_000 : 61,
  };
}

function yesNo(value: boolean): "yes" | "no" {
  return value ? "yes" : "no";
}
