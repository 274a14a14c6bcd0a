// Runs the tests on Node, Bun and Deno, one after the other: `npm test`.
//
//     npm test -- [--coverage] [node|bun|deno ...] [arguments for vitest]
//     npm test -- bun packages/codec          npm test -- node -t "any cut"
//
// Node runs everything, Bun and Deno the project "unit". A runtime that does not start, says nothing or takes too
// long is a failure. The last line is `N passed, N failed, N skipped`, over all runtimes.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Counts } from "./count-reporter.ts";
import { runInGroup } from "./run-in-group.ts";

// Half a minute from the report to the end: coverage is worked out in it, and workers are ended.
const limits = { runMs: 25 * 60_000, afterReportMs: 30_000 };
const root = join(import.meta.dirname, "..");
const reports = join(root, ".vitest");

// The programs themselves: node_modules/.bin/deno is a launcher that passes no signal on.
const require = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));
const vitest = join(folderOf("vitest"), "vitest.mjs");
const bun = join(folderOf("bun"), "bin", "bun.exe");
const deno = join(folderOf("deno"), process.platform === "win32" ? "deno.exe" : "deno");

// Vitest 5.1: forks need `child.channel.unref`, which Bun has not; threads end with an error on Deno.
const runtimes: Readonly<Record<string, readonly [string, ...string[]]>> = {
  node: [process.execPath, vitest, "run", "--pool=forks"],
  bun: [bun, "--bun", vitest, "run", "--pool=threads", "--project=unit"],
  deno: [deno, "run", "-A", vitest, "run", "--pool=forks", "--project=unit"],
};

const args = process.argv.slice(2);
const wanted: string[] = [];
const coverage: string[] = [];
for (let first = args[0]; first !== undefined; first = args[0]) {
  if (first === "--coverage") coverage.push(first);
  else if (Object.hasOwn(runtimes, first)) wanted.push(first);
  else break;
  args.shift();
}
// Vitest takes what stands behind it for no filter, and would run everything.
if (args[0] === "--") args.shift();
if (wanted.length === 0) wanted.push(...Object.keys(runtimes));
rmSync(reports, { recursive: true, force: true });

const counted: (readonly [runtime: string, Counts])[] = [];
for (const name of wanted) {
  console.log(`\n== ${name}`);
  counted.push([name, await testOn(name)]);
}
const total = sum(counted.map(([, counts]) => counts));
const failures = total.failed + (coverage.length > 0 ? await mergeCoverage() : 0);
const noneRan = total.passed === 0;
if (noneRan) console.error("no test ran");
process.exitCode = failures > 0 || noneRan ? 1 : 0;
sayWhatWasSkipped();
console.log();
for (const [name, counts] of counted) console.log(`${name}: ${describeCounts(counts)}`);
console.log(describeCounts({ ...total, failed: failures + (noneRan ? 1 : 0) }));

async function testOn(name: string): Promise<Counts> {
  const [program, ...rest] = runtimes[name] ?? [name];
  const report = join(reports, `${name}.json`);
  const status = await runInGroup(
    program,
    [
      ...rest,
      "--reporter=default",
      `--reporter=${join(import.meta.dirname, "count-reporter.ts")}`,
      ...(coverage.length > 0
        ? [...coverage, "--reporter=blob", `--outputFile.blob=${join(reports, "blob", `${name}.json`)}`]
        : []),
      // What was asked for may be of another runtime's project; that nothing ran at all is seen at the end.
      ...(args.length > 0 ? ["--passWithNoTests", ...args] : []),
    ],
    {
      cwd: root,
      env: { EXPECT_RUNTIME: name, VITEST_BLOB_LABEL: name, COUNTS_FILE: report },
      limits: { ...limits, report },
    },
  );
  if (!existsSync(report)) {
    console.error(`${name} failed: it left no report`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const counts = JSON.parse(readFileSync(report, "utf8")) as Counts;
  return status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

function sum(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((count, { passed }) => count + passed, 0),
    failed: all.reduce((count, { failed }) => count + failed, 0),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
}

/** Nothing is skipped in silence: each reason, and how often it counted on which runtime. */
function sayWhatWasSkipped(): void {
  for (const reason of new Set(total.skipped)) {
    const where = counted
      .map(([name, { skipped }]) => [name, skipped.filter((it) => it === reason).length] as const)
      .filter(([, times]) => times > 0)
      .map(([name, times]) => `${times} on ${name}`);
    console.log(`skipped, ${where.join(", ")}: ${reason}`);
  }
}

/** One table for what all runtimes together have covered. Answers how many failures that adds. */
async function mergeCoverage(): Promise<number> {
  console.log("\n== coverage");
  const blobs = join(reports, "blob");
  const summary = join(root, "coverage", "coverage-summary.json");
  const merge = [vitest, "run", `--merge-reports=${blobs}`, "--coverage", "--reporter=dot"];
  // Its status is 1 when a test failed, and those are counted already.
  await runInGroup(process.execPath, merge, { cwd: root, env: {}, limits: { ...limits, report: summary } });
  return existsSync(summary) ? 0 : 1;
}

function describeCounts(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`;
}
