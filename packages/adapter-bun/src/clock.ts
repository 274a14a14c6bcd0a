// Bun's clock and turns.

import { systemClock, type Clock } from "@memwire/engine";

/** Real time; a turn is deferred by `setImmediate`, which runs when all input at hand has been read. */
export const clock: Clock = systemClock({
  performance,
  setTimeout,
  clearTimeout,
  defer: setImmediate,
});
