// Whether tests of Bun's sockets by Linux's io_uring can run: containers often do not allow it.
//
// Their lack is never passed over in silence: with REQUIRE_PEERS=1 such tests run, and fail; without it they are
// skipped, each one counted.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { runtimeCommand } from "./spawn.ts";

const PROBE = `
  const { openRing } = await import("@memwire/adapter-bun");
  process.exit((await openRing()) === undefined ? 1 : 0);
`;

/** Asks Bun, whichever runtime the tests are on. */
export function mayLackIoUring(): boolean {
  if (process.env["REQUIRE_PEERS"] === "1") return false;
  const [path, ...args] = runtimeCommand("bun");
  return spawnSync(path, [...args, "-e", PROBE], { cwd: import.meta.dirname }).status !== 0;
}
