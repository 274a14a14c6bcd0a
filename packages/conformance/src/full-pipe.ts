// A pipe that nobody reads, for what a program writes into it.

import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";

/** A pipe that is full, and that is read when the test says so. */
export class FullPipe implements Disposable {
  /** For the program: its own end, which waits when the pipe is full. */
  readonly end: number;
  readonly #own: number;

  constructor(path: string) {
    execFileSync("mkfifo", [path]);
    this.#own = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    while (orAgain(() => writeSync(this.#own, "-".repeat(4_096))) > 0);
    while (orAgain(() => writeSync(this.#own, "-")) > 0);
    this.end = openSync(path, constants.O_WRONLY);
  }

  /** All that is in it. */
  read(): string {
    const chunk = Buffer.alloc(65_536);
    let text = "";
    for (;;) {
      const length = orAgain(() => readSync(this.#own, chunk));
      if (length === 0) return text;
      text += chunk.toString("latin1", 0, length);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.end);
    closeSync(this.#own);
  }
}

/** 0 if it would have to wait. */
function orAgain(run: () => number): number {
  try {
    return run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}
