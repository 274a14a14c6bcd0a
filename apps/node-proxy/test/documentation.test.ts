// docs/operating-the-proxy.md says every option, with the bounds that it has, and every flag and variable.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { proxyJsonSchema, type JsonSchema } from "@memwire/config";
import { expect, test } from "vitest";
import { readTask } from "../src/cli.ts";
import { describeVariables } from "../src/settings.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const text = readFileSync(join(root, "docs", "operating-the-proxy.md"), "utf8");
const sections = new Map(
  text.split(/^##+ /m).map((section) => [section.slice(0, section.indexOf("\n")), section]),
);

/** The rows of a section by their first cell. */
function rowsOf(section: string): ReadonlyMap<string, readonly string[]> {
  const rows = (sections.get(section) ?? "").matchAll(/^\| (.+) \|$/gm);
  return new Map(
    Array.from(rows, ([, row = ""]) => row.split(/ \| /).map((cell) => cell.trim())).flatMap((cells) =>
      Array.from(cells[0]?.matchAll(/`([^`]+)`/g) ?? [], ([, key = ""]): [string, readonly string[]] => [
        key,
        cells,
      ]),
    ),
  );
}

/** The schema at the end of some keys, whatever forms there are beside. */
function at(schema: JsonSchema, keys: readonly string[]): JsonSchema {
  const [key, ...rest] = keys;
  if (key === undefined) return schema;
  const { properties, anyOf, items, additionalProperties } = schema as {
    properties?: Record<string, JsonSchema>;
    anyOf?: readonly JsonSchema[];
    items?: JsonSchema;
    additionalProperties?: JsonSchema;
  };
  if (key === "*") return at((additionalProperties ?? items) as JsonSchema, rest);
  const form = anyOf?.find((each) => (key === "[]" ? each["type"] === "array" : each["type"] === "object"));
  if (key === "[]") return at((form as { items: JsonSchema }).items, rest);
  const own = properties ?? (form as { properties: Record<string, JsonSchema> }).properties;
  return at(own[key] as JsonSchema, rest);
}

function keysOf(schema: JsonSchema): Record<string, JsonSchema> {
  const { properties, anyOf } = schema as {
    properties?: Record<string, JsonSchema>;
    anyOf?: readonly JsonSchema[];
  };
  return properties ?? keysOf(anyOf?.find(({ type }) => type === "object") as JsonSchema);
}

const schema = proxyJsonSchema("memwire");
const pool = ["pools", "*"];

test.each<[string, readonly string[]]>([
  ["`pools`: each pool", pool],
  ["`listen`", [...pool, "listen"]],
  ["`listen`", [...pool, "listen", "tls"]],
  ["`servers`", [...pool, "servers", "*"]],
  ["`distribution`", [...pool, "distribution"]],
  ["`health`", [...pool, "health"]],
  ["`rate_limit`", [...pool, "rate_limit"]],
  ["`rate_limit`", [...pool, "rate_limit", "total"]],
  ["`credentials`", [...pool, "credentials"]],
  ["`proxy`: the process", ["proxy"]],
])("section %s has what %j may have, and its bounds", (section, way) => {
  const rows = rowsOf(section);
  for (const [key, value] of Object.entries(keysOf(at(schema, way)))) {
    const cells = rows.get(key);
    expect([key, cells !== undefined]).toEqual([key, true]);
    const { minimum, maximum } = value as { minimum?: number; maximum?: number };
    if (minimum !== undefined) expect(cells).toContain(`${minimum} to ${maximum}`);
  }
});

test("no section has a key that is none", () => {
  const known = (section: string, ...ways: (readonly string[])[]): void => {
    const keys = new Set(ways.flatMap((way) => Object.keys(keysOf(at(schema, way)))));
    for (const key of rowsOf(section).keys())
      expect([section, key, keys.has(key)]).toEqual([section, key, true]);
  };
  known("`pools`: each pool", pool);
  known("`listen`", [...pool, "listen"], [...pool, "listen", "tls"]);
  known("`servers`", [...pool, "servers", "*"], [...pool, "servers", "*", "tls"]);
  known("`health`", [...pool, "health"]);
  known("`rate_limit`", [...pool, "rate_limit"], [...pool, "rate_limit", "total"]);
  known("`credentials`", [...pool, "credentials"]);
  known("`proxy`: the process", ["proxy"]);
});

test("twemproxy's keys are all there", () => {
  const keys = Object.keys(keysOf(at(proxyJsonSchema("twemproxy"), ["*"])));
  expect([...rowsOf("twemproxy's file").keys()].toSorted()).toEqual(keys.toSorted());
});

test("every variable is there, beside its flag", () => {
  const rows = rowsOf("Who says it");
  for (const [, variable = "", flag = ""] of describeVariables().matchAll(/(MEMWIRE_\w+) +(--[a-z-]+)/g)) {
    expect(rows.get(flag)?.[1]).toBe(`\`${variable}\``);
  }
  expect(() => readTask(["--help"], "1.2.3", {})).toThrow(/MEMWIRE_PROXY_LISTEN +--listen/);
});
