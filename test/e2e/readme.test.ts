// Every TypeScript block of every README runs, as a reader would run it.

import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { runtimeCommand, type Runtime } from "@memwire/conformance";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);
const folder = join(process.cwd(), ".vitest", "readme");
mkdirSync(folder, { recursive: true });

const pages = ["README.md", ...globSync("{packages,apps}/*/README.md")].toSorted();

/** The adapters of Bun and Deno are for those; everything else runs on Node. */
function runtimeOf(page: string): Runtime {
  if (page.includes("adapter-bun")) return "bun";
  return page.includes("adapter-deno") ? "deno" : "node";
}

describe.each(pages)("%s", (page) => {
  const blocks = [...readFileSync(page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    (match) => match[1],
  );
  test.each(blocks.map((code, index) => [index + 1, code]))("example %i runs", async (index, code) => {
    const file = join(folder, `${page.replaceAll(/[^\w]/g, "-")}-${index}.ts`);
    writeFileSync(file, String(code));
    const [program, ...args] = runtimeCommand(runtimeOf(page));
    const { stderr } = await run(program, [...args, file], { timeout: 30_000 });
    expect(stderr).toBe("");
  });
  test("has no example in another form that nobody runs", () => {
    expect(readFileSync(page, "utf8")).not.toMatch(/^```(?:js|javascript|typescript|tsx)$/m);
  });
});
