// Node's clock and turns.

import { systemClock, type Clock } from "@memwire/engine";

/**
 * Real time; a turn is deferred by `setImmediate`, which runs when all input at hand has been read. One that is asked
 * for by such a turn comes when input has been read again, and so is a next turn as well.
 */
export const clock: Clock = systemClock({
  performance,
  setTimeout,
  clearTimeout,
  defer: setImmediate,
  nextTurn: setImmediate,
});
