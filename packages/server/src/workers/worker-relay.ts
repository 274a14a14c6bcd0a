// What the workers of one server tell each other of what operators do, beside what they count in shared memory.
//
//     watch at worker 1      --watched-->  worker 2: lines are wanted
//     a command at worker 2  --noted---->  worker 1: a line for its watchers
//     stats detail on        --detail--->  all count by prefix, and tell what they counted:  --counted-->
//
// Messages are plain data for all other workers. What a turn has to tell goes in one message when it is over; what a
// turn cannot tell for want of room is counted.

import type { Millis } from "@memwire/engine";
import type { ServerCounters } from "../counters.ts";
import type { PrefixCounts } from "../stats/prefix-counters.ts";

/** What operators can set that is remembered for `stats`. */
export interface Remembered {
  sizesEnabled: boolean;
  /** Seconds of memcached's clock before which everything was flushed last. */
  oldest: number;
  // What nothing here goes by.
  crawlerSleep: number;
  crawlerItems: number;
  automoveRatio: number;
  automoveFreeRatio: number;
  automoveWindow: number;
}

/** A line of a kind, with its time. */
export type NotedLine = readonly [kind: number, text: string, time: Millis];

/** Can be sent to another thread as it is. */
export type WorkerMessage =
  /** Whoever has watchers says so again. */
  | { readonly kind: "began" }
  | { readonly kind: "watched"; readonly kinds: number }
  | { readonly kind: "noted"; readonly lines: readonly NotedLine[] }
  | { readonly kind: "detail"; readonly counting: boolean }
  | { readonly kind: "counted"; readonly prefixes: readonly (readonly [string, PrefixCounts])[] }
  | { readonly kind: "cleared" }
  | { readonly kind: "remembered"; readonly values: Partial<Remembered> }
  /** Moved by milliseconds, stopped, let go again. */
  | { readonly kind: "time"; readonly move: Millis | "pause" | "resume" };

/** Lines that a turn can tell. */
const LINES_A_TURN = 4_096;

export class WorkerRelay {
  readonly #tell: ((message: WorkerMessage) => void) | undefined;
  readonly #counters: ServerCounters;
  readonly #kinds: Map<number, number> = new Map();
  #lines: NotedLine[] = [];

  /** @param tell Gives a message to all other workers; `undefined` if there are none. */
  constructor(tell: ((message: WorkerMessage) => void) | undefined, counters: ServerCounters) {
    this.#tell = tell;
    this.#counters = counters;
  }

  get hasOthers(): boolean {
    return this.#tell !== undefined;
  }

  tell(message: WorkerMessage): void {
    this.#tell?.(message);
  }

  /** What watchers of other workers watch. */
  get kinds(): number {
    let all = 0;
    for (const kinds of this.#kinds.values()) all |= kinds;
    return all;
  }

  /** A worker's watchers watch this from now on; 0 for nothing, or no longer there. */
  watched(worker: number, kinds: number): void {
    if (kinds === 0) this.#kinds.delete(worker);
    else this.#kinds.set(worker, kinds);
  }

  /** Keeps a line until the turn is over. */
  note(kind: number, text: string, time: Millis): void {
    if (this.#lines.length < LINES_A_TURN) this.#lines.push([kind, text, time]);
    else this.#counters.logWorkerDropped++;
  }

  /** The turn is over. */
  flush(): void {
    if (this.#lines.length === 0) return;
    this.tell({ kind: "noted", lines: this.#lines });
    this.#lines = [];
  }
}
