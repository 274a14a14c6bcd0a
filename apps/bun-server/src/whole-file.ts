import { renameSync, rmSync, writeFileSync } from "node:fs";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such folder",
  ENOTDIR: "no such folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/**
 * Writes a file that is there whole or not at all, by another one beside it: a server that serves does not end for
 * want of a file that says so.
 *
 * @param what Which file this is, as in "the pid file of -P"
 * @returns one line if it could not be written
 */
export function writeWhole(path: string, suffix: string, text: string, what: string): string | undefined {
  const beside = path + suffix;
  try {
    writeFileSync(beside, text);
  } catch (error) {
    return failure(path, what, error);
  }
  try {
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    return failure(path, what, error);
  }
  return undefined;
}

function failure(path: string, what: string, error: unknown): string {
  const { code = "", message } = error as Error & { code?: string };
  return `cannot write ${what}, ${path}: ${reasons[code] ?? message}`;
}
