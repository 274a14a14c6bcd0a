// -o: memcached's extended options, a list with commas between, each `name` or `name=value`.
//
// What has a meaning here is a row of `OPTIONS`; what memcached knows besides is taken and does nothing, and -h says
// so (options-without-effect.ts); everything else is refused.

import { type AdapterOptions, bunSocketKinds, denoSocketKinds } from "@memwire/adapter";
import { optionValue, wholeNumber } from "@memwire/program";
import type { ServerLimits } from "@memwire/server";
import type { StoreOptions } from "@memwire/store";
import { takeWithoutEffect, WITHOUT_EFFECT } from "./options-without-effect.ts";
import type { TlsTask } from "./task.ts";
import { readAbove, readPath, readWord } from "./flag-values.ts";

type Draft<T> = { -readonly [Name in keyof T]?: T[Name] };

/** What `-o` has said so far. */
export interface Extended {
  readonly store: Draft<StoreOptions>;
  readonly limits: Draft<ServerLimits>;
  readonly tls: Draft<TlsTask>;
  /** How eagerly pages move at first; an operator may change it. */
  automoveLevel: number;
  /** Whether `stats sizes` counts from the start. */
  sizesEnabled: boolean;
  /** Whether `debugtime` is taken. */
  debugTimeEnabled: boolean;
  /** Whose sockets connections are on. */
  readonly sockets: Draft<AdapterOptions>;
}

interface Row {
  /** For -h: what stands behind `=`, nothing for a switch, and what it does. */
  readonly value?: string;
  /** The value that the name alone stands for, where memcached takes it alone. */
  readonly alone?: string;
  readonly what: string;
  /** @param text What stands behind `=`; "" for a switch. */
  readonly take: (extended: Extended, text: string) => void;
}

const MEBIBYTE = 1_048_576;
const SECONDS_MAX = 2_147_483;
const UINT32_MAX = 4_294_967_295;
/** Of the names in the help. */
const TERM_WIDTH = 31;

const OPTIONS: Readonly<Record<string, Row>> = {
  idle_timeout: {
    value: "seconds",
    what: "close connections that ask for nothing for so long (0: never)",
    take: ({ limits }, text) => (limits.idleTimeoutMs = timeout("idle_timeout", text)),
  },
  receive_timeout: {
    value: "seconds",
    what: "the same in the middle of a command (300); memcached has no such option",
    take: ({ limits }, text) => (limits.receiveTimeoutMs = timeout("receive_timeout", text)),
  },
  send_timeout: {
    value: "seconds",
    what: "the same with a reply that they do not take (300); nor this one",
    take: ({ limits }, text) => (limits.sendTimeoutMs = timeout("send_timeout", text)),
  },
  read_buf_mem_limit: {
    value: "megabytes",
    what: "memory for what clients do not take or send slowly (0: 256, or a quarter of -m)",
    take: ({ limits }, text) => {
      const megabytes = wholeNumber("-o read_buf_mem_limit", 0, UINT32_MAX)(text);
      if (megabytes > 0) limits.bufferedBytesMax = megabytes * MEBIBYTE;
    },
  },
  slab_sizes: {
    value: "a-b-c",
    what: "sizes of the chunks, instead of -f and -n",
    take: ({ store }, text) => (store.chunkSizes = optionValue("-o slab_sizes", readSizes)(text)),
  },
  slab_chunk_max: {
    value: "bytes",
    what: "largest chunk (524288)",
    take: ({ store }, text) => {
      store.chunkBytesMax = wholeNumber("-o slab_chunk_max", 512, MEBIBYTE)(text);
    },
  },
  slab_automove: {
    value: "0|1|2",
    alone: "1",
    what: "whether memory moves to the sizes in demand (1)",
    take: (extended, text) => {
      extended.automoveLevel = wholeNumber("-o slab_automove", 0, 2)(text);
    },
  },
  no_slab_automove: {
    what: "the same as slab_automove=0",
    take: (extended) => (extended.automoveLevel = 0),
  },
  no_slab_reassign: {
    what: "memory stays with the size that took it",
    take: stay,
  },
  no_chunked_items: {
    what: "the same as slab_chunk_max=1048576",
    take: ({ store }) => (store.chunkBytesMax = MEBIBYTE),
  },
  no_lru_crawler: {
    what: "look for no expired items",
    take: ({ store }) => (store.crawler = false),
  },
  no_lru_maintainer: { what: "one strict list of items a size, none hot or warm", take: flat },
  hot_lru_pct: {
    value: "number",
    what: "per cent of a size's memory for hot items (20)",
    take: ({ store }, text) => {
      store.hotPercent = wholeNumber("-o hot_lru_pct", 1, 79)(text);
    },
  },
  warm_lru_pct: {
    value: "number",
    what: "the same for warm ones (40)",
    take: ({ store }, text) => {
      store.warmPercent = wholeNumber("-o warm_lru_pct", 1, 79)(text);
    },
  },
  hot_max_factor: {
    value: "number",
    what: "hot items as old as this part of the coldest cool down (0.2)",
    take: ({ store }, text) => {
      store.hotAgeFactor = optionValue("-o hot_max_factor", readAbove(0))(text);
    },
  },
  warm_max_factor: {
    value: "number",
    what: "the same of warm ones (2)",
    take: ({ store }, text) => {
      store.warmAgeFactor = optionValue("-o warm_max_factor", readAbove(0))(text);
    },
  },
  temporary_ttl: {
    value: "seconds",
    what: "items that expire sooner are never evicted (off)",
    take: ({ store }, text) => (store.temporaryTtlMs = seconds("temporary_ttl", text) * 1_000),
  },
  hash_algorithm: {
    value: "name",
    what: "jenkins, murmur3 or xxh3: taken, but the hash stays what it is",
    take: (_, text) => optionValue("-o hash_algorithm", readWord(["jenkins", "murmur3", "xxh3"]))(text),
  },
  no_modern: {
    what: "what memcached 1.4 did: no_lru_maintainer, no_lru_crawler, no_slab_reassign, chunks of a page",
    take: (extended) => {
      flat(extended);
      stay(extended);
      Object.assign(extended.store, { crawler: false, chunkBytesMax: MEBIBYTE });
    },
  },
  track_sizes: {
    what: "count for stats sizes from the start",
    take: (extended) => (extended.sizesEnabled = true),
  },
  watcher_logbuf_size: {
    value: "kilobytes",
    what: "lines that a watcher has not taken; above it misses some (256)",
    take: ({ limits }, text) => {
      limits.watcherBytesMax = wholeNumber("-o watcher_logbuf_size", 1, MEBIBYTE)(text) * 1_024;
    },
  },
  ssl_chain_cert: {
    value: "file",
    what: "certificates of -Z, in PEM",
    take: ({ tls }, text) => (tls.chainFile = optionValue("-o ssl_chain_cert", readPath("file"))(text)),
  },
  ssl_key: {
    value: "file",
    what: "the private key, if it is not in that file",
    take: ({ tls }, text) => (tls.keyFile = optionValue("-o ssl_key", readPath("file"))(text)),
  },
  ssl_ca_cert: {
    value: "file",
    what: "whom certificates of clients have to come from",
    take: ({ tls }, text) => (tls.caFile = optionValue("-o ssl_ca_cert", readPath("file"))(text)),
  },
  ssl_verify_mode: {
    value: "0|1|2|3",
    what: "a client's certificate: 0 none, 1 asked for, 2 needed, 3 asked for once (0)",
    take: ({ tls }, text) => {
      const mode = wholeNumber("-o ssl_verify_mode", 0, 3)(text);
      tls.verify = (["none", "request", "require", "once"] as const)[mode as 0 | 1 | 2 | 3];
    },
  },
  ssl_ciphers: {
    value: "list",
    what: "ciphers of TLS 1.2, with : between",
    take: ({ tls }, text) => (tls.ciphers = text),
  },
  ssl_min_version: {
    value: "2|3",
    what: "2 for TLS 1.2, 3 for TLS 1.3 (2); older ones are refused",
    take: ({ tls }, text) => {
      const version = wholeNumber("-o ssl_min_version", 2, 3)(text);
      tls.minVersion = version === 2 ? "TLSv1.2" : "TLSv1.3";
    },
  },
  ssl_keyformat: {
    value: "PEM",
    what: "PEM only",
    take: (_, text) => optionValue("-o ssl_keyformat", readWord(["PEM", "1"]))(text),
  },
  debug_time: {
    what: "for tests: debugtime moves the clock; memcached has no such option",
    take: (extended) => (extended.debugTimeEnabled = true),
  },
  bun_sockets: {
    value: "bun|io_uring",
    what: "on Bun: its own sockets (default), or those of Linux's io_uring; memcached has no such option",
    take: ({ sockets }, text) => {
      sockets.bunSockets = optionValue("-o bun_sockets", readWord(bunSocketKinds))(text);
    },
  },
  deno_sockets: {
    value: "node|deno",
    what: "on Deno: sockets of its node:net (default), or its own (deno); memcached has no such option",
    take: ({ sockets }, text) => {
      sockets.denoSockets = optionValue("-o deno_sockets", readWord(denoSocketKinds))(text);
    },
  },
};

/** Why some are refused that memcached knows. */
const REFUSED: Readonly<Record<string, string>> = {
  proxy_config: "memcached's proxy is another program here: memwire-proxy",
  proxy_arg: "memcached's proxy is another program here: memwire-proxy",
  proxy_uring: "memcached's proxy is another program here: memwire-proxy",
};

/** For -h. */
export function describeExtended(): string {
  const rows = Object.entries(OPTIONS).map(([name, { value, alone, what }]) => {
    const term =
      value === undefined ? name : alone === undefined ? `${name}=<${value}>` : `${name}[=<${value}>]`;
    return `  ${term.padEnd(TERM_WIDTH)} ${what}`;
  });
  return `Options of -o:\n${rows.join("\n")}\n\nTaken by -o and without effect:\n${wrapped(WITHOUT_EFFECT)}`;
}

/** Reads all that was given with -o. */
export function readExtended(lists: readonly string[]): Extended {
  const extended: Extended = {
    store: {},
    limits: {},
    tls: {},
    automoveLevel: 1,
    sizesEnabled: false,
    debugTimeEnabled: false,
    sockets: { denoSockets: "node" },
  };
  for (const one of lists.flatMap((list) => list.split(","))) {
    if (one !== "") take(extended, one);
  }
  return extended;
}

function take(extended: Extended, one: string): void {
  const equals = one.indexOf("=");
  const name = equals < 0 ? one : one.slice(0, equals);
  const text = equals < 0 ? undefined : one.slice(equals + 1);
  const refused = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  if (refused !== undefined) throw new RangeError(`-o ${name} is refused: ${refused}`);
  const row = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
  if (row === undefined) {
    if (takeWithoutEffect(name, text)) return;
    throw new RangeError(`-o must be options that memcached knows, got ${JSON.stringify(one)}`);
  }
  const given = text ?? row.alone;
  if (row.value !== undefined && given === undefined) {
    throw new RangeError(`-o ${name} needs a value: ${name}=<${row.value}>`);
  }
  row.take(extended, given ?? "");
}

function stay(extended: Extended): void {
  extended.store.automove = false;
  extended.automoveLevel = 0;
}

function flat({ store }: Extended): void {
  store.segmented = false;
}

/** 0 is for ever, as with memcached. */
function timeout(name: string, text: string): number {
  return seconds(name, text) * 1_000 || Infinity;
}

function seconds(name: string, text: string): number {
  return wholeNumber(`-o ${name}`, 0, SECONDS_MAX)(text);
}

function readSizes(text: string): readonly number[] {
  if (/^\d{1,9}(-\d{1,9})*$/.test(text)) return text.split("-").map(Number);
  throw new RangeError(`must be sizes with - between, such as 96-1024-4096, got ${JSON.stringify(text)}`);
}

function wrapped(words: readonly string[]): string {
  const lines = [""];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length > 78) lines.push(` ${word}`);
    else lines[lines.length - 1] = line;
  }
  return lines.map((line) => ` ${line}`).join("\n");
}
