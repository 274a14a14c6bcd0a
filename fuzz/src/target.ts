// Which targets there are, and what is kept of each on disk.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One module under targets/: `fuzz` throws if the code under test does what it must not, whatever it is given. */
export interface Target {
  readonly fuzz: (data: Uint8Array) => void;
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
  const file = corpusFile(name);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => bytesOf(JSON.parse(line) as string));
}

/** Replaces the corpus. */
export function writeCorpus(name: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map((input) => `${JSON.stringify(textOf(input))}\n`);
  mkdirSync(join(folder, "corpus"), { recursive: true });
  writeFileSync(corpusFile(name), [...new Set(lines)].toSorted((a, b) => a.length - b.length).join(""));
}

/** One input a line, as a JSON string with a character for each byte: small, and changes to it can be read. */
const corpusFile = (name: string): string => join(folder, "corpus", `${name}.jsonl`);

/** A character for each byte. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** Saves an input that must be looked at. Answers where. */
export function saveCrash(name: string, input: Uint8Array): string {
  const path = join(folder, `crash-${name}-${hashOf(input)}`);
  writeFileSync(path, input);
  return path;
}

const hashOf = (input: Uint8Array): string => createHash("sha256").update(input).digest("hex").slice(0, 12);
