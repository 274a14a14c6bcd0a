// Signals that come before a program can act on them: it holds them first, and loads the rest of itself then.
//
//     holdSignals() --> held, not acted on --> takeSignals(): those that came, to be acted on now
//
// Without it a server that is told to end, or to read its files again, while it is being loaded is ended by the system,
// and Node opens its debugger to the machine on a SIGUSR1 that nobody listens to.

import process from "node:process";
import { isMainThread } from "node:worker_threads";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1"] as const;

export type HeldSignal = (typeof SIGNALS)[number];

const came: Set<HeldSignal> = new Set();
const hold = (signal: NodeJS.Signals): void => void came.add(signal as HeldSignal);

/** From now on they are kept for `takeSignals`. Those of a process are its main thread's. */
export function holdSignals(): void {
  if (isMainThread) for (const signal of SIGNALS) process.on(signal, hold);
}

/** Holds no more. @returns those that came, each once: whoever listens by now has them given by `process.emit` */
export function takeSignals(): readonly HeldSignal[] {
  for (const signal of SIGNALS) process.off(signal, hold);
  return [...came];
}
