// Signals that come before a program can act on them: it holds them first, and loads the rest of itself then.
//
//     holdSignals() --> held, not acted on --> takeSignals(): those that came, to be acted on now
//                                          \-> actOnSignals(): they are, by whoever listens by then
//
// Without it a server that is told to end, or to read its files again, while it is being loaded is ended by the system,
// and Node opens its debugger to the machine on a SIGUSR1 that nobody listens to.

import process from "node:process";
import { isMainThread } from "node:worker_threads";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1"] as const;

export type HeldSignal = (typeof SIGNALS)[number];

const came: Set<HeldSignal> = new Set();
const hold = (signal: NodeJS.Signals): void => void came.add(signal as HeldSignal);

/**
 * From now on they are kept for `takeSignals`. Those of a process are its main thread's.
 *
 * @param wanted Default: all. Without SIGHUP it goes on ending a program that has no use for it.
 */
export function holdSignals(wanted: readonly HeldSignal[] = SIGNALS): void {
  if (isMainThread) for (const signal of wanted) process.on(signal, hold);
}

/** Holds no more. @returns those that came, each once: whoever listens by now has them given by `process.emit` */
export function takeSignals(): readonly HeldSignal[] {
  for (const signal of SIGNALS) process.off(signal, hold);
  return [...came];
}

/**
 * Holds no more, as everything is loaded: those that came are acted on by whoever listens by now, and do what the system
 * does with them where nobody does. But SIGUSR1 has no effect then: Node would open its debugger.
 */
export function actOnSignals(): void {
  if (process.listeners("SIGUSR1").every((listener) => listener === hold)) {
    process.on("SIGUSR1", () => {});
  }
  for (const signal of takeSignals()) {
    if (!process.emit(signal, signal)) process.kill(process.pid, signal);
  }
}
