// A token bucket: at most `burst` at once and `perSecond` in the long run, so in any T seconds at most
// `burst + T * perSecond`; and as many more as were taken at once beyond what there was.

import type { Millis } from "./contract.ts";

/** So many requests a second in the long run, so many at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  /** How many tokens are out; they come back as time goes by. */
  #taken = 0;
  #at: Millis;

  /** Full at first. */
  constructor({ perSecond, burst }: RateLimit, now: Millis) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#at = now;
  }

  /** How long until there is a token: 0 if there is one now, and then `take` takes it. */
  waitMs(now: Millis): Millis {
    if (now > this.#at) {
      this.#taken = Math.max(0, this.#taken - (now - this.#at) * this.#perMs);
      this.#at = now;
    }
    return Math.max(0, (this.#taken + 1 - this.#burst) / this.#perMs);
  }

  /** Takes the token that `waitMs` has found, and more with it, be they there or not: the next one waits for them. */
  take(count: number = 1): void {
    this.#taken += count;
  }
}

/** @throws RangeError unless it lets a request pass now and then */
export function checkRate(option: string, { perSecond, burst }: RateLimit): void {
  if (!(perSecond > 0) || perSecond === Infinity) {
    throw new RangeError(`${option}.perSecond must be a number above 0, got ${perSecond}`);
  }
  if (Number.isSafeInteger(burst) && burst >= 1) return;
  throw new RangeError(`${option}.burst must be a whole number from 1, got ${String(burst)}`);
}
