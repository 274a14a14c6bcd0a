// Jump consistent hashing, as memcached's own proxy has it by default. Hot path.
//
// It knows servers by their place in the list only: one more at the end takes its share from all others, and gives it
// back when it goes; from anywhere else most keys move. The number of rounds grows with the logarithm of the servers.
// Source: https://arxiv.org/abs/1406.2294

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { highProduct, type WideHash } from "./hash/wide-hash.ts";
import { addressName, namesOf, nodesOf, type Server } from "./server.ts";

/** 2,862,933,555,777,941,757, the multiplier of the generator. */
const MULTIPLIER_LOW = 0x87b0b0fd;
const MULTIPLIER_HIGH = 0x27bb2ee6;

export class JumpDistribution implements Distribution {
  readonly #hash: WideHash;
  readonly #names: readonly string[];
  /** Scratch of the call that is under way. */
  readonly #halves = new Int32Array(2);

  constructor(servers: readonly Server[], hash: WideHash) {
    this.#hash = hash;
    this.#names = namesOf(nodesOf(servers, { nameOf: addressName, order: "listed", weights: "none" }));
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    this.#hash(bytes, start, end, this.#halves);
    return jump(this.#halves[0] as number, this.#halves[1] as number, this.#names.length);
  }

  explain(bytes: Uint8Array): Explanation {
    const server = this.owner(bytes, 0, bytes.length);
    const hash = (this.#halves[0] as number) >>> 0;
    return { hash, point: undefined, server, name: this.#names[server] };
  }
}

/** The bucket of a hash of 64 bits, given in two halves; `NO_SERVER` of no buckets. */
export function jump(hashLow: number, hashHigh: number, buckets: number): number {
  let low = hashLow;
  let high = hashHigh;
  let bucket = NO_SERVER;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    // Times the multiplier, plus 1; which carries only if the lower half was all ones.
    high =
      (highProduct(low, MULTIPLIER_LOW) + Math.imul(low, MULTIPLIER_HIGH) + Math.imul(high, MULTIPLIER_LOW)) |
      0;
    low = (Math.imul(low, MULTIPLIER_LOW) + 1) | 0;
    if (low === 0) high = (high + 1) | 0;
    next = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)));
  }
  return bucket;
}
