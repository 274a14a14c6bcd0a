// Expiration times: from what clients send to when that is.

import type { Millis } from "./store.ts";

const RELATIVE_SECONDS_MAX = 60 * 60 * 24 * 30;

/**
 * When an item expires.
 *
 * @param exptime Whole seconds as the client sent them: 0 is never, negative is already, up to 30 days count from
 * now, anything larger is a Unix time. memcached keeps 32 bits of it, so 2^31 and above is taken modulo 2^32 and is
 * mostly negative: items that are to stay need 0, not a far time.
 * @returns `Infinity` for never, 0 for already
 * @see memcached doc/protocol.txt, "Expiration times"
 */
export function expiryOf(exptime: number, now: Millis): Millis {
  const seconds = exptime | 0;
  if (seconds === 0) return Infinity;
  if (seconds < 0) return 0;
  return seconds <= RELATIVE_SECONDS_MAX ? now + seconds * 1_000 : seconds * 1_000;
}

/**
 * When a `flush_all` with this delay takes place: without one, with 0 or a negative one at once (0 here), else as
 * `expiryOf` says.
 */
export function flushTimeOf(exptime: number, now: Millis): Millis {
  return (exptime | 0) <= 0 ? 0 : expiryOf(exptime, now);
}
