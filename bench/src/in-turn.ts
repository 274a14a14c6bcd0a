// Processes that are measured in turn: each does a round for every line it is sent, and answers with a line.
//
// So each has a heap of its own, code that is compiled for it alone, and nobody's garbage to collect but its own.

import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HEAP_MIB = 16_384;

/** A process that is measured. */
export class Answering {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(name: string, [path, ...args]: readonly [string, ...string[]]) {
    const child = spawn(path, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.name = name;
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error if it ended instead */
  async ask(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`${this.name} ended`);
    return answer.value;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  /** For one that has more to do than to read. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** It ends when it has nothing more to read. */
  end(): void {
    this.#child.stdin?.end();
  }
}

/** The other side: answers until there is nothing more to read. */
export async function answerLines(answer: (line: string) => unknown): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) console.log(await answer(line));
}

/** A program of this folder on the runtime that this one runs on, with room on its heap and a way to collect it. */
export function ownCommand(url: string, args: readonly string[]): readonly [string, ...string[]] {
  return [process.execPath, ...runtimeFlags(), fileURLToPath(url), ...args];
}

function runtimeFlags(): readonly string[] {
  if ("Bun" in globalThis) return ["--conditions=@memwire/source"];
  const heap = ["--expose-gc", `--max-old-space-size=${HEAP_MIB}`];
  if (!("Deno" in globalThis)) return ["-C", "@memwire/source", ...heap];
  return ["run", "-A", "--conditions=@memwire/source", `--v8-flags=${heap.join(",")}`];
}

/** Collects garbage, in a process started by `ownCommand`. */
export function collect(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(wait: boolean): void } };
  if (Bun === undefined) gc?.();
  else Bun.gc(true);
}
