// Keys of which the one with the smallest place goes first: a binary heap. A key that is newer than all others, as
// most are that come, is put in without a step.

import type { QueuedKey } from "./queued-key.ts";

export class KeyHeap {
  readonly #keys: QueuedKey[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** The one that goes first. */
  get first(): QueuedKey | undefined {
    return this.#keys[0];
  }

  push(key: QueuedKey): void {
    const keys = this.#keys;
    let at = keys.length;
    keys.push(key);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = keys[above] as QueuedKey;
      if (parent.place <= key.place) break;
      keys[at] = parent;
      at = above;
    }
    keys[at] = key;
  }

  /** Takes the first one out. Only if there is one. */
  pop(): QueuedKey {
    const keys = this.#keys;
    const first = keys[0] as QueuedKey;
    const last = keys.pop() as QueuedKey;
    if (first !== last) this.#sink(last);
    return first;
  }

  /** Puts a key in place of the first one, and down to where it belongs. */
  #sink(key: QueuedKey): void {
    const keys = this.#keys;
    const { length } = keys;
    let at = 0;
    for (let below = 1; below < length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < length && (keys[right] as QueuedKey).place < (keys[below] as QueuedKey).place)
        below = right;
      const child = keys[below] as QueuedKey;
      if (child.place >= key.place) break;
      keys[at] = child;
      at = below;
    }
    keys[at] = key;
  }
}
