// Who may use which pool, from the files that a configuration names. They have the form of the file that memcached's
// MEMCACHED_SASL_PWDB names. On SIGHUP they are read again: what has a mistake by then changes nothing.

import { resolve } from "node:path";
import type { PoolConfig, ProxyConfig } from "@memwire/config";
import type { UserCheck } from "@memwire/proxy";
import { checkOf, parseSaslUsers } from "@memwire/server";
import { readNamedFile } from "./read-named-file.ts";
import type { RereadFiles } from "./refresh-on-hangup.ts";

export class UserFiles implements RereadFiles {
  readonly what: string = "users";
  readonly #folder: string;
  readonly #names: readonly string[];
  #checks: ReadonlyMap<string, UserCheck>;

  /**
   * @param folder Where names of files start from.
   * @throws Error that says which file cannot be read, or which line of it has a mistake
   */
  constructor({ pools }: ProxyConfig, folder: string) {
    this.#folder = folder;
    this.#names = pools.flatMap(({ usersFile }) => (usersFile === undefined ? [] : [usersFile]));
    this.#checks = this.#read();
  }

  get some(): boolean {
    return this.#names.length > 0;
  }

  /** Asks the users as they are at that time; `undefined` if everybody may use the pool. */
  checkOf({ usersFile }: PoolConfig): UserCheck | undefined {
    if (usersFile === undefined) return undefined;
    return (name, password) => this.#checks.get(usersFile)?.(name, password) === true;
  }

  refresh(): void {
    this.#checks = this.#read();
  }

  #read(): ReadonlyMap<string, UserCheck> {
    return new Map(
      this.#names.map((file) => {
        const users = parseSaslUsers(
          readNamedFile(this.#folder, file, "users_file"),
          resolve(this.#folder, file),
        );
        return [file, checkOf(users)];
      }),
    );
  }
}
