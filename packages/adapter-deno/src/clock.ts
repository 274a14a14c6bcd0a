// Deno's clock and turns.

import { systemClock, type Clock } from "@memwire/engine";

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
});
