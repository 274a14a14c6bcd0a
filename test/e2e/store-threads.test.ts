// The README's store of several threads, as a program on each runtime.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { runtimeCommand, RUNTIMES } from "@memwire/conformance";
import { expect, test } from "vitest";

const run = promisify(execFile);
const folder = join(process.cwd(), "packages", "store");
const script = join(folder, "test", "readme-example-threads.ts");

test.each(RUNTIMES)("on %s threads count together, as the README has it", async (runtime) => {
  const example = readFileSync(script, "utf8");
  expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(example);
  const [program, ...args] = runtimeCommand(runtime);
  const { stdout } = await run(program, [...args, script]);
  expect(stdout).toBe(`${/\/\/ (\d+)$/m.exec(example)?.[1]}\n`);
});
