// Signals that nutcracker takes and goes on, which would end a program that says nothing of them, or stop it with all
// its clients. On Node SIGUSR1 would open a debugger, by which whoever is on the machine may do what the proxy may.

import process from "node:process";
import { isatty } from "node:tty";
import type { StderrLines } from "@memwire/program";

const NO_MEANING = "it means nothing here, as to nutcracker";
const NO_LEVELS = "there are no levels, what is worth a line is said";

/** From now on the signals have no effect but a line that says so. */
export function outliveSignals(lines: StderrLines): void {
  const outlive = (signal: NodeJS.Signals, why: string): void => {
    process.on(signal, () => lines.say(`${signal} has no effect: ${why}`));
  };
  outlive("SIGUSR1", NO_MEANING);
  outlive("SIGUSR2", NO_MEANING);
  // A terminal stops by these whoever reads or writes in the background: who goes on is sent them again and again.
  if ([0, 1, 2].some((descriptor) => isatty(descriptor))) return; // without the streams: Bun would open them
  outlive("SIGTTIN", NO_LEVELS);
  outlive("SIGTTOU", NO_LEVELS);
}
