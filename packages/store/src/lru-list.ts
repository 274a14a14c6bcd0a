// Items in the order of their last use. Hot path: a few assignments a use.

import type { Item } from "./item.ts";

export class LruList {
  newest: Item | undefined = undefined;
  oldest: Item | undefined = undefined;

  /** The item is in no list. */
  insert(item: Item): void {
    const { newest } = this;
    item.older = newest;
    if (newest === undefined) this.oldest = item;
    else newest.newer = item;
    this.newest = item;
  }

  remove(item: Item): void {
    const { newer, older } = item;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    item.newer = undefined;
    item.older = undefined;
  }

  used(item: Item): void {
    if (item === this.newest) return;
    this.remove(item);
    this.insert(item);
  }
}
