// The packages and apps of this repository, as the tests of its shape read them.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export interface Workspace {
  /** As in `@memwire/<name>`. */
  readonly name: string;
  readonly folder: string;
  readonly isApp: boolean;
  readonly manifest: Manifest;
  readonly compiler: CompilerConfig;
  /** Everything under src. */
  readonly sources: readonly SourceFile[];
}

interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** What it imports, for values or for types, in any way. */
  readonly imports: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface CompilerConfig {
  readonly extends: string;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  readonly references?: readonly { readonly path: string }[];
}

export const root: string = join(import.meta.dirname, "..");

/** All of them, packages first, by name. */
export function readWorkspaces(): readonly Workspace[] {
  return ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => readWorkspace(join(root, parent, entry.name), entry.name, parent === "apps")),
  );
}

function readWorkspace(folder: string, name: string, isApp: boolean): Workspace {
  return {
    name,
    folder,
    isApp,
    manifest: readJson(join(folder, "package.json")),
    compiler: readJson(join(folder, "tsconfig.json")),
    sources: readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readSource(join(folder, "src", file))),
  };
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, "utf8");
  return { path: relative(root, path), text, imports: importsOf(text) };
}

/** Reads a JSON file whose comments, if any, have lines of their own. */
export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8").replaceAll(/^\s*\/\/.*$/gm, "")) as T;
}

/**
 * Every module that a TypeScript text names: `import "x"`, `import … from "x"`, `export … from "x"`,
 * `import("x")`, also where only types come from it. A dynamic import that names none is answered as "?".
 */
export function importsOf(text: string): string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  const named = code.matchAll(/^(?:import\s+|(?:import|export)\b[^"'`;]*?\bfrom\s+)["']([^"']+)["']/gm);
  const dynamic = code.matchAll(/\bimport\(\s*(?:["']([^"']+)["'])?/g);
  return [...named, ...dynamic].map((match) => match[1] ?? "?");
}
