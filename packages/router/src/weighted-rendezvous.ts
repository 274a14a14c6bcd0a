// Rendezvous hashing with weights, as mcrouter has it: a server's score is its weight by minus the logarithm of a number
// from 0 to 1 that it draws for the key. Hot path.
//
// With equal weights keys lie elsewhere than without any: the number is made of other bits of the same score.
// Source: mcrouter mcrouter/lib/WeightedRendezvousHashFunc.cpp

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { murmur64a } from "./hash/murmur64a.ts";
import { hashesOf, KEY_SEED, score } from "./rendezvous.ts";
import { bracketedName, namesOf, nodesOf, type Server } from "./server.ts";

/** What is lost by rounding is far less than this leaves. */
const SURELY = 1 - 1e-9;

export class WeightedRendezvousDistribution implements Distribution {
  readonly #names: readonly string[];
  readonly #weights: Float64Array;
  readonly #hashes: Int32Array;
  // Scratch of the call that is under way.
  readonly #key = new Int32Array(2);
  readonly #score = new Int32Array(2);

  constructor(servers: readonly Server[]) {
    const nodes = nodesOf(servers, { nameOf: bracketedName, order: "listed", weights: "share" });
    this.#names = namesOf(nodes);
    this.#weights = Float64Array.from(nodes, ({ weight }) => weight);
    this.#hashes = hashesOf(nodes);
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    const scored = this.#score;
    const weights = this.#weights;
    murmur64a(bytes, start, end, KEY_SEED, this.#key);
    let winner = weights.length === 0 ? NO_SERVER : 0;
    let best = 0;
    for (let i = 0; i < weights.length; i++) {
      score(this.#hashes, i * 2, this.#key, scored);
      // The lower 53 bits, as a fraction.
      const drawn = (((scored[1] as number) & 0x1f_ffff) * 2 ** 32 + ((scored[0] as number) >>> 0)) / 2 ** 53;
      // A logarithm is dear, and -log(x) is never below 1 - x: most servers lose by that already.
      if ((weights[i] as number) < best * (1 - drawn) * SURELY) continue;
      const reached = (weights[i] as number) * (1 / -Math.log(drawn));
      if (reached > best) {
        best = reached;
        winner = i;
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
