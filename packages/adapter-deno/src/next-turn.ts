// Turns between which others have theirs.
//
// A chain of microtasks runs to its end before anything else. Between two of node:timers' `setImmediate` timers run,
// but sockets are looked at once in 61: turns of a millisecond let an echo through every 125 ms. After a timer they
// always are, and that costs a millisecond: so a row of turns has a timer in it now and then.

/** How long turns may follow one another until a timer lets sockets be looked at. */
const ROW_MS = 5;

/** Deno has Node's; its types do not say so. */
declare const setImmediate: (task: () => void) => unknown;

/** Turns asked for that are not over. */
let pending = 0;
/** When the first of a row was asked for, or a timer came between. */
let rowSince = 0;

/** `Clock.nextTurn` */
export function nextTurn(task: () => void): void {
  const now = performance.now();
  if (pending++ === 0) rowSince = now;
  if (now - rowSince < ROW_MS) {
    setImmediate(() => run(task));
    return;
  }
  setTimeout(() => {
    rowSince = performance.now();
    run(task);
  }, 0);
}

function run(task: () => void): void {
  try {
    task();
  } finally {
    pending--; // not before: a turn that this one asks for is of the same row
  }
}
