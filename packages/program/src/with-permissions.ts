// Permissions of a unix socket from the moment it is there: chmod afterwards leaves a moment for those who may not.

import process from "node:process";

/**
 * Runs `listen` so that the sockets it makes have these permissions, such as 0o660. They are the whole process's for
 * as long as it runs: nothing else may make a file meanwhile.
 */
export async function withPermissions<T>(mode: number, listen: () => Promise<T>): Promise<T> {
  const before = process.umask(0o777 & ~mode);
  try {
    return await listen();
  } finally {
    process.umask(before);
  }
}
