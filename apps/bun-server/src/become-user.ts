import { execFileSync } from "node:child_process";
import process from "node:process";
import { usageMistake } from "@memwire/program";
import { PROGRAM } from "./task.ts";

/**
 * Makes a process of root one of another user, for good. For anybody else it does nothing, as memcached does.
 *
 * @returns one line, if something of root is left
 * @throws ProgramEnd 2 if there is no such user
 */
export function becomeUser(user: string): string | undefined {
  if (process.getuid?.() !== 0 || user === "root") return undefined;
  const { initgroups } = process as { initgroups?: (user: string, group: number) => void };
  try {
    const group = Number(execFileSync("id", ["-g", "--", user], { stdio: ["ignore", "pipe", "ignore"] }));
    initgroups?.(user, group);
    process.setgid?.(group);
    process.setuid?.(user);
  } catch {
    throw usageMistake(PROGRAM, `-u must be a user of this machine, got ${JSON.stringify(user)}`);
  }
  // Deno 2.9 has no initgroups.
  return initgroups === undefined ? "-u leaves the process in the groups of root" : undefined;
}
