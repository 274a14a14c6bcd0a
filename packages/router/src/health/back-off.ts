// How long a server in trouble is left alone.
//
//     failure after failure     100, 200, 400 ... up to retryMaxMs        one success: from the start again
//     up and soon down again    100, 150, 225 ... up to flapMaxMs         and doubling from there
//
// One that is not down yet is left alone for `trialMs` each time, if that is less: until it is down its keys fail, and
// longer and longer times would put off that the failures are enough: of ten of them by a minute.
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

  /**
   * One more failure.
   *
   * @param isDown Whether it is down, or never can be; else it is tried again soon.
   *
   * @returns for how many ms the server is left alone
   */
  next(isDown: boolean): number {
    const { retryMinMs, trialMs, retryJitter } = this.#options;
    this.#waitMs = this.#longer();
    return (isDown ? this.#waitMs : Math.min(trialMs, retryMinMs)) * (1 - retryJitter * this.#chance());
  }

  /** The server is back. */
  restart(): void {
    this.#waitMs = 0;
  }

  /** It was back, and failed again too soon, or not. */
  flapped(tooSoon: boolean): void {
    this.#flaps = tooSoon ? this.#flaps + 1 : 0;
  }

  #longer(): number {
    const { retryMinMs, retryMaxMs, flapRamp, flapMaxMs } = this.#options;
    const least = Math.min(retryMinMs * flapRamp ** this.#flaps, flapMaxMs);
    return Math.min(Math.max(this.#waitMs * 2, least), Math.max(retryMaxMs, least));
  }
}
