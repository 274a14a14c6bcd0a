// What is still to happen, by time; at the same time, in the order it was put down. A binary heap.
//
// Hot path: one `add` and one `next` an event.

import type { Millis } from "@memwire/engine";

/** Something that is to happen at a time. */
export interface Entry {
  readonly at: Millis;
  /** Counts up: makes the order total. */
  readonly order: number;
  /** `undefined` once it was cancelled; it is then passed over when its time comes. */
  task: (() => void) | undefined;
}

export class Agenda {
  readonly #heap: Entry[] = [];
  #ordered = 0;

  add(at: Millis, task: () => void): Entry {
    const entry: Entry = { at, order: this.#ordered++, task };
    this.#heap.push(entry);
    this.#rise(entry);
    return entry;
  }

  /** When the next entry is due; `Infinity` if there is none. */
  get due(): Millis {
    const heap = this.#heap;
    while (heap.length > 0) {
      const first = heap[0] as Entry;
      if (first.task !== undefined) return first.at;
      this.#removeFirst();
    }
    return Infinity;
  }

  /** Takes the next entry out; there must be one, so look at `due` first. */
  next(): Entry {
    const first = this.#heap[0] as Entry;
    this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const last = this.#heap.pop() as Entry;
    if (this.#heap.length > 0) this.#sink(last);
  }

  #rise(entry: Entry): void {
    const heap = this.#heap;
    let hole = heap.length - 1;
    while (hole > 0) {
      const above = (hole - 1) >> 1;
      const parent = heap[above] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[hole] = parent;
      hole = above;
    }
    heap[hole] = entry;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let hole = 0;
    for (;;) {
      let below = 2 * hole + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below++;
      const child = heap[below] as Entry;
      if (!isBefore(child, entry)) break;
      heap[hole] = child;
      hole = below;
    }
    heap[hole] = entry;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
