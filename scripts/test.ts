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
import { runInGroup } from "./run-in-group.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

// Half a minute from the report to the end: coverage is worked out in it, and workers are ended.
const limits = { runMs: 10 * 60_000, afterReportMs: 30_000 };
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
if (wanted.length === 0) wanted.push(...Object.keys(runtimes));
rmSync(reports, { recursive: true, force: true });

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
for (const name of wanted) {
  console.log(`\n== ${name}`);
  const counts = await testOn(name);
  lines.push(`${name}: ${describeCounts(counts)}`);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
if (coverage.length > 0) total.failed += await mergeCoverage();
if (total.passed === 0) {
  console.error("no test ran");
  total.failed++;
}
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${lines.join("\n")}\n${describeCounts(total)}`);

async function testOn(name: string): Promise<Counts> {
  const [program, ...rest] = runtimes[name] ?? [name];
  const report = join(reports, `${name}.json`);
  const status = await runInGroup(
    program,
    [
      ...rest,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...(coverage.length > 0
        ? [...coverage, "--reporter=blob", `--outputFile.blob=${join(reports, "blob", `${name}.json`)}`]
        : []),
      // What was asked for may be of another runtime's project; that nothing ran at all is seen at the end.
      ...(args.length > 0 ? ["--passWithNoTests", ...args] : []),
    ],
    { cwd: root, env: { EXPECT_RUNTIME: name, VITEST_BLOB_LABEL: name }, limits: { ...limits, report } },
  );
  const counts = countsOf(report);
  if (counts === undefined) console.error(`${name} failed: it left no report`);
  if (counts !== undefined && (status === 0 || counts.failed > 0)) return counts;
  // An error outside of any test, a file that cannot be loaded, a crash.
  return { passed: counts?.passed ?? 0, failed: 1, skipped: counts?.skipped ?? 0 };
}

function countsOf(report: string): Counts | undefined {
  if (!existsSync(report)) return undefined;
  const read: {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  } = JSON.parse(readFileSync(report, "utf8"));
  return {
    passed: read.numPassedTests,
    failed: read.numFailedTests,
    skipped: read.numPendingTests + read.numTodoTests,
  };
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
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
