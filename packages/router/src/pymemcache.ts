// The rendezvous hashing of pymemcache's HashClient: the server with the highest MurmurHash3 of `<name>-<key>` wins.
// Hot path; the whole key is hashed for every server.
// Source: pymemcache pymemcache/client/rendezvous.py

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { Murmur3Prefix } from "./hash/murmur3.ts";
import { joined } from "./ring-points.ts";
import { addressName, namesOf, nodesOf, type Server } from "./server.ts";

export class PymemcacheDistribution implements Distribution {
  readonly #names: readonly string[];
  readonly #prefixes: readonly Murmur3Prefix[];

  constructor(servers: readonly Server[]) {
    const nodes = nodesOf(servers, { nameOf: addressName, order: "listed", weights: "none" });
    this.#names = namesOf(nodes);
    this.#prefixes = nodes.map(({ bytes }) => new Murmur3Prefix(joined(bytes, "-")));
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    const prefixes = this.#prefixes;
    let winner = NO_SERVER;
    let best = -1;
    for (let i = 0; i < prefixes.length; i++) {
      const hash = (prefixes[i] as Murmur3Prefix).hash(bytes, start, end);
      if (hash > best || (hash === best && this.#isGreater(i, winner))) {
        best = hash;
        winner = i;
      }
    }
    return winner;
  }

  explain(bytes: Uint8Array): Explanation {
    const server = this.owner(bytes, 0, bytes.length);
    const hash = this.#prefixes[server]?.hash(bytes, 0, bytes.length);
    return { hash, point: undefined, server, name: this.#names[server] };
  }

  /** Of two servers with one hash, which a key in millions has, the one with the greater name wins. */
  #isGreater(one: number, other: number): boolean {
    return (this.#names[one] as string) > (this.#names[other] as string);
  }
}
