// Who may use the server, from the file that -Y or MEMCACHED_SASL_PWDB names. SIGHUP reads it again: one that has a
// mistake by then changes nothing.

import { readFileSync } from "node:fs";
import { usageMistake } from "@memwire/program";
import {
  type Authentication,
  checkOf,
  parseAsciiUsers,
  parseSaslUsers,
  type UserCheck,
} from "@memwire/server";
import { PROGRAM, type AuthenticationTask } from "./task.ts";

const READERS = { ascii: parseAsciiUsers, sasl: parseSaslUsers } as const;

export class UserFile {
  readonly authentication: Authentication;
  readonly #task: AuthenticationTask;
  #check: UserCheck;

  /** @throws ProgramEnd 2 if it cannot be read, or has a mistake */
  constructor(task: AuthenticationTask) {
    this.#task = task;
    try {
      this.#check = this.#read();
    } catch (error) {
      throw usageMistake(PROGRAM, messageOf(task, error));
    }
    this.authentication = { kind: task.kind, users: (name, password) => this.#check(name, password) };
  }

  /** Reads it again. @returns one line, if it stays what it was for a mistake */
  reload(): string | undefined {
    try {
      this.#check = this.#read();
      return undefined;
    } catch (error) {
      return `the users stay as they were: ${messageOf(this.#task, error)}`;
    }
  }

  #read(): UserCheck {
    const { kind, file } = this.#task;
    return checkOf(READERS[kind](readFileSync(file), file));
  }
}

function messageOf({ kind, file }: AuthenticationTask, error: unknown): string {
  if (error instanceof RangeError) return error.message;
  const { code = "", message } = error as { code?: string; message: string };
  const from = kind === "ascii" ? "-Y" : "MEMCACHED_SASL_PWDB";
  return `cannot read ${from} ${file}: ${reasons[code] ?? message}`;
}

/** What the user can put right. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};
