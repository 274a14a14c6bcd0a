// Why a connection was not made. Bun 1.4.5 says ECONNREFUSED of nearly everything, also where there was no file
// descriptor for it: that is not the peer's fault, and must not look like it.

import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

/** What a connection failed with; that there are no file descriptors, if there are none. */
export function connectError(error: unknown): unknown {
  if ((error as { code?: unknown } | null | undefined)?.code !== "ECONNREFUSED") return error;
  try {
    closeSync(openSync(devNull, "r"));
    return error;
  } catch (lack) {
    const { code } = lack as { code?: unknown };
    return code === "EMFILE" || code === "ENFILE" ? lack : error;
  }
}
