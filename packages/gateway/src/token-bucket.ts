// A token bucket: at most `burst` at once and `perSecond` in the long run, so in any T seconds at most
// `burst + T * perSecond`.

import type { Millis } from "@memwire/engine";
import type { RateLimit } from "./options.ts";

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

  /** Takes the token that `waitMs` has found. */
  take(): void {
    this.#taken++;
  }
}
