// What a pool's options say of the links to its servers.

import { checkPositive, DEFAULT_TIMEOUT_MS, type LinkOptions, type Timeouts } from "@memwire/link";
import { DEFAULT_HEALTH, healthFrom, type HealthOptions } from "@memwire/router";
import type { PoolOptions, ProxyLimits } from "./options.ts";

/**
 * Where the keys of a server that is down are misses, or go to the others, it is tried again so soon until it is: before
 * that its keys fail, which is what such a pool is not to do for long.
 */
const TRIAL_MS = 1;

/** @throws RangeError for a timeout that is not a whole number of ms from 1 */
export function timeoutsOf(options: PoolOptions): Timeouts {
  const {
    queuedTimeoutMs = DEFAULT_TIMEOUT_MS,
    connectTimeoutMs = DEFAULT_TIMEOUT_MS,
    replyTimeoutMs = DEFAULT_TIMEOUT_MS,
    idleTimeoutMs = Infinity,
  } = options;
  checkPositive("queuedTimeoutMs", queuedTimeoutMs);
  checkPositive("connectTimeoutMs", connectTimeoutMs);
  checkPositive("replyTimeoutMs", replyTimeoutMs);
  if (idleTimeoutMs !== Infinity) checkPositive("idleTimeoutMs", idleTimeoutMs);
  return {
    queuedMs: queuedTimeoutMs,
    connectMs: connectTimeoutMs,
    replyMs: replyTimeoutMs,
    idleMs: idleTimeoutMs,
  };
}

/**
 * How its servers are connected to and when they count as down.
 *
 * @throws RangeError for a health option that is out of range
 */
export function linkOptionsOf(
  options: PoolOptions,
  limits: ProxyLimits,
): LinkOptions & { readonly health: HealthOptions } {
  const { connections, preconnect, credentials, health = {} } = options;
  const { retryMinMs, retryMaxMs } = limits;
  const { whenDown = DEFAULT_HEALTH.whenDown } = health;
  return {
    connections,
    preconnect,
    health: healthFrom(health, {
      ...DEFAULT_HEALTH,
      retryMinMs,
      retryMaxMs: Math.max(retryMinMs, retryMaxMs),
      trialMs: whenDown === "fail" ? retryMinMs : Math.min(TRIAL_MS, retryMinMs),
      flapMaxMs: Math.max(retryMinMs, DEFAULT_HEALTH.flapMaxMs),
    }),
    credentials,
  };
}
