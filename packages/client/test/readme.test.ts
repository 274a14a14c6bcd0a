// What the README says of limits is what the code does.

import { readFileSync } from "node:fs";
import {
  DEFAULT_REPLY_LIMITS,
  DEFAULT_SERVER_LIMITS,
  DEFAULT_TIMEOUT_MS,
  newServerCounters,
} from "@memwire/link";
import { expect, test } from "vitest";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [, table = ""] = readme.split("## Limits");
const rows = Array.from(
  table.matchAll(/^\| `([^|]+?) +\| ([^|]+?) +\|.*\| +([^|]*?) *\|$/gm),
  ([, options, values, counters]) => ({
    options: options?.replaceAll(/limits\.|replies\.|`/g, "").split(", "),
    values: values?.split(", ") ?? [],
    counters: counters?.match(/\w+/g) ?? [],
  }),
);

const MIB = 1_048_576;

function numberOf(text: string | undefined): number {
  const number = Number((text ?? "").replaceAll(/[^\d]/g, ""));
  return text?.includes("MiB") === true ? number * MIB : number;
}

test("the table of limits has every limit, with its default", () => {
  const said = rows.flatMap(({ options = [], values }) =>
    options.map((name, i) => [name, numberOf(values[i] ?? values[0])] as const),
  );
  expect(Object.fromEntries(said)).toEqual({
    ...DEFAULT_SERVER_LIMITS,
    ...DEFAULT_REPLY_LIMITS,
    queuedTimeoutMs: DEFAULT_TIMEOUT_MS,
    connectTimeoutMs: DEFAULT_TIMEOUT_MS,
    replyTimeoutMs: DEFAULT_TIMEOUT_MS,
    idleTimeoutMs: 0, // "none"
    connections: 1,
  });
});

test("every counter of the table is one of those that `servers()` answers", () => {
  const counters = new Set(rows.flatMap((row) => row.counters));
  expect([...counters].filter((name) => !(name in newServerCounters()))).toEqual([]);
  expect(counters.size).toBeGreaterThan(5);
});
