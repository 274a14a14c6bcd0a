// Rendezvous hashing as mcrouter has it: every server has a score for a key, and the highest one wins. Hot path.
//
// When a server goes, its keys move and no others, whichever it is. A look-up takes time for every server: with
// hundreds of them a ring is faster.
// Source: mcrouter mcrouter/lib/RendezvousHashFunc.cpp; the mix of two hashes is CityHash's Hash128to64

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { murmur64a } from "./hash/murmur64a.ts";
import { highProduct } from "./hash/wide-hash.ts";
import { bracketedName, namesOf, nodesOf, type Node, type Server } from "./server.ts";

const NAME_SEED = 4_193_360_111;
export const KEY_SEED = 2_718_281_828;

const M_LOW = 0xeb382d69;
const M_HIGH = 0x9ddfea08;
const SHIFT = 47 - 32;

export class RendezvousDistribution implements Distribution {
  readonly #names: readonly string[];
  /** Halves of the hash of each name: lower, upper, lower, ... */
  readonly #hashes: Int32Array;
  // Scratch of the call that is under way.
  readonly #key = new Int32Array(2);
  readonly #score = new Int32Array(2);

  constructor(servers: readonly Server[]) {
    const nodes = nodesOf(servers, { nameOf: bracketedName, order: "listed", weights: "none" });
    this.#names = namesOf(nodes);
    this.#hashes = hashesOf(nodes);
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    const scored = this.#score;
    const hashes = this.#hashes;
    murmur64a(bytes, start, end, KEY_SEED, this.#key);
    let winner = hashes.length === 0 ? NO_SERVER : 0;
    let bestLow = 0;
    let bestHigh = 0;
    for (let i = 0; i < hashes.length; i += 2) {
      score(hashes, i, this.#key, scored);
      const high = (scored[1] as number) >>> 0;
      if (high < bestHigh) continue;
      const low = (scored[0] as number) >>> 0;
      if (high > bestHigh || low > bestLow) {
        bestHigh = high;
        bestLow = low;
        winner = i >>> 1;
      }
    }
    return winner;
  }

  explain(bytes: Uint8Array): Explanation {
    const server = this.owner(bytes, 0, bytes.length);
    const hash = (this.#key[0] as number) >>> 0;
    return { hash, point: undefined, server, name: this.#names[server] };
  }
}

/** The hashes of the names of nodes, in halves. */
export function hashesOf(nodes: readonly Node[]): Int32Array {
  const hashes = new Int32Array(nodes.length * 2);
  for (const [i, { bytes }] of nodes.entries()) {
    murmur64a(bytes, 0, bytes.length, NAME_SEED, hashes.subarray(i * 2));
  }
  return hashes;
}

/**
 * The score of a name for a key, into `into`: lower and upper half.
 *
 * @param hashes Halves of hashes of names, of which the one at `i` and `i + 1` is meant
 */
export function score(hashes: Int32Array, i: number, key: Int32Array, into: Int32Array): void {
  const nameLow = hashes[i] as number;
  const nameHigh = hashes[i + 1] as number;
  let low = (key[0] as number) ^ nameLow;
  let high = (key[1] as number) ^ nameHigh;
  high = (highProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
  low = nameLow ^ Math.imul(low, M_LOW) ^ (high >>> SHIFT);
  high ^= nameHigh;
  high = (highProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
  low = Math.imul(low, M_LOW) ^ (high >>> SHIFT);
  into[1] = highProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW);
  into[0] = Math.imul(low, M_LOW);
}
