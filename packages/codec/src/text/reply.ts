// Replies as plain values: what `snapshot()` answers and `writeReply` takes.

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

export type ReplyKind = TextReply["kind"];

/** A reply that owns its bytes. A retrieval is answered by `value` replies and an `end`. */
export type TextReply =
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

/** The words on the wire, one table for both directions. */
export const BARE_REPLIES: Readonly<Record<BareReplyKind, string>> = {
  end: "END",
  stored: "STORED",
  "not-stored": "NOT_STORED",
  exists: "EXISTS",
  "not-found": "NOT_FOUND",
  deleted: "DELETED",
  touched: "TOUCHED",
  ok: "OK",
  reset: "RESET",
};

export const TEXT_REPLIES: Readonly<Record<TextReplyKind, string>> = {
  stat: "STAT",
  item: "ITEM",
  prefix: "PREFIX",
  version: "VERSION",
  error: "ERROR",
  "client-error": "CLIENT_ERROR",
  "server-error": "SERVER_ERROR",
};
