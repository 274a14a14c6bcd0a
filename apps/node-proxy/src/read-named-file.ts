import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { NamedMistake } from "./named-mistake.ts";

/**
 * A file that the configuration names.
 *
 * @param folder Where its name starts from.
 * @param key Of the configuration, that it is named by.
 * @throws NamedMistake that says which file cannot be read, and why
 */
export function readNamedFile(folder: string, file: string, key: string): Uint8Array {
  const path = resolve(folder, file);
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new NamedMistake(key, file, `cannot read ${path}: ${reasons[code] ?? message}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
};
