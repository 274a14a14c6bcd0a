// The longest that a batch of calls held the thread, and how long of it the thread was not even running.
//
// On a machine that others use too the system takes the processor away for milliseconds at a time. Linux counts that
// wait for each thread (/proc/thread-self/schedstat, the second number): a long batch waited at most what was added
// since the last look, of which there is one in every turn. What is left of it is ours, or that of the collector.

import { openSync, readSync } from "node:fs";

const LONGEST = 5;
const LONG_MS = 1;
const BLANK = 32;

interface Stall {
  readonly ms: number;
  /** Of it, at most, for a processor. */
  readonly waitedMs: number;
}

const ownMs = ({ ms, waitedMs }: Stall): number => ms - waitedMs;

/** Knows the longest batches of one phase. */
export class StallWatch {
  readonly #stalls: Stall[] = [];
  #batches = 0;
  #waitedMs = 0;

  /** The first batch of a turn begins. @returns the time */
  begin(): number {
    this.#waitedMs = waitedSoFarMs();
    return performance.now();
  }

  /** A batch is over. @returns when the next one begins */
  end(start: number): number {
    const now = performance.now();
    const ms = now - start;
    this.#batches++;
    if (ms < LONG_MS) {
      if (this.#stalls.length < LONGEST || ms > ownMs(this.#stalls.at(-1) as Stall))
        this.#keep({ ms, waitedMs: 0 });
      return now;
    }
    const before = this.#waitedMs;
    this.#keep({ ms, waitedMs: Math.min(ms, waitedSoFarMs() - before) });
    return this.begin();
  }

  report(): string {
    const longest = this.#stalls.map((stall) => {
      const waited = stall.waitedMs < 0.01 ? "" : ` (${stall.ms.toFixed(2)})`;
      return ownMs(stall).toFixed(2) + waited;
    });
    return `${`${this.#batches}`.padStart(8)} batches; ${longest.join(", ")}`;
  }

  #keep(stall: Stall): void {
    const at = this.#stalls.findIndex((other) => ownMs(other) < ownMs(stall));
    this.#stalls.splice(at < 0 ? this.#stalls.length : at, 0, stall);
    this.#stalls.length = Math.min(this.#stalls.length, LONGEST);
  }
}

const schedstat = openSync("/proc/thread-self/schedstat", "r");
const text = new Uint8Array(64);

/** How long this thread has waited for a processor since it began. Leaves no garbage. */
function waitedSoFarMs(): number {
  const end = readSync(schedstat, text, 0, text.length, 0);
  let at = 0;
  while (text[at] !== BLANK) at++;
  let ns = 0;
  for (at++; at < end && text[at] !== BLANK; at++) ns = ns * 10 + (text[at] as number) - 48;
  return ns / 1e6;
}
