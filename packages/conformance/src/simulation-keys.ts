// The keys of one simulated client, which no other has.
//
// A key whose state nobody can know any more, because a request that would have changed it failed, is given up: the
// next request to it takes a new name. So every reply can be told beforehand, however much goes wrong.

import type { Chance } from "@memwire/adapter-memory";

const KEYS = 8;
export const KEY_BYTES_MAX = 250;

export class KeyNames {
  readonly names: string[];
  readonly #chance: Chance;
  readonly #client: string;
  readonly #generations: number[] = Array.from({ length: KEYS }, () => 0);

  /** @param client Part of every key. */
  constructor(chance: Chance, client: string) {
    this.#chance = chance;
    this.#client = client;
    this.names = this.#generations.map((_, index) => this.#name(index));
  }

  /** Takes a new name for a key; keys that were given up before stay given up. */
  giveUp(key: string): void {
    const index = this.names.indexOf(key);
    if (index < 0) return;
    (this.#generations[index] as number)++;
    this.names[index] = this.#name(index);
  }

  giveUpAll(): void {
    for (const name of this.names.slice()) this.giveUp(name);
  }

  #name(index: number): string {
    const name = `${this.#client}/${index}/${this.#generations[index]}`;
    return this.#chance.happens(0.05) ? name.padEnd(KEY_BYTES_MAX, "\xe9") : name;
  }
}
