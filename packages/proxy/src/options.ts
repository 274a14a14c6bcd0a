// What a proxy is made of and every bound it keeps.

import type { Limits as CodecLimits } from "@memwire/codec";
import type { Endpoint, Millis } from "@memwire/engine";
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
export interface ProxyLimits {
  /** Client connections at a time; further ones are told so and closed. */
  readonly connectionsMax: number;
  /** Requests of one client under way; then it is read no further until half of them are answered. */
  readonly pipelineMax: number;
  /** Unsent bytes of one client from which on it is read no further until it has taken them. */
  readonly unsentBytesPause: number;
  /** Unsent bytes of one client above which it is closed: a slow reader must not hold a shared server. */
  readonly unsentBytesMax: number;
  /** Requests sent to one server and not answered; further ones fail at once. */
  readonly inFlightMax: number;
  /** Requests to one server not yet sent, and their bytes; further ones fail at once. */
  readonly queuedMax: number;
  readonly queuedBytesMax: number;
  /** Replies of one connection late in a row, after which it is replaced. */
  readonly timeoutsMax: number;
  /** How long a server that cannot be connected to is left alone: at first, and doubling up to the most. */
  readonly retryMinMs: Millis;
  readonly retryMaxMs: Millis;
}

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

export const DEFAULT_TIMEOUT_MS = 1_000;

/** Items larger than memcached's default of 1 MiB come from servers that were started with a larger `-I`. */
export const DEFAULT_REPLY_LIMITS: Partial<CodecLimits> = { valueBytesMax: 33_554_432 };

export const DEFAULT_PROXY_LIMITS: ProxyLimits = {
  connectionsMax: 4_096,
  pipelineMax: 1_024,
  unsentBytesPause: 1_048_576,
  unsentBytesMax: 67_108_864,
  inFlightMax: 65_536,
  queuedMax: 16_384,
  queuedBytesMax: 67_108_864,
  timeoutsMax: 3,
  retryMinMs: 100,
  retryMaxMs: 5_000,
};

/** @throws RangeError for a limit that is not a whole number from 1 */
export function proxyLimitsOf(given: Partial<ProxyLimits> = {}): ProxyLimits {
  const limits = { ...DEFAULT_PROXY_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) checkPositive(name, value);
  return limits;
}

/** @throws RangeError unless `value` is a whole number from 1 */
export function checkPositive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(`${name} must be a whole number from 1, got ${String(value)}`);
}

/** @throws RangeError for a name that `stats` could not say: it takes visible ASCII characters without blanks */
export function checkName(what: string, name: string): void {
  if (/^[\x21-\x7e]{1,200}$/.test(name)) return;
  throw new RangeError(
    `a ${what} name must be 1 to 200 visible ASCII characters without blanks, got ${JSON.stringify(name)}`,
  );
}
