import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { DEFAULT_DATAGRAM_LIMITS, DEFAULT_LIMITS } from "@memwire/codec";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

const examples: readonly [file: string, run: () => Promise<unknown>][] = [
  ["readme-example-server.ts", () => import("./readme-example-server.ts")],
  ["readme-example-client.ts", () => import("./readme-example-client.ts")],
  ["readme-example-sniffer.ts", () => import("./readme-example-sniffer.ts")],
  ["readme-example-udp.ts", () => import("./readme-example-udp.ts")],
  ["readme-example-binary.ts", () => import("./readme-example-binary.ts")],
  ["readme-example-forwarding.ts", () => import("./readme-example-forwarding.ts")],
  ["readme-example-translation.ts", () => import("./readme-example-translation.ts")],
];

for (const [file, run] of examples) {
  test(`${file} is in the README, and prints what it says`, async () => {
    const example = readFileSync(new URL(file, import.meta.url), "utf8");
    expect(readme).toContain(example);
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await run();
    const printed = log.mock.calls.map((values) =>
      values.map((value: unknown) => (typeof value === "bigint" ? `${value}n` : String(value))).join(" "),
    );
    log.mockRestore();
    expect(printed).toEqual(Array.from(example.matchAll(/^\/\/ prints (.+)$/gm), (match) => match[1]));
  });
}

test("the README's tables of limits have every limit with its default", () => {
  const rows = Array.from(readme.matchAll(/^\| `(\w+)` +\| ([\d,]+) +\|/gm), ([, name, value]) => [
    name,
    Number(value?.replaceAll(",", "")),
  ]);
  expect(Object.fromEntries(rows)).toEqual({ ...DEFAULT_LIMITS, ...DEFAULT_DATAGRAM_LIMITS });
});
