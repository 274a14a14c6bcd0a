import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

test("the example is in the README, and prints what it says", async () => {
  const example = readFileSync(new URL("readme-example-simulation.ts", import.meta.url), "utf8");
  expect(readFileSync(new URL("../README.md", import.meta.url), "utf8")).toContain(example);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./readme-example-simulation.ts");
  const printed = log.mock.calls.map(([value]) => String(value));
  log.mockRestore();
  expect(printed).toEqual(Array.from(example.matchAll(/\/\/ (.+)$/gm), (match) => match[1]));
});
