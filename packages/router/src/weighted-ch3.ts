// ch3 with weights, as mcrouter has it: whoever is found takes the key with a probability that is its weight; else a
// digit is put behind the key, and the walk begins again. Hot path.
//
// A weight of 1 for everybody is plain ch3; less moves keys away from that server only.
// Source: mcrouter mcrouter/lib/WeightedCh3HashFunc.cpp

import { ch3Hash, Ch3Walk } from "./ch3.ts";
import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { spooky32 } from "./hash/spooky.ts";
import { addressName, namesOf, nodesOf, type Server } from "./server.ts";

const LOT_SEED = 0xface2014;
const TRIES = 32;
const SPACE_BYTES = 512;
/** The number of a try, from 0 to 30, its last digit first. */
const DIGITS_MAX = 2;
const DIGIT_0 = 0x30;

export class WeightedCh3Distribution implements Distribution {
  readonly #names: readonly string[];
  /** A lot below it takes the key. */
  readonly #lots: Float64Array;
  readonly #walk = new Ch3Walk();
  #space: Uint8Array = new Uint8Array(SPACE_BYTES);

  constructor(servers: readonly Server[]) {
    const nodes = nodesOf(servers, { nameOf: addressName, order: "listed", weights: "share" });
    this.#names = namesOf(nodes);
    this.#lots = Float64Array.from(nodes, ({ weight }) => Math.floor(weight * 0xffff_ffff));
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    const lots = this.#lots;
    let server = this.#walk.bucket(bytes, start, end, lots.length);
    if (server === NO_SERVER || spooky32(bytes, start, end, LOT_SEED) >>> 0 < (lots[server] as number))
      return server;

    const salted = this.#copied(bytes, start, end);
    const length = end - start;
    for (let salt = 0; salt < TRIES - 1; salt++) {
      salted[length] = DIGIT_0 + (salt % 10);
      salted[length + 1] = DIGIT_0 + Math.floor(salt / 10);
      const saltedEnd = length + (salt < 10 ? 1 : DIGITS_MAX);
      server = this.#walk.bucket(salted, 0, saltedEnd, lots.length);
      if (spooky32(salted, 0, saltedEnd, LOT_SEED) >>> 0 < (lots[server] as number)) break;
    }
    return server;
  }

  explain(bytes: Uint8Array): Explanation {
    const server = this.owner(bytes, 0, bytes.length);
    return { hash: ch3Hash(bytes), point: undefined, server, name: this.#names[server] };
  }

  /** The key, in a place with room for digits behind it. */
  #copied(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    // No key of memcached's is that long; whoever asks for such a one gets an answer, too.
    if (this.#space.length < length + DIGITS_MAX) this.#space = new Uint8Array(length * 2);
    const space = this.#space;
    for (let i = 0; i < length; i++) space[i] = bytes[start + i] as number;
    return space;
  }
}
