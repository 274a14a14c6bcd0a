// Any server, whatever the key. Hot path: one draw.

import { NO_SERVER, type Distribution, type Explanation } from "./distribution.ts";
import { namesOf, nodesOf, type Server } from "./server.ts";

export class RandomDistribution implements Distribution {
  readonly #random: () => number;
  readonly #names: readonly string[];

  constructor(servers: readonly Server[], random: () => number) {
    this.#random = random;
    this.#names = namesOf(nodesOf(servers));
  }

  owner(): number {
    const { length } = this.#names;
    return length === 0 ? NO_SERVER : Math.floor(this.#random() * length);
  }

  explain(): Explanation {
    const server = this.owner();
    return { hash: undefined, point: undefined, server, name: this.#names[server] };
  }
}
