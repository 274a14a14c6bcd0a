// Who may ask, and how often. Made only if something of it is configured.
//
// What is known of an address is remembered, so that lists are searched once; one that was forgotten for
// `addressesMax` starts with a full bucket.

import { checkRate, TokenBucket, type Clock, type Millis, type RateLimit } from "@memwire/engine";
import { LRUCache } from "lru-cache";
import { AddressList } from "./address-list.ts";
import type { GatewayCounters, Outcome } from "./counters.ts";
import type { GatewayOptions } from "./options.ts";
import { Refusal, retryAfter } from "./refusal.ts";

interface Visitor {
  readonly isAllowed: boolean;
  readonly bucket: TokenBucket | undefined;
}

export class Admission {
  readonly #clock: Clock;
  readonly #allow: AddressList;
  readonly #deny: AddressList;
  readonly #ratePerAddress: RateLimit | undefined;
  readonly #total: TokenBucket | undefined;
  readonly #visitors: LRUCache<string, Visitor>;

  constructor(options: GatewayOptions, addressesMax: number, counters: GatewayCounters) {
    const { clock, allow = [], deny = [], ratePerAddress, rateTotal } = options;
    if (ratePerAddress !== undefined) checkRate("ratePerAddress", ratePerAddress);
    if (rateTotal !== undefined) checkRate("rateTotal", rateTotal);
    this.#clock = clock;
    this.#allow = new AddressList("allow", allow);
    this.#deny = new AddressList("deny", deny);
    this.#ratePerAddress = ratePerAddress;
    this.#total = rateTotal === undefined ? undefined : new TokenBucket(rateTotal, clock.now());
    this.#visitors = new LRUCache({
      max: addressesMax,
      dispose: (_visitor, _address, reason) => {
        if (reason === "evict") counters.addressesForgotten++;
      },
    });
  }

  /** Whether these options ask for any of it. */
  static isNeeded({ allow = [], deny = [], ratePerAddress, rateTotal }: GatewayOptions): boolean {
    return allow.length > 0 || deny.length > 0 || ratePerAddress !== undefined || rateTotal !== undefined;
  }

  /** Why this address may not ask now; if it may, that has taken a token of each bucket. */
  refusal(address: string): Refusal | undefined {
    const now = this.#clock.now();
    const visitor = this.#visitors.get(address) ?? this.#meet(address, now);
    if (!visitor.isAllowed) {
      return new Refusal(403, "addressesRefused", `not for ${nameOf(address)}`);
    }
    const { bucket } = visitor;
    const ownWaitMs = bucket?.waitMs(now) ?? 0;
    if (ownWaitMs > 0)
      return tooOften("addressesTooOften", `too many requests of ${nameOf(address)}`, ownWaitMs);
    const totalWaitMs = this.#total?.waitMs(now) ?? 0;
    if (totalWaitMs > 0) return tooOften("totalTooOften", "too many requests", totalWaitMs);
    bucket?.take();
    this.#total?.take();
    return undefined;
  }

  #meet(address: string, now: Millis): Visitor {
    const isAllowed = (this.#allow.isEmpty || this.#allow.has(address)) && !this.#deny.has(address);
    const rate = this.#ratePerAddress;
    const visitor = { isAllowed, bucket: rate === undefined ? undefined : new TokenBucket(rate, now) };
    this.#visitors.set(address, visitor);
    return visitor;
  }
}

const nameOf = (address: string): string => (address === "" ? "an unknown address" : address);

function tooOften(outcome: Outcome, message: string, waitMs: Millis): Refusal {
  const headers = retryAfter(waitMs);
  return new Refusal(429, outcome, `${message}, try again in ${headers["retry-after"]} s`, headers);
}
