// How long a server in trouble is left alone.
//
//     failure after failure     100, 200, 400 ... up to retryMaxMs        one success: from the start again
//     up and soon down again    100, 150, 225 ... up to flapMaxMs         and doubling from there
//
// Chance takes off up to `retryJitter` of each, so that a hundred proxies do not all knock at once; with the same
// chance everything is the same again.

import type { HealthOptions } from "./health-options.ts";

export class BackOff {
  readonly #options: HealthOptions;
  readonly #chance: () => number;
  #waitMs = 0;
  /** How often in a row the server came back and soon failed again. */
  #flaps = 0;

  /** @param chance Answers a number from 0 up to, not including, 1. */
  constructor(options: HealthOptions, chance: () => number) {
    this.#options = options;
    this.#chance = chance;
  }

  get flaps(): number {
    return this.#flaps;
  }

  /** One more failure. @returns for how many ms the server is left alone */
  next(): number {
    const { retryMaxMs, retryJitter } = this.#options;
    const least = this.#leastMs();
    this.#waitMs = Math.min(Math.max(this.#waitMs * 2, least), Math.max(retryMaxMs, least));
    return this.#waitMs * (1 - retryJitter * this.#chance());
  }

  /** The server is back. */
  restart(): void {
    this.#waitMs = 0;
  }

  /** It was back, and failed again too soon, or not. */
  flapped(tooSoon: boolean): void {
    this.#flaps = tooSoon ? this.#flaps + 1 : 0;
  }

  #leastMs(): number {
    const { retryMinMs, flapRamp, flapMaxMs } = this.#options;
    return Math.min(retryMinMs * flapRamp ** this.#flaps, flapMaxMs);
  }
}
