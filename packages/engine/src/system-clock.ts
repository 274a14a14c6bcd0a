// A clock made of what every runtime has; what differs is how a turn is deferred, and how one lets others go first.

import type { Clock } from "./contract.ts";

/** What a runtime lends to its clock. */
export interface ClockHost {
  readonly performance: { readonly timeOrigin: number; now(): number };
  setTimeout(task: () => void, ms: number): unknown;
  clearTimeout(timer: never): void;
  /** Runs after the input at hand; never a timer of 0 ms, which is far slower everywhere. */
  defer(task: () => void): void;
  /** Runs after other input and timers have had their turn, also if it is asked for again and again. */
  nextTurn(task: () => void): void;
}

// Longer timers fire at once on every runtime: https://developer.mozilla.org/docs/Web/API/setTimeout
const TIMER_MAX_MS = 2 ** 31 - 1;

/** A real clock: Unix time at the start of the process plus what has gone by since, so it never goes back. */
export function systemClock(host: ClockHost): Clock {
  const { performance } = host;
  const origin = performance.timeOrigin;
  const now = (): number => origin + performance.now();
  return {
    now,
    at(deadline, task) {
      let timer: unknown;
      const arm = (): void => {
        timer = host.setTimeout(fire, Math.min(Math.max(Math.ceil(deadline - now()), 0), TIMER_MAX_MS));
      };
      // Not only for the far future: a runtime's timers count from the start of its turn, and may be early by 1 ms.
      const fire = (): void => {
        if (now() < deadline) arm();
        else task();
      };
      arm();
      return () => host.clearTimeout(timer as never);
    },
    defer: (task) => host.defer(task),
    nextTurn: (task) => host.nextTurn(task),
  };
}
