// How often a pool may be asked for keys: by one client, and by all of them.
//
// A request that is refused has taken nothing, so that one client that asks too often leaves the others their part.
// Made only if there is such a bound. Hot path then: nothing is made a request.

import { checkRate, TokenBucket, type RateLimit } from "@memwire/engine";
import { CLIENT_TOO_OFTEN, TOO_OFTEN, type ClientLink, type Failure } from "@memwire/link";
import type { ProxyContext } from "./context.ts";
import type { PoolOptions } from "./options.ts";

export class PoolRates {
  /** Requests that were refused for `ratePerClient`, and for `rateTotal`. */
  overClientRate = 0;
  overRate = 0;
  readonly #context: ProxyContext;
  readonly #perClient: RateLimit | undefined;
  readonly #total: TokenBucket | null;

  private constructor(context: ProxyContext, perClient: RateLimit | undefined, total: RateLimit | undefined) {
    this.#context = context;
    this.#perClient = perClient;
    this.#total = total === undefined ? null : new TokenBucket(total, context.now);
  }

  /**
   * @returns null if a pool may be asked as often as anybody likes
   * @throws RangeError for a rate at which nothing could pass
   */
  static of(context: ProxyContext, { ratePerClient, rateTotal }: PoolOptions): PoolRates | null {
    if (ratePerClient !== undefined) checkRate("ratePerClient", ratePerClient);
    if (rateTotal !== undefined) checkRate("rateTotal", rateTotal);
    if (ratePerClient === undefined && rateTotal === undefined) return null;
    return new PoolRates(context, ratePerClient, rateTotal);
  }

  /** Why a client may not ask for so many keys now; null if it may, which has taken them. */
  refusal(client: ClientLink, keys: number): Failure | null {
    const { now } = this.#context;
    if (this.#perClient !== undefined) {
      client.rate ??= new TokenBucket(this.#perClient, now);
      if (client.rate.waitMs(now) > 0) {
        this.overClientRate++;
        return CLIENT_TOO_OFTEN;
      }
    }
    if (this.#total !== null && this.#total.waitMs(now) > 0) {
      this.overRate++;
      return TOO_OFTEN;
    }
    client.rate?.take(keys);
    this.#total?.take(keys);
    return null;
  }
}
