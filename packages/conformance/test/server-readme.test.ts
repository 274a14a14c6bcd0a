import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

test.each(["readme-example-server.ts", "readme-example-engine.ts", "readme-example-users.ts"])(
  "%s is in the README of the server, and prints what it says",
  async (file) => {
    const example = readFileSync(new URL(file, import.meta.url), "utf8");
    expect(readFileSync(new URL("../../server/README.md", import.meta.url), "utf8")).toContain(example);
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await import(`./${file}`);
    const printed = log.mock.calls.map(([value]) => String(value));
    log.mockRestore();
    expect(printed).toEqual(Array.from(example.matchAll(/\/\/ (.+)$/gm), (match) => match[1]));
  },
);
