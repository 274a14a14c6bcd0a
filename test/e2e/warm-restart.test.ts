// Too many items for a test's own process, where every constant of another module is looked up.

import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { runtimeCommand, RUNTIMES } from "@memwire/conformance";
import { expect, test } from "vitest";

const run = promisify(execFile);
const script = join(process.cwd(), "packages", "store", "test", "restart-a-million.ts");

test.each(RUNTIMES)(
  "on %s a million items come back byte for byte, with their ages and cas",
  async (runtime) => {
    const [program, ...args] = runtimeCommand(runtime);
    const { stdout } = await run(program, [...args, script]);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "restored",
      items: 1_000_000,
      evicted: 0,
      there: 1_000_000,
      alike: 1_000_000,
    });
  },
);
