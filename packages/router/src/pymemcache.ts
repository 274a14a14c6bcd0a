// The rendezvous hashing of pymemcache's HashClient: the server with the highest MurmurHash3 of `<name>-<key>` wins.
// Hot path; something is done for every server.
// Source: pymemcache pymemcache/client/rendezvous.py

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { Murmur3Many } from "./hash/murmur3-many.ts";
import { joined } from "./ring-points.ts";
import { addressName, namesOf, nodesOf, type Server } from "./server.ts";

export class PymemcacheDistribution implements Distribution {
  readonly #names: readonly string[];
  readonly #hashes: Murmur3Many;

  constructor(servers: readonly Server[]) {
    const nodes = nodesOf(servers, { nameOf: addressName, order: "listed", weights: "none" });
    this.#names = namesOf(nodes);
    this.#hashes = new Murmur3Many(nodes.map(({ bytes }) => joined(bytes, "-")));
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    const hashes = this.#hashes;
    const { length } = this.#names;
    let winner = NO_SERVER;
    let best = -1;
    hashes.read(bytes, start, end);
    for (let i = 0; i < length; i++) {
      const hash = hashes.hashOf(i) >>> 0;
      if (hash > best || (hash === best && this.#isGreater(i, winner))) {
        best = hash;
        winner = i;
      }
    }
    return winner;
  }

  explain(bytes: Uint8Array): Explanation {
    const server = this.owner(bytes, 0, bytes.length);
    const hash = server === NO_SERVER ? undefined : this.#hashes.hashOf(server) >>> 0;
    return { hash, point: undefined, server, name: this.#names[server] };
  }

  /** Of two servers with one hash, which a key in millions has, the one with the greater name wins. */
  #isGreater(one: number, other: number): boolean {
    return (this.#names[one] as string) > (this.#names[other] as string);
  }
}
