// Arguments are read into options; help, versions and mistakes end the program with one text and an exit code.

import { expect, test } from "vitest";
import { Command, optionValue, packageVersion, ProgramEnd, readArguments, wholeNumber } from "../src/mod.ts";

const command = (): Command =>
  new Command("frob")
    .option("--size <number>", "how large", wholeNumber("--size", -1, 9), 3)
    .option("--word <text>", "a word", optionValue("--word", readWord))
    .version("1.2.3", "--version");

function readWord(text: string): string {
  if (text === "broken") throw new TypeError("a defect of the reader itself");
  if (!/^\w+$/.test(text)) throw new RangeError(`must be one word, got ${JSON.stringify(text)}`);
  return text.toUpperCase();
}

function endOf(...args: string[]): { exitCode: number; message: string } {
  try {
    readArguments(command(), args);
  } catch (error) {
    if (error instanceof ProgramEnd) return { exitCode: error.exitCode, message: error.message };
    throw error;
  }
  throw new Error("it did not end");
}

test.each<[string[], object]>([
  [[], { size: 3 }],
  [["--size", "9"], { size: 9 }],
  [["--size", "-1"], { size: -1 }],
  [["--size=0", "--word", "hi"], { size: 0, word: "HI" }],
])("reads %j", (args, options) => {
  const read = command();
  readArguments(read, args);
  expect(read.opts()).toEqual(options);
});

test.each<[string[], string]>([
  [["--size", "10"], '--size must be a whole number from -1 to 9, got "10"'],
  [["--size", "1e0"], '--size must be a whole number from -1 to 9, got "1e0"'],
  [["--size", ""], '--size must be a whole number from -1 to 9, got ""'],
  [["--size"], "option '--size <number>' argument missing"],
  [["--word", "a b"], '--word must be one word, got "a b"'],
  [["--wort", "a"], "unknown option '--wort' (Did you mean --word?)"],
  [["a", "b"], "too many arguments. Expected 0 arguments but got 2: a, b"],
])("refuses %j in one line", (args, message) => {
  expect(endOf(...args)).toEqual({ exitCode: 2, message: `frob: ${message}; see frob --help` });
});

test("answers with help and version", () => {
  expect(endOf("--version")).toEqual({ exitCode: 0, message: "1.2.3\n" });
  expect(endOf("--help")).toMatchObject({ exitCode: 0, message: expect.stringMatching(/^Usage: frob /) });
});

test("a defect of a reader is no mistake of the user", () => {
  expect(() => readArguments(command(), ["--word", "broken"])).toThrow(TypeError);
});

test("knows the version of the package that a module belongs to", () => {
  expect(packageVersion(import.meta.url)).toMatch(/^\d+\.\d+\.\d+$/);
});
