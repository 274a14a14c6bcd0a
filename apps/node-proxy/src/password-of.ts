import { resolve } from "node:path";
import type { CredentialsConfig, IsMeant } from "@memwire/config";
import { checkCredentials } from "@memwire/proxy";
import { NamedMistake } from "./named-mistake.ts";
import { readNamedFile } from "./read-named-file.ts";

/**
 * The password of a pool's credentials, from where the configuration says it is. It is in no message.
 *
 * @param folder Where the name of its file starts from.
 * @throws NamedMistake that says what is not there, or why no server would take it
 */
export function passwordOf(
  { kind, user, password: where }: CredentialsConfig,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const [key, named] = "variable" in where ? ["password_env", where.variable] : ["password_file", where.file];
  const password =
    "variable" in where ? (environment[where.variable] ?? "") : firstLineOf(where.file, folder);
  if (password === "") {
    const message =
      "variable" in where
        ? `the password is to be in ${named} of the environment: it is not set`
        : `the password is to be the first line of ${resolve(folder, named)}: it is empty`;
    throw new NamedMistake(key, named, message);
  }
  try {
    checkCredentials({ kind, user, password });
  } catch (error) {
    // Others may have the same password, and servers that take it.
    const isMeant: IsMeant = (its) => its["user"] === user && (its["kind"] ?? "text") === kind;
    throw new NamedMistake(key, named, (error as RangeError).message, { cause: error, isMeant });
  }
  return password;
}

function firstLineOf(file: string, folder: string): string {
  const text = new TextDecoder().decode(readNamedFile(folder, file, "password_file"));
  const [line = ""] = text.split(/\r?\n/);
  return line;
}
