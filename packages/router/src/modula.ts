// The hash modulo the sum of the weights: each server has as many slots as it has weight, in the order of its rule.
//
// Most keys move when a server comes or goes. Hot path: one hash, one binary search over the servers.

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import type { WordHash } from "./hash/word-hash.ts";
import { namesOf, nodesOf, type NodeRule, type Server } from "./server.ts";

export class ModulaDistribution implements Distribution {
  readonly #hash: WordHash;
  readonly #slots: number;
  /** Where the slots of each node end: sums of weights, exact in a double. */
  readonly #ends: Float64Array;
  readonly #owners: Uint16Array;
  readonly #names: readonly string[];

  constructor(servers: readonly Server[], rule: NodeRule, hash: WordHash) {
    const nodes = nodesOf(servers, rule);
    let slots = 0;
    this.#hash = hash;
    this.#ends = Float64Array.from(nodes, ({ weight }) => (slots += weight));
    this.#slots = slots;
    this.#owners = Uint16Array.from(nodes, ({ index }) => index);
    this.#names = namesOf(nodes);
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    return this.#ownerOf((this.#hash(bytes, start, end) >>> 0) % this.#slots);
  }

  explain(bytes: Uint8Array): Explanation {
    const hash = this.#hash(bytes, 0, bytes.length) >>> 0;
    const slot = hash % this.#slots;
    const server = this.#ownerOf(slot);
    return { hash, point: server === NO_SERVER ? undefined : slot, server, name: this.#names[server] };
  }

  #ownerOf(slot: number): number {
    const ends = this.#ends;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] as number) <= slot) low = middle + 1;
      else high = middle;
    }
    return this.#owners[low] ?? NO_SERVER;
  }
}
