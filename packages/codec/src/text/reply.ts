// Replies as plain values: what `snapshot()` answers and `writeReply` takes; and their words on the wire.

import type { MetaReply } from "../meta/meta-message.ts";

/** Reply lines that say nothing but themselves. */
export type BareReplyKind =
  | "end"
  | "stored"
  | "not-stored"
  | "exists"
  | "not-found"
  | "deleted"
  | "touched"
  | "ok"
  | "reset";

/**
 * Reply lines with a text of one byte a character. That of an `error` is mostly empty; `item` and `prefix` are what
 * `stats cachedump` and `stats detail dump` answer, as `stat` is for the others.
 */
export type TextReplyKind =
  | "stat"
  | "item"
  | "prefix"
  | "version"
  | "error"
  | "client-error"
  | "server-error";

/**
 * Why `slabs reassign`, `lru_crawler`, `cache_memlimit`, `watch` and `refresh_certs` are not done, with a text; and
 * `mgdump`, a line for each key of `lru_crawler mgdump`. "notfull" and "unsafe" are of servers before 1.4.14.
 */
export type AdminReplyKind =
  | "busy"
  | "badclass"
  | "nospare"
  | "notfull"
  | "unsafe"
  | "same"
  | "notstarted"
  | "memlimit-too-small"
  | "memlimit-adjust-failed"
  | "watcher-too-many"
  | "watcher-failed"
  | "refresh-certs-error"
  | "mgdump";

/**
 * Lines of `name=value` words that end in LF alone; the text is what stands behind the first `=`. `metadump` is an
 * item of `lru_crawler metadump`, `log` what a watcher is told, `skipped` how many of those were not.
 */
export type LogReplyKind = "metadump" | "log" | "skipped";

export type ReplyKind = TextReply["kind"];

/** A reply that owns its bytes. */
export type TextReply = ClassicReply | AdminReply | MetaReply;

/** A retrieval is answered by `value` replies and an `end`. */
export type ClassicReply =
  | { readonly kind: BareReplyKind }
  | {
      readonly kind: "value";
      readonly key: Uint8Array;
      readonly flags: number;
      readonly value: Uint8Array;
      readonly cas?: bigint;
    }
  | { readonly kind: "number"; readonly number: bigint }
  | { readonly kind: TextReplyKind; readonly text: string };

/** `config` is what `config get` answers, with an `end` behind it; for `cluster` the value is its servers. */
export type AdminReply =
  | { readonly kind: AdminReplyKind | LogReplyKind; readonly text: string }
  | {
      readonly kind: "config";
      readonly key: Uint8Array;
      readonly flags: number;
      readonly value: Uint8Array;
    };

/**
 * What follows a reply's first word:
 *
 * - "bare": nothing
 * - "text": a blank and a text, or a text that begins with a colon, or nothing
 * - "admin": a blank and a text, or nothing
 * - "log": a text; the line ends in LF alone
 * - "block": a key, flags and a length, and a data block behind the line
 * - "flags": meta flags
 * - "value": a length and meta flags, and a data block behind the line
 * - "item": a key and a text
 */
export type ReplyForm = "bare" | "text" | "admin" | "log" | "block" | "flags" | "value" | "item";

/** The first words of all reply lines but numbers: one table for both directions. */
export const REPLY_WORDS: Readonly<
  Record<Exclude<ReplyKind, "number">, readonly [word: string, form: ReplyForm]>
> = {
  end: ["END", "bare"],
  stored: ["STORED", "bare"],
  "not-stored": ["NOT_STORED", "bare"],
  exists: ["EXISTS", "bare"],
  "not-found": ["NOT_FOUND", "bare"],
  deleted: ["DELETED", "bare"],
  touched: ["TOUCHED", "bare"],
  ok: ["OK", "bare"],
  reset: ["RESET", "bare"],
  value: ["VALUE", "block"],
  stat: ["STAT", "text"],
  item: ["ITEM", "text"],
  prefix: ["PREFIX", "text"],
  version: ["VERSION", "text"],
  error: ["ERROR", "text"],
  "client-error": ["CLIENT_ERROR", "text"],
  "server-error": ["SERVER_ERROR", "text"],
  hd: ["HD", "flags"],
  va: ["VA", "value"],
  en: ["EN", "flags"],
  nf: ["NF", "flags"],
  ns: ["NS", "flags"],
  ex: ["EX", "flags"],
  mn: ["MN", "flags"],
  me: ["ME", "item"],
  busy: ["BUSY", "admin"],
  badclass: ["BADCLASS", "admin"],
  nospare: ["NOSPARE", "admin"],
  notfull: ["NOTFULL", "admin"],
  unsafe: ["UNSAFE", "admin"],
  same: ["SAME", "admin"],
  notstarted: ["NOTSTARTED", "admin"],
  "memlimit-too-small": ["MEMLIMIT_TOO_SMALL", "admin"],
  "memlimit-adjust-failed": ["MEMLIMIT_ADJUST_FAILED", "admin"],
  "watcher-too-many": ["WATCHER_TOO_MANY", "admin"],
  "watcher-failed": ["WATCHER_FAILED", "admin"],
  // Not in capitals: `Error TLS not enabled`.
  "refresh-certs-error": ["Error", "admin"],
  mgdump: ["mg", "admin"],
  config: ["CONFIG", "block"],
  metadump: ["key=", "log"],
  log: ["ts=", "log"],
  skipped: ["skipped=", "log"],
};
