import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { DEFAULT_GATEWAY_LIMITS } from "../src/mod.ts";
import { newCounters } from "../src/counters.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the example is in the README, and prints what it says", async () => {
  const example = readFileSync(new URL("readme-example-gateway.ts", import.meta.url), "utf8");
  expect(readme).toContain(example);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./readme-example-gateway.ts");
  const printed = log.mock.calls.map((values) => values.join(" "));
  log.mockRestore();
  expect(printed).toEqual(Array.from(example.matchAll(/\/\/ (?!or )(.+)$/gm), (match) => match[1]));
});

test.each(Object.entries(DEFAULT_GATEWAY_LIMITS))(
  "the README has the limit %s with its default",
  (name, value) => {
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";
    expect(row.split("|")[2]?.trim()).toBe(
      value === Infinity ? "that of the runtime" : new Intl.NumberFormat("en").format(value as number),
    );
  },
);

test.each(Object.keys(newCounters()))("the README has the counter %s", (name) => {
  expect(readme).toContain(`\`${name}\``);
});
