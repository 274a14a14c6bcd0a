// Our own programs as child processes, on every runtime, started from their sources and ended by id.
//
// The executables themselves are started: node_modules/.bin/deno is a launcher that passes no signal on.

import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";

export type Runtime = "node" | "bun" | "deno";
export const RUNTIMES: readonly Runtime[] = ["node", "bun", "deno"];

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** In a process group of its own, to which signals are sent: for a program that starts others. */
  readonly group?: boolean;
  /** A file descriptor that is its stderr, in place of one that is read here. */
  readonly stderr?: number;
}

const SAYS_WITHIN_MS = 30_000;
const STOPS_WITHIN_MS = 10_000;

const require = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** The executable of a runtime, and what stands before a TypeScript file of this repository. */
export function runtimeCommand(runtime: Runtime): readonly [string, ...string[]] {
  switch (runtime) {
    case "node":
      return [process.execPath, "-C", "@memwire/source"];
    case "bun":
      return [join(folderOf("bun"), "bin", "bun.exe"), "--conditions=@memwire/source"];
    case "deno":
      // Deno has ports that are shared, and UDP, behind a flag.
      return [join(folderOf("deno"), "deno"), "run", "-A", "--unstable-net", "--conditions=@memwire/source"];
  }
}

/** Starts a program of this repository. */
export function startProgram(
  runtime: Runtime,
  file: string,
  args: readonly string[],
  options: SpawnOptions = {},
): RunningProgram {
  const [path, ...before] = runtimeCommand(runtime);
  return new RunningProgram(path, [...before, file, ...args], options);
}

/** A child process, what it has written, and how it ended. */
export class RunningProgram implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #group: boolean;
  #over = false;
  #heard: () => void = () => {};

  constructor(
    path: string,
    args: readonly string[],
    { env = {}, cwd, group = false, stderr: own }: SpawnOptions = {},
  ) {
    this.#group = group;
    this.#child = spawn(path, args, {
      stdio: ["ignore", "pipe", own ?? "pipe"],
      env: { ...process.env, ...env },
      detached: group,
      ...(cwd === undefined ? {} : { cwd }),
    });
    const { stdout, stderr } = this.#child;
    stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#heard();
    });
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#heard();
    });
    const kill = (): void => this.signal("SIGKILL");
    process.once("exit", kill); // a test that was cut short
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => {
        this.#over = true;
        process.off("exit", kill);
        this.#heard();
        resolve({ code, signal });
      });
    });
  }

  /** `undefined` if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits until what was written, on stdout or on stderr, matches. @throws Error if it does not in half a minute */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const until = Date.now() + SAYS_WITHIN_MS;
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      if (this.#over || Date.now() > until) {
        throw new Error(`it never said ${String(pattern)}, but: ${this.stdout}${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        setTimeout(resolve, 100);
      });
    }
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && !this.#over) process.kill(this.#group ? -pid : pid, name);
  }

  /** SIGTERM, and SIGKILL if that is not enough: nodejs/node#54918, an exit that hangs. May be called twice. */
  async stop(): Promise<Ending> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), STOPS_WITHIN_MS);
    const ending = await this.ended;
    clearTimeout(timer);
    return ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
