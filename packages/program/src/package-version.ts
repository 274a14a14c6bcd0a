import { readFileSync } from "node:fs";

/** The version of the package that a module belongs to, one folder above it, as in `src/main.ts` or `dist/main.js`. */
export function packageVersion(moduleUrl: string): string {
  const text = readFileSync(new URL("../package.json", moduleUrl), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
