// The graceful end: SIGTERM or SIGINT stops accepting, lets every request under way be answered, then exits with 0.
//
//     signal --> listeners close --> engine.drain() --> idle, or END_WITHIN_MS --> driver closes --> exit 0
//     a second signal ------------------------------------------------------------------------> exit 128 + n

import { constants } from "node:os";
import process from "node:process";
import type { Clock, Driver, Listener, Millis } from "@memwire/engine";

/** A running engine with its sockets. */
export interface Part {
  readonly engine: { drain(now: Millis): void };
  readonly driver: Driver;
  readonly listeners: readonly Listener[];
}

/** How long all parts together may take to answer what is under way. */
export const END_WITHIN_MS = 5_000;

/**
 * From now on SIGTERM and SIGINT end the process.
 *
 * @param parts In the order in which they end: a proxy before the servers behind it.
 */
export function endOnSignal(parts: readonly Part[], clock: Clock): void {
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) process.exit(128 + constants.signals[signal]);
      ending = true;
      void endAll(parts, clock).then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}

async function endAll(parts: readonly Part[], clock: Clock): Promise<void> {
  const deadline = clock.now() + END_WITHIN_MS;
  await Promise.all(parts.flatMap(({ listeners }) => listeners.map((listener) => listener.close())));
  for (const { engine, driver } of parts) {
    engine.drain(clock.now());
    driver.wake();
    await Promise.race([driver.idle(), new Promise<void>((resolve) => clock.at(deadline, resolve))]);
    await Promise.race([driver.close(), new Promise<void>((resolve) => clock.at(deadline, resolve))]);
  }
}
