// Command lines: commander reads them, a mistake is one line.

import { CommanderError, type Command } from "commander";
import { ProgramEnd } from "./program-end.ts";

/**
 * Reads the arguments into the options of `command`.
 *
 * @throws ProgramEnd 0 with the help or the version, if that was asked for
 * @throws ProgramEnd 2 with one line that says what is wrong
 */
export function readArguments(command: Command, args: readonly string[]): void {
  let out = "";
  let mistake = "";
  command.exitOverride().configureOutput({
    writeOut: (text) => (out += text),
    outputError: (text) => (mistake += text),
  });
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (error instanceof RangeError) throw usageMistake(command.name(), error.message);
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new ProgramEnd(0, out);
    throw usageMistake(command.name(), mistake.replace(/^error: /, ""));
  }
}

/** A mistake on the command line, as the one line that is written. */
export function usageMistake(program: string, message: string): ProgramEnd {
  return new ProgramEnd(
    2,
    `${program}: ${message
      .trim()
      .replaceAll(/\s*\n\s*/g, " ")
      .replace(/\.$/, "")}; see ${program} --help`,
  );
}

/**
 * Reads an option's value with `parse`, which throws `RangeError` with what is wrong, such as `must be ..., got ...`.
 *
 * @param option How the option is called in the message.
 */
export function optionValue<T>(option: string, parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof RangeError ? new RangeError(`${option} ${error.message}`) : error;
    }
  };
}

/** An option that is there once at the most, for commander: it would take the last of several without a word. */
export function once<T>(option: string, parse: (text: string) => T): (text: string, before?: T) => T {
  return (text, before) => {
    if (before !== undefined) throw new RangeError(`${option} is there twice: take one out`);
    return parse(text);
  };
}

/** An option's value as a whole number within bounds. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return optionValue(option, (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new RangeError(`must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
  });
}
