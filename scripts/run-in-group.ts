// Runs a program in a process group of its own, and leaves nothing of that group behind.
//
// The group ends with the program, with this process however that ends, and when time is up.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";

export interface Limits {
  /** For the whole run. */
  readonly runMs: number;
  /** A file that the program writes when it is through with its work. */
  readonly report: string;
  /** From there to its end. */
  readonly afterReportMs: number;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves to the program's exit code; 1 if it did not start, was killed or came to its limits, which is said. */
export function runInGroup(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly limits: Limits },
): Promise<number> {
  const { cwd, env, limits } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
      env: { ...process.env, ...env },
    });
    const killGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // nothing was left
      }
    };
    const stop = (signal: NodeJS.Signals): never => process.exit(128 + constants.signals[signal]);
    for (const signal of signals) process.once(signal, stop);
    process.once("exit", killGroup);

    const startedAt = Date.now();
    let reportedAt = Infinity;
    const watch = setInterval(() => {
      const now = Date.now();
      if (reportedAt === Infinity && existsSync(limits.report)) reportedAt = now;
      const late = now - startedAt > limits.runMs;
      if (!late && now - reportedAt <= limits.afterReportMs) return;
      const why = late
        ? `it took more than ${limits.runMs / 1000} s`
        : `it was through, but did not end within ${limits.afterReportMs / 1000} s: something is left open`;
      console.error(`\n${program} was killed: ${why}`);
      clearInterval(watch);
      killGroup();
    }, 500);

    const over = (status: number): void => {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, stop);
      process.off("exit", killGroup);
      killGroup();
      resolve(status);
    };
    child.once("error", (error) => {
      console.error(`${program} does not start: ${error.message}`);
      over(1);
    });
    child.once("exit", (code) => over(code ?? 1));
  });
}
