import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CredentialsConfig } from "@memwire/config";

/**
 * The password of a pool's credentials, from where the configuration says it is. It is in no message.
 *
 * @param folder Where the name of its file starts from.
 * @throws Error that says what is not there
 */
export function passwordOf(
  { password: where }: CredentialsConfig,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if ("variable" in where) {
    const password = environment[where.variable] ?? "";
    if (password === "")
      throw new Error(`the password is to be in ${where.variable} of the environment: it is not set`);
    return password;
  }
  const path = resolve(folder, where.file);
  const [line = ""] = readPasswordFile(path).split(/\r?\n/);
  if (line === "") throw new Error(`the password is to be the first line of ${path}: it is empty`);
  return line;
}

function readPasswordFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`cannot read ${path} for the password: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? "no such file" : code === "EACCES" ? "permission denied" : message;
}
