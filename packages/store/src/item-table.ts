// Items by the bytes of their keys. Hot path: no string per key, no allocation per look-up.
//
//     Map: hash -> Item -> chained Item (same hash, another key) -> undefined

import type { Item } from "./item.ts";

/** A 30-bit hash of `key[start]` to `key[end - 1]` (FNV-1a, folded): engines keep it as a small integer. */
export function hashOf(key: Uint8Array, start: number, end: number): number {
  let hash = 0x811c_9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (key[i] as number), 0x0100_0193);
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

export class ItemTable {
  readonly #chains: Map<number, Item> = new Map();

  find(hash: number, key: Uint8Array, start: number, end: number): Item | undefined {
    let item = this.#chains.get(hash);
    while (item !== undefined && !hasKey(item, key, start, end)) item = item.chained;
    return item;
  }

  /** The table has no item with this key. */
  insert(item: Item): void {
    item.chained = this.#chains.get(item.hash);
    this.#chains.set(item.hash, item);
  }

  /** The table has this item. */
  remove(item: Item): void {
    const first = this.#chains.get(item.hash) as Item;
    if (first === item) {
      if (item.chained === undefined) this.#chains.delete(item.hash);
      else this.#chains.set(item.hash, item.chained);
    } else {
      let before = first;
      while (before.chained !== item) before = before.chained as Item;
      before.chained = item.chained;
    }
    item.chained = undefined;
  }
}

function hasKey(item: Item, key: Uint8Array, start: number, end: number): boolean {
  const own = item.key;
  if (own.length !== end - start) return false;
  for (let i = start; i < end; i++) if (own[i - start] !== key[i]) return false;
  return true;
}
