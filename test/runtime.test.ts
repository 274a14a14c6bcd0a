// scripts/test.ts says which runtime it started; this is that it really did.
import process from "node:process";
import { expect, test } from "vitest";

const expected = process.env["EXPECT_RUNTIME"];

function runtime(): string {
  if (process.versions["bun"] !== undefined) return "bun";
  if (process.versions["deno"] !== undefined) return "deno";
  return "node";
}

test(`the tests run on ${expected ?? "a runtime that its globals and its versions agree on"}`, () => {
  const byGlobals = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
  expect(runtime()).toBe(byGlobals);
  expect(runtime()).toBe(expected ?? byGlobals);
});

test("Node is one that runs TypeScript", () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  expect(major + minor / 100).toBeGreaterThanOrEqual(22.18);
});
