// Consistent hashing on a ring. Hot path: one hash, then the place on the ring.
//
// There are about as many prefixes of a hash as points, and for each it is known where on the ring it starts; from
// there a step or two lead to the point. That takes half the time of a binary search, whose steps nobody can guess.
// Where points crowd, as those of a hash of 15 bits do, a binary search comes first after all.

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import type { WordHash } from "./hash/word-hash.ts";
import { buildRing, type RingRecipe } from "./ring.ts";
import { namesOf, nodesOf, type Server } from "./server.ts";

const STEPS_MAX = 8;

export class RingDistribution implements Distribution {
  readonly #hash: WordHash;
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;
  readonly #firsts: Uint32Array;
  readonly #shift: number;
  readonly #names: readonly string[];

  constructor(servers: readonly Server[], recipe: RingRecipe, hash: WordHash) {
    const nodes = nodesOf(servers, recipe);
    const { points, owners } = buildRing(nodes, recipe);
    this.#names = namesOf(nodes);
    this.#hash = hash;
    this.#points = points;
    this.#owners = owners;
    this.#shift = Math.min(Math.clz32(points.length), 31);
    this.#firsts = firstsOf(points, this.#shift);
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    return this.#owners[this.#placeOf(this.#hash(bytes, start, end))] ?? NO_SERVER;
  }

  explain(bytes: Uint8Array): Explanation {
    const hash = this.#hash(bytes, 0, bytes.length) >>> 0;
    const place = this.#placeOf(hash);
    const server = this.#owners[place] ?? NO_SERVER;
    return { hash, point: this.#points[place], server, name: this.#names[server] };
  }

  /** The place of the first point at or after a hash, given as a signed word; of the first of all if there is none. */
  #placeOf(word: number): number {
    const hash = word >>> 0;
    const points = this.#points;
    const { length } = points;
    const prefix = hash >>> this.#shift;
    let place = this.#firsts[prefix] as number;
    let beyond = this.#firsts[prefix + 1] as number;
    while (beyond - place > STEPS_MAX) {
      const middle = (place + beyond) >>> 1;
      if ((points[middle] as number) < hash) place = middle + 1;
      else beyond = middle;
    }
    while (place < length && (points[place] as number) < hash) place++;
    return place === length ? 0 : place;
  }
}

/** For each value that `point >>> shift` can have, and one more, the place of the first point with it or a larger one. */
function firstsOf(points: Uint32Array, shift: number): Uint32Array {
  const firsts = new Uint32Array(2 ** (32 - shift) + 1);
  let place = 0;
  for (let prefix = 0; prefix < firsts.length; prefix++) {
    while (place < points.length && (points[place] as number) >>> shift < prefix) place++;
    firsts[prefix] = place;
  }
  return firsts;
}
