// What commands for items tell those who watch, and what is counted by prefix: only while `context.observed`.
//
//     found = store.find(...)             noteFetch(...)     behind a look-up: the store shows the item
//     noteLookUp(...)  store.incr(...)                       before a command that shows no value
//     noteStoring(...)  store.set(...)    noteStored(...)
//     noteDeletion(...)  store.delete(...)
//
// The commands of all protocols call these, or where `stats detail` does not count them, which are the meta commands as
// in memcached, `logFetch`, `noteLookUp`, `logDeletion` and `noteStored` alone.

import type { Millis } from "@memwire/engine";
import type { Stored } from "@memwire/store";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import { uriEncoded } from "./uri-key.ts";
import { CONNECTION_EVENTS, DELETIONS, EVICTIONS, FETCHES, ITEM_KINDS, MUTATIONS } from "./watchers.ts";

/** What a line calls a storage command; `ms` and `ma` are among these, too. */
export type StoreCommand = "add" | "set" | "replace" | "append" | "prepend" | "cas";

/** memcached's clock starts two seconds before it does. */
const CLOCK_STARTS_BEFORE = 2;

const STATUS_WORDS: Readonly<Record<Stored, string>> = {
  stored: "stored",
  "not-stored": "not_stored",
  exists: "exists",
  "not-found": "not_found",
  "too-large": "too_large",
  "out-of-memory": "no_memory",
};

/** To be called when somebody begins to watch, or ends, and when prefixes are counted, or no longer. */
export function observe(context: Context): void {
  const { store, watchers } = context;
  context.observed = (watchers.kinds & ITEM_KINDS) !== 0 || context.prefixes.counting;
  context.expiredMet = store.expiredMet;
  context.flushedMet = store.flushedMet;
  if ((watchers.kinds & EVICTIONS) === 0) {
    if (context.evictionListener === undefined) return;
    store.listener = context.evictionListener.before;
    context.evictionListener = undefined;
  } else if (context.evictionListener === undefined) {
    const before = store.listener;
    context.evictionListener = { before };
    store.listener = {
      gone(cause, key, start, end, fetched, expiresAt, usedAt, slabClass, length) {
        before?.gone(cause, key, start, end, fetched, expiresAt, usedAt, slabClass, length);
        if (cause !== "evicted") return;
        const { now } = context;
        const ttl = expiresAt === Infinity ? -1 : Math.floor((expiresAt - now) / 1_000);
        const text =
          `type=eviction key=${uriEncoded(key, start, end)} fetch=${fetched ? "yes" : "no"} ttl=${ttl} ` +
          `la=${Math.max(0, Math.floor((now - usedAt) / 1_000))} clsid=${slabClass} size=${length}`;
        watchers.note(EVICTIONS, text, now);
      },
    };
  }
}

/** Prefixes are counted from now on, or no longer, by all workers. */
export function countByPrefix(context: Context, counting: boolean): void {
  context.prefixes.counting = counting;
  context.relay.tell({ kind: "detail", counting });
  observe(context);
}

/** A key was looked up, with the value; the store shows the item if it was `found`. */
export function noteFetch(
  context: Context,
  key: Uint8Array,
  start: number,
  end: number,
  found: boolean,
  now: Millis,
): void {
  const { prefixes } = context;
  if (prefixes.counting) prefixes.countGet(key, start, end, found);
  logFetch(context, key, start, end, found, now);
}

/** The same, but it is not counted by prefix, as memcached does not with meta commands. */
export function logFetch(
  context: Context,
  key: Uint8Array,
  start: number,
  end: number,
  found: boolean,
  now: Millis,
): void {
  const { store, watchers, client } = context;
  if ((watchers.kinds & FETCHES) !== 0) {
    const status = found ? "found" : missOf(context);
    const text =
      `type=item_get key=${uriEncoded(key, start, end)} status=${status} clsid=${found ? store.slabClass : 0} ` +
      `cfd=${client} size=${found ? store.valueLength : 0}`;
    watchers.note(FETCHES, text, now);
  }
  context.expiredMet = store.expiredMet;
  context.flushedMet = store.flushedMet;
}

/**
 * A command is about to look a key up without showing the value: it is looked at here, so that the line has its size.
 *
 * @returns whether it is there; then the store shows it
 */
export function noteLookUp(
  context: Context,
  key: Uint8Array,
  start: number,
  end: number,
  now: Millis,
): boolean {
  const found = context.store.inspect(key, start, end, now);
  logFetch(context, key, start, end, found, now);
  return found;
}

/** A command is about to delete a key, if it is there. */
export function noteDeletion(
  context: Context,
  key: Uint8Array,
  start: number,
  end: number,
  now: Millis,
): void {
  if (context.prefixes.counting) context.prefixes.countDelete(key, start, end);
  if (noteLookUp(context, key, start, end, now)) logDeletion(context, "delete", key, start, end, now);
}

/** The item that the store shows is about to be deleted. `command` is what a line calls it. */
export function logDeletion(
  { store, watchers }: Context,
  command: "delete" | "md",
  key: Uint8Array,
  start: number,
  end: number,
  now: Millis,
): void {
  if ((watchers.kinds & DELETIONS) === 0) return;
  const text =
    `type=deleted key=${uriEncoded(key, start, end)} cmd=${command} clsid=${store.slabClass} ` +
    `size=${store.valueLength}`;
  watchers.note(DELETIONS, text, now);
}

/** A storage command is about to be carried out. */
export function noteStoring(
  context: Context,
  key: Uint8Array,
  start: number,
  end: number,
  now: Millis,
): void {
  if (context.prefixes.counting) context.prefixes.countSet(key, start, end);
  noteLookUp(context, key, start, end, now);
}

/** It was carried out, or not: with the value, flags and expiry of the request. */
export function noteStored(
  context: Context,
  command: StoreCommand,
  stored: Stored,
  key: Uint8Array,
  start: number,
  end: number,
  valueBytes: number,
  flags: number,
  expiresAt: Millis,
  now: Millis,
): void {
  const { store, watchers, client } = context;
  if ((watchers.kinds & MUTATIONS) === 0) return;
  let [ttl, slabClass, size] = [0, 0, 0];
  if (stored === "stored") {
    ttl = ttlOf(context, store.expiresAt, now);
    ({ slabClass, valueLength: size } = store);
  } else if (stored !== "too-large") {
    ttl = ttlOf(context, expiresAt, now);
    slabClass = store.slabClassFor(end - start, valueBytes, flags);
    size = valueBytes;
  }
  const text =
    `type=item_store key=${uriEncoded(key, start, end)} status=${STATUS_WORDS[stored]} cmd=${command} ` +
    `ttl=${ttl} clsid=${slabClass} cfd=${client} size=${size}`;
  watchers.note(MUTATIONS, text, now);
}

/** `ma` made an item: memcached looks once more, adds it, and gives it its time afterwards. */
export function logCreated(context: Context, key: Uint8Array, start: number, end: number, now: Millis): void {
  const { store, watchers, client } = context;
  const { slabClass, valueLength } = store;
  logFetch(context, key, start, end, false, now);
  if ((watchers.kinds & MUTATIONS) === 0) return;
  const text =
    `type=item_store key=${uriEncoded(key, start, end)} status=stored cmd=add ttl=0 clsid=${slabClass} ` +
    `cfd=${client} size=${valueLength}`;
  watchers.note(MUTATIONS, text, now);
}

/** A connection came, or went. */
export function noteConnection(
  { watchers, listeners }: Context,
  { peer, port, via, closing }: Connection,
  what: "conn_new" | "conn_close",
  now: Millis,
): void {
  if ((watchers.kinds & CONNECTION_EVENTS) === 0) return;
  const local = listeners.get(via)?.kind === "unix";
  const remote = peer?.kind === "tcp" ? peer : { host: local ? "unix" : "unknown", port: 0 };
  const text =
    `type=${what} rip=${remote.host} rport=${remote.port} transport=${local ? "local" : "tcp"} ` +
    `${what === "conn_new" ? "" : `reason=${closing} `}cfd=${port.id}`;
  watchers.note(CONNECTION_EVENTS, text, now);
}

/** Seconds, unsigned: what expired before it was stored has memcached's very large number. */
function ttlOf({ startedAt = 0 }: Context, expiresAt: Millis, now: Millis): number {
  if (expiresAt === Infinity) return 0;
  if (expiresAt > now) return Math.ceil((expiresAt - now) / 1_000);
  const clock = Math.floor((now - startedAt) / 1_000) + CLOCK_STARTS_BEFORE;
  return (1 - clock) >>> 0;
}

/** The store has just counted what it came across, if it came across anything. */
function missOf({ store, expiredMet, flushedMet }: Context): string {
  if (store.expiredMet > expiredMet) return "expired";
  return store.flushedMet > flushedMet ? "flushed" : "not_found";
}
