import { readFileSync } from "node:fs";
import { usageMistake } from "./arguments.ts";

/**
 * The text of a file that the user named, in UTF-8.
 *
 * @throws ProgramEnd 2 with one line that says why it cannot be read
 */
export function readTextFile(program: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    throw usageMistake(program, `cannot read ${file}: ${reasons[code] ?? message}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
};
