// npm memcached's own tests, which are written for mocha, as a program.
//
//     memcached-suite.ts host:port host:port host:port
//
// The addresses are of servers which it fills as it likes. It prints a line for each test, `passed TAB name` or
// `failed TAB name TAB why`. The file about connections is left out: most of it is about addresses where nobody
// listens, some of them on networks that are not this machine's.

import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";

type Body = (this: { timeout(ms: number): void }, done?: (error?: unknown) => void) => unknown;

const TAKES_AT_MOST_MS = 20_000;
const LEFT_OUT = "memcached-connections.test.js";

const suites: string[] = [];
const tests: { readonly name: string; readonly body: Body }[] = [];
Object.assign(globalThis, {
  describe(name: string, declare: () => void): void {
    suites.push(name);
    declare();
    suites.pop();
  },
  it(name: string, body: Body): void {
    tests.push({ name: [...suites, name].join(" > "), body });
  },
});

const require = createRequire(import.meta.url);
const folder = join(dirname(require.resolve("memcached/package.json")), "test");
const [single, ...more] = process.argv.slice(2);
// What the files take their addresses from, before they do.
const common = require(join(folder, "common.js")) as { servers: unknown };
common.servers = { single, multi: [single, ...more] };
const files = readdirSync(folder).filter((file) => file.endsWith(".test.js") && file !== LEFT_OUT);
// They ask for `should` on mocha's command line.
for (const module of ["should", ...files.toSorted().map((file) => join(folder, file))]) require(module);

for (const { name, body } of tests) {
  const why = await failure(body);
  console.log(why === undefined ? `passed\t${name}` : `failed\t${name}\t${why}`);
}
// A client of a test that failed still has its connections.
process.exit();

/** What went wrong: in the call, in a callback long after it, or that `done` was never called. */
function failure(body: Body): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (why?: unknown): void => {
      clearTimeout(timer);
      process.off("uncaughtException", end);
      resolve(
        why === undefined || why === null ? undefined : why instanceof Error ? String(why) : inspect(why),
      );
    };
    const timer = setTimeout(() => end("it never ended"), TAKES_AT_MOST_MS);
    process.on("uncaughtException", end);
    try {
      body.call({ timeout() {} }, end);
      if (body.length === 0) end();
    } catch (error) {
      end(error);
    }
  });
}
