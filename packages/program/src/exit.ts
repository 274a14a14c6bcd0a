// The end of the process, with what is open left open.

import process from "node:process";

/**
 * In that time threads that compile are done, and nothing is given to them any more. Node waits for them in its exit
 * without giving one the memory that it may wait for: both for ever (https://github.com/nodejs/node/issues/54918). Of
 * programs that ended at once, as soon as they had started, one in 60 did on a busy machine.
 */
const QUIET_MS = 20;

/** Ends the process, soon. @returns what is never settled */
export function exit(code: number): Promise<never> {
  return new Promise<never>(() => setTimeout(() => process.exit(code), QUIET_MS));
}
