// What an invalidation is made of and every bound it keeps.

import type { Limits as CodecLimits } from "@memwire/codec";
import { type Endpoint, type Millis, refuseUnknown } from "@memwire/engine";
import {
  checkFleet,
  checkPositive,
  DEFAULT_CLIENT_LIMITS,
  limitsFrom,
  type ClientLimits,
} from "@memwire/link";
import type { Distribution } from "@memwire/router";
import type { QueueLimits } from "./key-queue.ts";

/** A memcached server of the fleet. */
export interface InvalidationServer {
  /** How it is called in `stats`. */
  readonly name: string;
  readonly endpoint: Endpoint;
}

export interface InvalidationLimits extends ClientLimits, QueueLimits {
  /** Deletes in flight to each server. */
  readonly workers: number;
  /** How long a server in trouble is left alone: at first, and doubling up to the most. */
  readonly retryMinMs: Millis;
  readonly retryMaxMs: Millis;
}

export interface InvalidationOptions {
  /** At least one. */
  readonly servers: readonly InvalidationServer[];
  /** Which server owns a key: an index into `servers`. */
  readonly distribution: Pick<Distribution, "owner">;
  readonly limits?: Partial<InvalidationLimits>;
  /**
   * How long a connection may take to be made. Less than the second after which a lost first packet is sent again:
   * a new attempt is made sooner.
   */
  readonly connectTimeoutMs?: Millis;
  /** How long a server may take to answer a delete. */
  readonly replyTimeoutMs?: Millis;
  /** Bounds of what clients send; memcached's own by default. */
  readonly requests?: Partial<CodecLimits>;
  /** What `version` answers. */
  readonly version?: string;
  /** When it started, for `uptime`. Default: the first input. */
  readonly startedAt?: Millis;
  /** What only the host knows, such as `pid`: said by `stats`. */
  readonly facts?: Readonly<Record<string, string | number>>;
}

export const DEFAULT_INVALIDATION_LIMITS: InvalidationLimits = {
  ...DEFAULT_CLIENT_LIMITS,
  queueKeysMax: 1_000_000,
  queueBytesMax: 67_108_864,
  workers: 64,
  retryMinMs: 50,
  retryMaxMs: 1_000,
};

export const DEFAULT_CONNECT_TIMEOUT_MS = 500;
export const DEFAULT_REPLY_TIMEOUT_MS = 1_000;

/** What a `Map` holds on V8, and a little less: above it, it throws. */
const KEYS_MOST = 16_000_000;

/** @throws RangeError for a limit that is not a whole number from 1, and for more keys than can be held */
export function invalidationLimits(given?: Partial<InvalidationLimits>): InvalidationLimits {
  const limits = limitsFrom(DEFAULT_INVALIDATION_LIMITS, given);
  if (limits.queueKeysMax > KEYS_MOST) {
    throw new RangeError(`queueKeysMax must be at most ${KEYS_MOST}, got ${limits.queueKeysMax}`);
  }
  return limits;
}

const OPTIONS: readonly string[] = Object.keys({
  servers: true,
  distribution: true,
  limits: true,
  connectTimeoutMs: true,
  replyTimeoutMs: true,
  requests: true,
  version: true,
  startedAt: true,
  facts: true,
} satisfies Record<keyof InvalidationOptions, true>);

/**
 * @throws RangeError for an option that there is not, no server at all, or a timeout that is not a whole number of ms
 * from 1; TypeError for no distribution
 */
export function checkOptions(options: InvalidationOptions): void {
  refuseUnknown("an invalidation", options, OPTIONS);
  const { servers, distribution, connectTimeoutMs, replyTimeoutMs } = options;
  checkFleet("an invalidation", servers, distribution);
  if (connectTimeoutMs !== undefined) checkPositive("connectTimeoutMs", connectTimeoutMs);
  if (replyTimeoutMs !== undefined) checkPositive("replyTimeoutMs", replyTimeoutMs);
}
