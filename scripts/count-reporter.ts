// A Vitest reporter that writes what scripts/test.ts adds up: counts, and why tests were skipped.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export interface Counts {
  readonly passed: number;
  /** Tests, files that could not be loaded, and errors outside of any test. */
  readonly failed: number;
  /** Each test that was skipped, by its reason. */
  readonly skipped: readonly string[];
}

/** The file to write to is in COUNTS_FILE. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandled.length;
    const skipped: string[] = [];
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") passed++;
        else if (result.state === "skipped") skipped.push(result.note ?? test.fullName);
        else failed++;
      }
    }
    const file = process.env["COUNTS_FILE"] ?? "";
    mkdirSync(dirname(file), { recursive: true });
    const counts: Counts = { passed, failed, skipped };
    writeFileSync(file, JSON.stringify(counts));
  }
}
