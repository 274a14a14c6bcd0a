// The load generator, memload.c: compiled when first wanted, run on a core of its own.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { required } from "./subject.ts";

/** What one run measured. */
export interface Measured {
  /** Answered while it measured, of which gets of several keys count as one. */
  readonly requests: number;
  readonly keys: number;
  readonly hits: number;
  /** Answers that were not what they must be; it should be 0. */
  readonly wrong: number;
  readonly first_wrong: string;
  readonly seconds: number;
  /** User and system time of the processes that were measured. */
  readonly cpu_us: number;
  /** Of a batch of `depth` requests. */
  readonly p50_us: number;
  readonly p99_us: number;
}

const source = join(import.meta.dirname, "memload.c");
const folder = join(import.meta.dirname, "..", "dist");
const program = join(folder, "memload");

/** Compiles the generator if it is not there or older than its source. @throws Error if there is no C compiler */
export function buildGenerator(): void {
  const built = statSync(program, { throwIfNoEntry: false });
  if (built !== undefined && built.mtimeMs > statSync(source).mtimeMs) return;
  mkdirSync(folder, { recursive: true });
  execFileSync(process.env["CC"] ?? "cc", ["-O2", "-o", program, source], { stdio: "inherit" });
}

/** Sends the load of `options` (memload.c has them) to a port, and measures the process `pid` with all its children. */
export function measure(
  port: number,
  pid: number,
  cores: number | string,
  options: readonly string[],
): Promise<Measured> {
  const args = ["-c", `${cores}`, program, `port=${port}`, `cpu_of=${familyOf(pid).join(",")}`, ...options];
  return new Promise((resolve, reject) => {
    const child = spawn(required("taskset"), args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let complaint = "";
    child.stdout.on("data", (chunk: unknown) => (said += String(chunk)));
    child.stderr.on("data", (chunk: unknown) => (complaint += String(chunk)));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0 || code === 1) resolve(JSON.parse(said) as Measured);
      else reject(new Error(`${complaint}${options.join(" ")}`));
    });
  });
}

/** A process and all that descend from it. */
export function familyOf(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0; // ended meanwhile
  }
}

/** Resident memory of a process and its children, in MiB. */
export function residentMiB(pid: number): number {
  const kilobytes = familyOf(pid).map((member) => {
    const status = readFileSync(`/proc/${member}/status`, "latin1");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}
