// The keys of one server: those that wait, and those whose delete is in flight.
//
//     push --> waiting, the oldest first --take--> in flight, first in, first out --shift--> done, or pushed back
//
// A server answers in the order asked, so an answer always belongs to the first key in flight.

import { KeyHeap } from "./key-heap.ts";
import type { QueuedKey } from "./queued-key.ts";

export class ServerQueue {
  inFlight = 0;
  readonly #waiting: KeyHeap = new KeyHeap();
  #first: QueuedKey | null = null;
  #last: QueuedKey | null = null;
  /** Those that wait and are older than their place says. */
  readonly #postponed: Set<QueuedKey> = new Set();

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Keys that are not done. */
  get depth(): number {
    return this.#waiting.size + this.inFlight;
  }

  push(key: QueuedKey): void {
    key.inFlight = false;
    if (key.place > key.writtenAt) this.#postponed.add(key);
    this.#waiting.push(key);
  }

  /** Moves the key that goes first behind those in flight. Only if one waits. */
  take(): QueuedKey {
    const key = this.#waiting.pop();
    if (this.#postponed.size > 0) this.#postponed.delete(key);
    key.inFlight = true;
    key.next = null;
    if (this.#last === null) this.#first = key;
    else this.#last.next = key;
    this.#last = key;
    this.inFlight++;
    return key;
  }

  /** Takes out the first one in flight. Only if there is one. */
  shift(): QueuedKey {
    const key = this.#first as QueuedKey;
    this.#first = key.next;
    if (this.#first === null) this.#last = null;
    this.inFlight--;
    return key;
  }

  /** When the oldest write came that is not done; `Infinity` if there is none. Looks at every key in flight. */
  get oldestAt(): number {
    let oldest = this.#waiting.first?.writtenAt ?? Infinity;
    for (let key = this.#first; key !== null; key = key.next) oldest = Math.min(oldest, key.writtenAt);
    for (const { writtenAt } of this.#postponed) oldest = Math.min(oldest, writtenAt);
    return oldest;
  }
}
