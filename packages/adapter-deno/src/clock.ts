// Deno's clock and turns.

import { systemClock, type Clock } from "@memwire/engine";
import { nextTurn } from "./next-turn.ts";

/**
 * Real time; a turn is deferred by a microtask. Deno hands over all reads that are ready before microtasks go on,
 * so a turn still sees the input of many connections: 9 chunks a turn with 32 of them, where node:timers'
 * `setImmediate` saw 10 and cost 15% more, and let timers wait a second behind a peer that floods. `setTimeout` of
 * 0 ms halves the rate.
 */
export const clock: Clock = systemClock({
  performance,
  setTimeout,
  clearTimeout,
  defer: queueMicrotask,
  nextTurn,
});

/** Deno has Node's; its types do not say so. */
declare const setImmediate: (task: () => void) => unknown;

/**
 * The same for engines on node:net: there a turn by `setImmediate` sees 9.2 chunks with 32 connections, one by a
 * microtask 8.5, and a proxy took up to a seventh less CPU.
 */
export const nodeClock: Clock = systemClock({
  performance,
  setTimeout,
  clearTimeout,
  defer: (task) => void setImmediate(task),
  nextTurn,
});

/**
 * `performance` by the millisecond. Asking Deno's takes a twentieth of the time of a small HTTP request; a request asks
 * twice, and wants no more than milliseconds. The wall clock, which is cheap, tells when to ask again, and nothing
 * else: it may be set back.
 */
class CoarsePerformance {
  readonly timeOrigin: number = performance.timeOrigin;
  #wall = NaN;
  #now = 0;

  now(): number {
    const wall = Date.now();
    if (wall !== this.#wall) {
      this.#wall = wall;
      this.#now = performance.now();
    }
    return this.#now;
  }
}

/**
 * The same for an engine that is asked by HTTP handlers. Deno.serve calls each with microtasks in between, so that a
 * turn by a microtask is one request and its write; by `setImmediate` it is all that came together: a get through the
 * gateway took 20 instead of 36 us of CPU.
 */
export const httpClock: Clock = systemClock({
  performance: new CoarsePerformance(),
  setTimeout,
  clearTimeout,
  defer: (task) => void setImmediate(task),
  nextTurn,
});
