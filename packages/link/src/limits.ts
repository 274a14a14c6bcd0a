// Every bound that links keep; each has a counter where it can be met.

import type { Limits as CodecLimits } from "@memwire/codec";
import { checkHas, type Millis, refuseUnknown, shown } from "@memwire/engine";
import type { HealthOptions } from "@memwire/router";
import type { Credentials } from "./greeting.ts";

/** Bounds of links to clients. */
export interface ClientLimits {
  /** Client connections at a time; further ones are told so and closed. */
  readonly connectionsMax: number;
  /**
   * Requests of one client under way; then it is read no further until half of them are answered. So many are served
   * in one turn at the most: one client's pipeline does not hold up the others.
   */
  readonly pipelineMax: number;
  /**
   * Unsent bytes of one client from which on it is read no further until it has taken half of them; nor is a connection
   * to a server that nobody else waits for.
   */
  readonly unsentBytesPause: number;
  /** Unsent bytes of one client above which it is closed: a slow reader must not hold a shared server. */
  readonly unsentBytesMax: number;
  /**
   * How long a client that has 64 KiB or more unsent may take nothing of it. As soon as all of them together have half
   * of `bufferedBytesMax` it is ten seconds, or one where it has more than `unsentBytesPause`.
   */
  readonly sendTimeoutMs: Millis;
}

/** Bounds of what all clients together may make servers do. */
export interface LoadLimits {
  /** Requests of all clients under way; further ones that are for a server fail at once. */
  readonly requestsActiveMax: number;
  /**
   * Unsent bytes of all clients together from which on further requests for a server fail at once. Counted are those
   * who have 64 KiB or more. From half of that on, those who take nothing are closed soon
   * (`sendTimeoutMs`); from twice that on, those who have more than `unsentBytesPause` in any case.
   */
  readonly bufferedBytesMax: number;
  /** Bytes of a value that is sent on once it is whole; a larger one is handed on as it comes. */
  readonly wholeBytesMax: number;
  /**
   * Connections to one server that such values are sent to it over. A further value waits for one, its client read no
   * further, for `queuedMs` at most, after which it fails; or until there is one of which nothing has come for 10 s: then
   * that one fails.
   */
  readonly uploadsMax: number;
}

/** Bounds of links to servers. */
export interface ServerLimits {
  /** Requests sent to one server and not answered, over all its connections; further ones fail at once. */
  readonly inFlightMax: number;
  /** Requests to one server not yet sent, and the bytes of those of one connection; further ones fail at once. */
  readonly queuedMax: number;
  readonly queuedBytesMax: number;
  /**
   * Bytes that wait for all servers together, with the network or before it, of connections that have 64 KiB of them or
   * more. From there on further requests for such a connection fail at once, and a client whose large value goes to a
   * server is read no further when 64 KiB of it wait.
   */
  readonly queuedBytesTotalMax: number;
  /** Replies of one connection late in a row, after which it is replaced. */
  readonly timeoutsMax: number;
  /** How long a server that cannot be connected to is left alone: at first, and doubling up to the most. */
  readonly retryMinMs: Millis;
  readonly retryMaxMs: Millis;
}

/** How long a link to a server waits: each from its own start. */
export interface Timeouts {
  /** How long a request may wait to be sent. */
  readonly queuedMs: Millis;
  /** How long a connection may take to be made, and greeted where it is to be. */
  readonly connectMs: Millis;
  /**
   * How long a reply may take, from when the request was sent; once some of it came, from when the last piece did, as
   * long as somebody waits for it. A reply behind one that takes longer is late when it would be without.
   */
  readonly replyMs: Millis;
  /** How long a connection without requests is kept; for ever if `Infinity`. */
  readonly idleMs: Millis;
}

/** How a server is connected to, and what happens when it is not well. */
export interface LinkOptions {
  /** Connections at a time, from 1 to `CONNECTIONS_MAX`. Default: 1. */
  readonly connections?: number | undefined;
  /** They are made at once and made again when lost, instead of when they are needed. Default: false. */
  readonly preconnect?: boolean | undefined;
  /**
   * When it counts as down, and how it comes back. A connection that is made after a failure is then used only when
   * `version` was answered on it. By default it never counts as down: it is left alone for a while after each failure,
   * as the limits say, and the next request is what tries again.
   */
  readonly health?: HealthOptions | undefined;
  /** Said on every new connection, to a server that asks for them. */
  readonly credentials?: Credentials | undefined;
}

/** The most connections to one server. */
export const CONNECTIONS_MAX = 64;

export const DEFAULT_TIMEOUT_MS = 1_000;

/** Items larger than memcached's default of 1 MiB come from servers that were started with a larger `-I`. */
export const DEFAULT_REPLY_LIMITS: Partial<CodecLimits> = { valueBytesMax: 33_554_432 };

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  connectionsMax: 4_096,
  pipelineMax: 1_024,
  unsentBytesPause: 1_048_576,
  unsentBytesMax: 67_108_864,
  sendTimeoutMs: 300_000,
};

export const DEFAULT_LOAD_LIMITS: LoadLimits = {
  requestsActiveMax: 131_072,
  bufferedBytesMax: 268_435_456,
  wholeBytesMax: 65_536,
  uploadsMax: 64,
};

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  inFlightMax: 65_536,
  queuedMax: 16_384,
  queuedBytesMax: 67_108_864,
  queuedBytesTotalMax: 268_435_456,
  timeoutsMax: 3,
  retryMinMs: 100,
  retryMaxMs: 5_000,
};

/**
 * The defaults with some replaced.
 *
 * @throws RangeError for a limit that is unknown, or not a whole number from 1
 */
export function limitsFrom<T extends object>(defaults: T, given: Partial<T> = {}): T {
  refuseUnknown("limits", given, Object.keys(defaults));
  const limits = { ...defaults, ...given };
  for (const [name, value] of Object.entries(limits)) checkPositive(name, value as number);
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

/** @throws RangeError for no server, TypeError for what is no list of them, or no distribution: no key had an owner */
export function checkFleet(what: string, servers: readonly unknown[], distribution: unknown): void {
  if (!Array.isArray(servers)) {
    throw new TypeError(`servers of ${what} must be an array, got ${shown(servers)}`);
  }
  if (servers.length === 0) throw new RangeError(`${what} needs at least one server`);
  const right = "one as createDistribution of @memwire/router makes it";
  checkHas(`distribution of ${what}`, distribution, "owner", right);
}
