// What a client offers: one method a command, each a promise.
//
// Calls that are made in one turn leave in one write to each server, and several `get` of one key as one line. Calls
// to one key are carried out in the order they were made.

import type { ServerStatus } from "@memwire/link";
import type { ClientError } from "./client-error.ts";

/** 1 to 250 bytes without blank, CR, LF or NUL; a text stands for its UTF-8. */
export type Key = string | Uint8Array;

/** A text is stored as its UTF-8. */
export type Value = string | Uint8Array;

/**
 * An item as it was read; its bytes are the caller's own. Those of a small value, up to 1,024 bytes, are a part of a
 * larger `ArrayBuffer`, as those of Node's small Buffers are: copy the value before its buffer is transferred, or kept
 * for long by the million.
 */
export interface Item {
  readonly value: Uint8Array;
  /** An unsigned 32-bit number that whoever stored it chose. */
  readonly flags: number;
  /** The cas unique, if it was asked for. */
  readonly cas?: bigint;
}

export interface ItemWithCas extends Item {
  readonly cas: bigint;
}

/** The part of `AbortSignal` that is used. */
export interface CallSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface CallOptions {
  /**
   * Gives the call up: it rejects with `aborted`. What was not sent yet never is; of what was, the reply is
   * swallowed, and whether the server carried it out is not known.
   */
  readonly signal?: CallSignal;
}

export interface StoreOptions extends CallOptions {
  /**
   * When the item expires, as memcached takes it: seconds from now up to 30 days, above that Unix time, 0 never,
   * negative at once. Default 0.
   */
  readonly exptime?: number;
  /** An unsigned 32-bit number. Default 0. */
  readonly flags?: number;
}

/** What became of one key of several. */
export type Outcome = Item | undefined | ClientError;

/** What became of many keys, each under the key as it was given. A key that is nowhere was a miss. */
export interface ManyItems<K extends Key> {
  readonly items: Map<K, Item>;
  /** Keys whose server could not answer. */
  readonly failures: Map<K, ClientError>;
}

/**
 * A memcached client. Each call rejects with a `ClientError` if its server did not answer it, and with a `RangeError`
 * or `TypeError`, before anything is sent, if it asks for what the protocol cannot say.
 */
export interface Client {
  get(key: Key, options?: CallOptions): Promise<Item | undefined>;
  gets(key: Key, options?: CallOptions): Promise<ItemWithCas | undefined>;
  /** Reads, and sets when the item expires. */
  gat(key: Key, exptime: number, options?: CallOptions): Promise<Item | undefined>;
  /** Each server is asked for its keys at once. One that fails takes only its own keys with it. */
  getMany<K extends Key>(keys: readonly K[], options?: CallOptions): Promise<ManyItems<K>>;
  /**
   * The same, key by key as servers answer: `each` is called once for each index of `keys`, in any order, after this
   * has returned and before the promise resolves. What is not there is told when its server has answered to the end.
   * If `each` throws, the call rejects with that; what it returns is not waited for.
   */
  getEach(
    keys: readonly Key[],
    each: (index: number, outcome: Outcome) => void,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * `get` of one server, whichever owns the key, in a line of its own: for nodes where every get is an act of its own,
   * such as taking the next message. It takes the connection that has the least to do.
   *
   * @param server An index into the servers the client was made with.
   */
  getFrom(server: number, key: Key, options?: CallOptions): Promise<Item | undefined>;
  set(key: Key, value: Value, options?: StoreOptions): Promise<void>;
  /** Resolves to whether it was stored: it is not if the key is there. */
  add(key: Key, value: Value, options?: StoreOptions): Promise<boolean>;
  /** Resolves to whether it was stored: it is not if the key is not there. The same for the next two. */
  replace(key: Key, value: Value, options?: StoreOptions): Promise<boolean>;
  append(key: Key, value: Value, options?: CallOptions): Promise<boolean>;
  prepend(key: Key, value: Value, options?: CallOptions): Promise<boolean>;
  /** Stores if the item is still the one that had this cas unique. */
  cas(
    key: Key,
    value: Value,
    cas: bigint,
    options?: StoreOptions,
  ): Promise<"stored" | "exists" | "not-found">;
  /** Resolves to whether there was something to delete. */
  delete(key: Key, options?: CallOptions): Promise<boolean>;
  /** The new value, `undefined` on a miss; wraps at 2^64. A value that is no number rejects with `client-error`. */
  incr(key: Key, by: number | bigint, options?: CallOptions): Promise<bigint | undefined>;
  /** The same; never below 0. */
  decr(key: Key, by: number | bigint, options?: CallOptions): Promise<bigint | undefined>;
  touch(key: Key, exptime: number, options?: CallOptions): Promise<boolean>;
  /** The server that owns a key, as an index into those the client was made with. */
  ownerOf(key: Key): number;
  /** Every server, its state and its counters. */
  servers(): readonly ServerStatus[];
  /**
   * Takes no more calls, lets those under way be answered, which their deadlines bound, then closes every connection,
   * which a server that hangs can hold up for `LINGER_MS`. Nothing is left running when it has resolved.
   */
  close(): Promise<void>;
}
