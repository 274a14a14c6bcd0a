// What a proxy is made of and every bound it keeps.

import type { Limits as CodecLimits } from "@memwire/codec";
import type { Endpoint, Millis } from "@memwire/engine";
import {
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_SERVER_LIMITS,
  type ClientLimits,
  type ServerLimits,
} from "@memwire/link";
import type { Distribution } from "@memwire/router";

/** One memcached server behind the proxy. */
export interface ServerOptions {
  /** How it is called in `stats`. */
  readonly name: string;
  readonly endpoint: Endpoint;
}

/** A set of servers that share the keys. Listener i of the driver belongs to pool i. */
export interface PoolOptions {
  readonly name: string;
  /** At least one. */
  readonly servers: readonly ServerOptions[];
  /** Which server owns a key: an index into `servers`. */
  readonly distribution: Pick<Distribution, "owner">;
  /** How long a request may wait to be sent. */
  readonly queuedTimeoutMs?: Millis;
  /** How long a connection may take to be made. */
  readonly connectTimeoutMs?: Millis;
  /** How long a reply may take, from when the request was sent. */
  readonly replyTimeoutMs?: Millis;
  /** `flush_all` goes to every server; refused if false, which is the default. */
  readonly flushEnabled?: boolean;
}

/** Bounds of the whole proxy; each has a counter where it can be met. */
export interface ProxyLimits extends ClientLimits, ServerLimits {}

export interface ProxyOptions {
  readonly pools: readonly PoolOptions[];
  readonly limits?: Partial<ProxyLimits>;
  /** Bounds of what clients send; memcached's own by default. */
  readonly requests?: Partial<CodecLimits>;
  /**
   * Bounds of what servers send. A value above `valueBytesMax`, by default 32 MiB, costs the server its connection
   * and whatever is in flight there: it must be above the largest item that any server of the fleet may hold.
   */
  readonly replies?: Partial<CodecLimits>;
  /** What `version` answers. */
  readonly version?: string;
}

export const DEFAULT_PROXY_LIMITS: ProxyLimits = { ...DEFAULT_CLIENT_LIMITS, ...DEFAULT_SERVER_LIMITS };
