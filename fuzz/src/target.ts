// Which targets there are, and what is kept of each on disk.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One module under targets/: `fuzz` throws if the code under test does what it must not, whatever it is given. */
export interface Target {
  fuzz(data: Uint8Array): void;
}

const folder = join(import.meta.dirname, "..");

export function targetNames(): string[] {
  return readdirSync(join(folder, "src", "targets"))
    .map((file) => file.replace(/\.ts$/, ""))
    .toSorted();
}

export async function loadTarget(name: string): Promise<Target> {
  const module: unknown = await import(`./targets/${name}.ts`);
  return module as Target;
}

/** Inputs that together reach what was ever reached, smallest first. */
export function readCorpus(name: string): Uint8Array[] {
  const corpus = join(folder, "corpus", name);
  mkdirSync(corpus, { recursive: true });
  return readdirSync(corpus)
    .map((file) => new Uint8Array(readFileSync(join(corpus, file))))
    .toSorted((a, b) => a.length - b.length);
}

/** Replaces the corpus. */
export function writeCorpus(name: string, inputs: readonly Uint8Array[]): void {
  const corpus = join(folder, "corpus", name);
  rmSync(corpus, { recursive: true, force: true });
  mkdirSync(corpus, { recursive: true });
  for (const input of inputs) writeFileSync(join(corpus, hashOf(input)), input);
}

/** Saves an input that must be looked at. Answers where. */
export function saveCrash(name: string, input: Uint8Array): string {
  const path = join(folder, `crash-${name}-${hashOf(input)}`);
  writeFileSync(path, input);
  return path;
}

const hashOf = (input: Uint8Array): string => createHash("sha256").update(input).digest("hex").slice(0, 12);
