// How a program ends before it serves: help, a mistake of the user, a world that does not let it.

import { writeSync } from "node:fs";
import { exit } from "./exit.ts";

/** Thrown to end the program. */
export class ProgramEnd extends Error {
  override readonly name: string = "ProgramEnd";
  /** 0: it said what it was asked for. 1: the world failed, such as a port in use. 2: the user made a mistake. */
  readonly exitCode: 0 | 1 | 2;

  /** @param message What is written, as it is: to stdout for 0, to stderr else. Nothing if it is empty. */
  constructor(exitCode: 0 | 1 | 2, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a program. When `start` has resolved it goes on for as long as it has something open; when it throws, what it
 * threw is written and the process ends. Any error that is not a `ProgramEnd` is one line and exit code 1.
 */
export async function runProgram(name: string, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    const end = programEndOf(name, error);
    // Synchronously: on some runtimes what a stream still holds is lost by exit().
    if (end.message !== "") writeSync(end.exitCode === 0 ? 1 : 2, `${end.message.trimEnd()}\n`);
    await exit(end.exitCode);
  }
}

/** What ends the program after `error`. */
export function programEndOf(name: string, error: unknown): ProgramEnd {
  if (error instanceof ProgramEnd) return error;
  return new ProgramEnd(1, `${name}: ${error instanceof Error ? error.message : String(error)}`);
}
