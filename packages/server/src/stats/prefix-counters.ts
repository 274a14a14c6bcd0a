// `stats detail`: what was asked of the keys that begin alike, up to the delimiter. A key without one is not counted.

import { latin1Text } from "@memwire/codec";
import type { ServerCounters } from "../counters.ts";

/** What was asked of keys with one prefix: of gets those that found something, too. */
export interface PrefixCounts {
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
  /** Where others are to hear of it: what was counted since they did. */
  readonly #fresh: Map<string, PrefixCounts> | undefined;

  /**
   * @param delimiter A byte.
   * @param counters Where it is counted that a prefix was one too many.
   * @param isShared Whether `takeFresh` is called.
   */
  constructor(
    delimiter: number,
    prefixesMax: number,
    counting: boolean,
    counters: ServerCounters,
    isShared: boolean,
  ) {
    this.#fresh = isShared ? new Map() : undefined;
    this.#counters = counters;
    this.#delimiter = delimiter;
    this.#prefixesMax = prefixesMax;
    this.counting = counting;
  }

  countGet(key: Uint8Array, start: number, end: number, hit: boolean): void {
    this.#count(key, start, end, 1, hit ? 1 : 0, 0, 0);
  }

  countSet(key: Uint8Array, start: number, end: number): void {
    this.#count(key, start, end, 0, 0, 1, 0);
  }

  countDelete(key: Uint8Array, start: number, end: number): void {
    this.#count(key, start, end, 0, 0, 0, 1);
  }

  /** What others have counted. */
  add(prefix: string, { get, hit, set, del }: PrefixCounts): void {
    addTo(this.#of(this.#prefixes, prefix), get, hit, set, del);
  }

  /** What was counted here since the last call. */
  takeFresh(): readonly (readonly [string, PrefixCounts])[] {
    if (this.#fresh === undefined || this.#fresh.size === 0) return [];
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    return fresh;
  }

  clear(): void {
    this.#prefixes.clear();
    this.#fresh?.clear();
  }

  /** A line for each prefix, in the order in which they came. */
  *lines(): Generator<string> {
    for (const [prefix, { get, hit, set, del }] of this.#prefixes) {
      yield `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}\r\n`;
    }
  }

  #count(
    key: Uint8Array,
    start: number,
    end: number,
    get: number,
    hit: number,
    set: number,
    del: number,
  ): void {
    // Not by indexOf, which would look through all that lies behind the key: a line may have 60,000 of them.
    let at = start;
    while (at < end && key[at] !== this.#delimiter) at++;
    if (at === end) return;
    const prefix = latin1Text(key, start, at);
    addTo(this.#of(this.#prefixes, prefix), get, hit, set, del);
    if (this.#fresh !== undefined) addTo(this.#of(this.#fresh, prefix), get, hit, set, del);
  }

  #of(prefixes: Map<string, PrefixCounts>, prefix: string): PrefixCounts | undefined {
    const known = prefixes.get(prefix);
    if (known !== undefined) return known;
    if (prefixes.size >= this.#prefixesMax) {
      this.#counters.prefixesDropped++;
      return undefined;
    }
    const counts = { get: 0, hit: 0, set: 0, del: 0 };
    prefixes.set(prefix, counts);
    return counts;
  }
}

function addTo(counts: PrefixCounts | undefined, get: number, hit: number, set: number, del: number): void {
  if (counts === undefined) return;
  counts.get += get;
  counts.hit += hit;
  counts.set += set;
  counts.del += del;
}
