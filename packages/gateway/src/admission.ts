// Who may ask, and how often. Made only if something of it is configured.
//
// What is known of an address is remembered, so that lists are searched once. Buckets are of networks: whoever has one
// address of IPv6 has all of its /64. One that was forgotten for `addressesMax` starts with a full bucket.

import { checkRate, TokenBucket, type Clock, type Millis, type RateLimit } from "@memwire/engine";
import { LRUCache } from "lru-cache";
import { AddressList, networkOf } from "./address-list.ts";
import type { GatewayCounters, Outcome } from "./counters.ts";
import type { GatewayOptions } from "./options.ts";
import { Refusal, retryAfter } from "./refusal.ts";

interface Visitor {
  readonly isAllowed: boolean;
  readonly network: string;
}

export class Admission {
  readonly #clock: Clock;
  readonly #allow: AddressList;
  readonly #deny: AddressList;
  readonly #ratePerAddress: RateLimit | undefined;
  readonly #total: TokenBucket | undefined;
  readonly #visitors: LRUCache<string, Visitor>;
  readonly #buckets: LRUCache<string, TokenBucket>;

  constructor(options: GatewayOptions, addressesMax: number, counters: GatewayCounters) {
    const { clock, allow = [], deny = [], ratePerAddress, rateTotal } = options;
    if (ratePerAddress !== undefined) checkRate("ratePerAddress", ratePerAddress);
    if (rateTotal !== undefined) checkRate("rateTotal", rateTotal);
    this.#clock = clock;
    this.#allow = new AddressList("allow", allow);
    this.#deny = new AddressList("deny", deny);
    this.#ratePerAddress = ratePerAddress;
    this.#total = rateTotal === undefined ? undefined : new TokenBucket(rateTotal, clock.now());
    const count = (_forgotten: unknown, _name: string, reason: string): void => {
      if (reason === "evict") counters.addressesForgotten++;
    };
    // Of an address that has a bucket, it is the bucket that is forgotten: the rest is found again.
    this.#visitors = new LRUCache<string, Visitor>({
      max: addressesMax,
      ...(ratePerAddress ? {} : { dispose: count }),
    });
    this.#buckets = new LRUCache<string, TokenBucket>({ max: addressesMax, dispose: count });
  }

  /** Whether these options ask for any of it. */
  static isNeeded({ allow = [], deny = [], ratePerAddress, rateTotal }: GatewayOptions): boolean {
    return allow.length > 0 || deny.length > 0 || ratePerAddress !== undefined || rateTotal !== undefined;
  }

  /** Why this address may not ask now; if it may, that has taken a token of each bucket. */
  refusal(address: string): Refusal | undefined {
    const now = this.#clock.now();
    const visitor = this.#visitors.get(address) ?? this.#meet(address);
    if (!visitor.isAllowed) {
      return new Refusal(403, "addressesRefused", `not for ${nameOf(address)}`);
    }
    const bucket = this.#bucketOf(visitor, now);
    const ownWaitMs = bucket?.waitMs(now) ?? 0;
    if (ownWaitMs > 0)
      return tooOften("addressesTooOften", `too many requests of ${nameOf(address)}`, ownWaitMs);
    const totalWaitMs = this.#total?.waitMs(now) ?? 0;
    if (totalWaitMs > 0) return tooOften("totalTooOften", "too many requests", totalWaitMs);
    bucket?.take();
    this.#total?.take();
    return undefined;
  }

  #meet(address: string): Visitor {
    const isAllowed = (this.#allow.isEmpty || this.#allow.has(address)) && !this.#deny.has(address);
    const visitor = { isAllowed, network: networkOf(address) };
    this.#visitors.set(address, visitor);
    return visitor;
  }

  #bucketOf({ network }: Visitor, now: Millis): TokenBucket | undefined {
    const rate = this.#ratePerAddress;
    if (rate === undefined) return undefined;
    const known = this.#buckets.get(network);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(rate, now);
    this.#buckets.set(network, bucket);
    return bucket;
  }
}

const nameOf = (address: string): string => (address === "" ? "an unknown address" : address);

function tooOften(outcome: Outcome, message: string, waitMs: Millis): Refusal {
  const headers = retryAfter(waitMs);
  return new Refusal(429, outcome, `${message}, try again in ${headers["retry-after"]} s`, headers);
}
