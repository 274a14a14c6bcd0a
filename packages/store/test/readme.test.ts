import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

test.each(["readme-example-cache.ts", "readme-example-store.ts", "readme-example-restart.ts"])(
  "%s is in the README, and prints what it says",
  async (file) => {
    const example = readFileSync(new URL(file, import.meta.url), "utf8");
    expect(readFileSync(new URL("../README.md", import.meta.url), "utf8")).toContain(example);
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await import(`./${file}`);
    const printed = log.mock.calls.map(([value]) =>
      typeof value === "bigint" ? `${value}n` : String(value),
    );
    log.mockRestore();
    expect(printed).toEqual(Array.from(example.matchAll(/\/\/ (.+)$/gm), (match) => match[1]));
  },
);
