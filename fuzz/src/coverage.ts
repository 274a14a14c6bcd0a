// What an input reaches in the code under test, counted.
//
//     load hook:  .ts source --> types stripped --> istanbul's counters put in --> run
//     attach():   every counter of every file becomes a slot of one array, cleared and read in one go
//
// A feature is a counter and how often it ran, in steps: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more. An input is
// worth keeping if it has a feature that none before it had.
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { createInstrumenter } from "@vitest/istanbul-lib-instrument";

/** istanbul's counters of one file, of which we use those of statements and of branches. */
interface FileCounters {
  s: Record<number, number> | Uint32Array;
  b: Record<number, number[] | Uint32Array>;
}

const VARIABLE = "memwireFuzzCounters";

/** Instruments the modules loaded from now on whose path `matches`; answers the literals seen in them. */
export function instrumentModules(matches: (path: string) => boolean): Set<string> {
  const literals = new Set<string>();
  const instrumenter = createInstrumenter({ esModules: true, coverageVariable: VARIABLE });
  registerHooks({
    load(url, context, nextLoad) {
      const path = url.startsWith("file:") ? fileURLToPath(url) : "";
      if (!path.endsWith(".ts") || !matches(path)) return nextLoad(url, context);
      const text = stripTypeScriptTypes(readFileSync(path, "utf8"));
      for (const literal of literalsOf(text)) literals.add(literal);
      return { format: "module", shortCircuit: true, source: instrumenter.instrumentSync(text, path) };
    },
  });
  return literals;
}

/** What is between quotes, and numbers: the words of a protocol and its bounds. */
function literalsOf(text: string): string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  const quoted = [...code.matchAll(/"((?:[^"\\\n]|\\.){1,40})"/g)].map(([whole]) =>
    String(JSON.parse(whole)),
  );
  const numbers = [...code.matchAll(/\b(?:0x[\da-f_]+|\d[\d_]*)\b/gi)].map(([number]) =>
    BigInt(number.replaceAll("_", "")).toString(),
  );
  return [...quoted, ...numbers];
}

export class Coverage {
  readonly #counters: Uint32Array;
  readonly #seen: Uint8Array;
  /** Features seen so far. */
  features = 0;

  /** Takes over the counters of everything that was instrumented: call it when all of it is loaded. */
  constructor() {
    const files = Object.values(
      (globalThis as unknown as Record<string, Record<string, FileCounters> | undefined>)[VARIABLE] ?? {},
    );
    if (files.length === 0) throw new Error("no module was instrumented");
    const counts = files.flatMap(({ s, b }) => [
      Object.keys(s).length,
      ...Object.values(b).map((branches) => branches.length),
    ]);
    this.#counters = new Uint32Array(counts.reduce((sum, count) => sum + count, 0));
    this.#seen = new Uint8Array(this.#counters.length);
    let used = 0;
    const take = (count: number): Uint32Array => this.#counters.subarray(used, (used += count));
    for (const file of files) {
      file.s = take(Object.keys(file.s).length);
      for (const [branch, ways] of Object.entries(file.b)) file.b[Number(branch)] = take(ways.length);
    }
  }

  get counters(): number {
    return this.#counters.length;
  }

  /** Counters that ran at all, for any input. */
  get reached(): number {
    return this.#seen.reduce((sum, steps) => sum + (steps === 0 ? 0 : 1), 0);
  }

  /** Before an input. */
  clear(): void {
    this.#counters.fill(0);
  }

  /** After an input: how many features it has that none before it had; they count as seen from now on. */
  admit(): number {
    const counters = this.#counters;
    const seen = this.#seen;
    let found = 0;
    for (let i = 0; i < counters.length; i++) {
      const count = counters[i] as number;
      if (count === 0) continue;
      const step = stepOf(count);
      if (((seen[i] as number) & step) !== 0) continue;
      seen[i] = (seen[i] as number) | step;
      found++;
    }
    this.features += found;
    return found;
  }

  /** After an input: its features, one number each. */
  list(): Set<number> {
    const found = new Set<number>();
    this.#counters.forEach((count, i) => count > 0 && found.add(i * 256 + stepOf(count)));
    return found;
  }
}

/** One bit of eight. */
function stepOf(count: number): number {
  if (count < 4) return 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}
