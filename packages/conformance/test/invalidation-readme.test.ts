import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

test("the example is in the README of the invalidation, and prints what it says", async () => {
  const example = readFileSync(new URL("readme-example-invalidation.ts", import.meta.url), "utf8");
  const readme = readFileSync(new URL("../../invalidation/README.md", import.meta.url), "utf8");
  expect(readme).toContain(example);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./readme-example-invalidation.ts");
  const printed = log.mock.calls.map(([value]) => String(value));
  log.mockRestore();
  expect(printed).toEqual(Array.from(example.matchAll(/\/\/ (.+)$/gm), (match) => match[1]));
});
