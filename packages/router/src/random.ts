// Any server, whatever the key. Hot path: one draw.

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { namesOf, nodesOf, type Server } from "./server.ts";

export class RandomDistribution implements Distribution {
  readonly #random: () => number;
  readonly #names: readonly string[];

  constructor(servers: readonly Server[], random: () => number) {
    if (typeof random !== "function") {
      throw new RangeError(`random must be a function such as Math.random, got ${String(random)}`);
    }
    this.#random = random;
    this.#names = namesOf(nodesOf(servers));
  }

  owner(): number {
    const { length } = this.#names;
    if (length === 0) return NO_SERVER;
    const draw = this.#random();
    if (draw >= 0 && draw < 1) return Math.floor(draw * length);
    throw new RangeError(`random must answer a number from 0 up to, not including, 1, got ${draw}`);
  }

  explain(): Explanation {
    const server = this.owner();
    return { hash: undefined, point: undefined, server, name: this.#names[server] };
  }
}
