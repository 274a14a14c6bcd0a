// `stats detail`: what was asked of the keys that begin alike, up to the delimiter. A key without one is not counted.

import { latin1Text } from "@memwire/codec";
import type { ServerCounters } from "./counters.ts";

interface PrefixCounts {
  get: number;
  hit: number;
  set: number;
  del: number;
}

export class PrefixCounters {
  /** Whether anything is counted at the moment. */
  counting: boolean;
  readonly #delimiter: number;
  readonly #prefixesMax: number;
  readonly #counters: ServerCounters;
  readonly #prefixes: Map<string, PrefixCounts> = new Map();

  /**
   * @param delimiter A byte.
   * @param counters Where it is counted that a prefix was one too many.
   */
  constructor(delimiter: number, prefixesMax: number, counting: boolean, counters: ServerCounters) {
    this.#counters = counters;
    this.#delimiter = delimiter;
    this.#prefixesMax = prefixesMax;
    this.counting = counting;
  }

  countGet(key: Uint8Array, start: number, end: number, hit: boolean): void {
    const counts = this.#of(key, start, end);
    if (counts === undefined) return;
    counts.get++;
    if (hit) counts.hit++;
  }

  countSet(key: Uint8Array, start: number, end: number): void {
    const counts = this.#of(key, start, end);
    if (counts !== undefined) counts.set++;
  }

  countDelete(key: Uint8Array, start: number, end: number): void {
    const counts = this.#of(key, start, end);
    if (counts !== undefined) counts.del++;
  }

  clear(): void {
    this.#prefixes.clear();
  }

  /** A line for each prefix, in the order in which they came. */
  *lines(): Generator<string> {
    for (const [prefix, { get, hit, set, del }] of this.#prefixes) {
      yield `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}\r\n`;
    }
  }

  #of(key: Uint8Array, start: number, end: number): PrefixCounts | undefined {
    const at = key.indexOf(this.#delimiter, start);
    if (at < 0 || at >= end) return undefined;
    const prefix = latin1Text(key, start, at);
    const known = this.#prefixes.get(prefix);
    if (known !== undefined) return known;
    if (this.#prefixes.size >= this.#prefixesMax) {
      this.#counters.prefixesDropped++;
      return undefined;
    }
    const counts = { get: 0, hit: 0, set: 0, del: 0 };
    this.#prefixes.set(prefix, counts);
    return counts;
  }
}
