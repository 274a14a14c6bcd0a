// How long a server in trouble is left alone.
//
//     failure after failure     100, 200, 400 ... up to retryMaxMs        one success: from the start again
//     up and soon down again    100, 150, 225 ... up to flapMaxMs         and doubling from there
//
// One that is not down yet is left alone for `trialMs` at first, if that is less: until it is down its keys fail, and
// a long `retryMinMs` would keep the failures from ever being enough.
//
// Chance takes off up to `retryJitter` of each, so that a hundred proxies do not all knock at once; with the same
// chance everything is the same again.

import type { HealthOptions } from "./health-options.ts";

export class BackOff {
  readonly #options: HealthOptions;
  readonly #chance: () => number;
  #waitMs = 0;
  #trialWaitMs = 0;
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
    this.#waitMs = this.#longer(this.#waitMs, retryMinMs);
    this.#trialWaitMs = this.#longer(this.#trialWaitMs, Math.min(trialMs, retryMinMs));
    return (isDown ? this.#waitMs : this.#trialWaitMs) * (1 - retryJitter * this.#chance());
  }

  /** The server is back. */
  restart(): void {
    this.#waitMs = 0;
    this.#trialWaitMs = 0;
  }

  /** It was back, and failed again too soon, or not. */
  flapped(tooSoon: boolean): void {
    this.#flaps = tooSoon ? this.#flaps + 1 : 0;
  }

  #longer(waitMs: number, firstMs: number): number {
    const { retryMaxMs, flapRamp, flapMaxMs } = this.#options;
    const least = Math.min(firstMs * flapRamp ** this.#flaps, flapMaxMs);
    return Math.min(Math.max(waitMs * 2, least), Math.max(retryMaxMs, least));
  }
}
