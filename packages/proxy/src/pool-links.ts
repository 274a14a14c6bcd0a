// What a pool's options say of the links to its servers.

import { checkPositive, DEFAULT_TIMEOUT_MS, type LinkOptions, type Timeouts } from "@memwire/link";
import { DEFAULT_HEALTH, healthFrom, type HealthOptions } from "@memwire/router";
import type { PoolOptions, ProxyLimits } from "./options.ts";

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
 * @throws RangeError for a health option that is out of range, or credentials that cannot be used
 */
export function linkOptionsOf(
  options: PoolOptions,
  limits: ProxyLimits,
): LinkOptions & { readonly health: HealthOptions } {
  const { name, connections, preconnect, credentials } = options;
  const { retryMinMs, retryMaxMs } = limits;
  if (credentials?.kind === "sasl") {
    // After SASL memcached takes only binary on that connection, and to servers the proxy speaks text.
    throw new RangeError(
      `pool ${name} cannot use sasl, which needs the binary protocol behind the proxy: start memcached with -Y and use text`,
    );
  }
  return {
    connections,
    preconnect,
    health: healthFrom(options.health, {
      ...DEFAULT_HEALTH,
      retryMinMs,
      retryMaxMs: Math.max(retryMinMs, retryMaxMs),
      trialMs: retryMinMs,
    }),
    credentials,
  };
}
