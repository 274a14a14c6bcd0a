// docs/protocol.md against the code: an opcode, a status, a fault or a refusal that it does not have fails here.

import { readFileSync } from "node:fs";
import { BINARY_REFUSALS, BINARY_STATUSES, OPCODES, type BinaryFault, type ExtrasKind } from "@memwire/codec";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** The cells of the tables in this section that begin with a word in code, each without blanks and the code's marks. */
function rows(section: string): string[][] {
  const text = page.slice(page.indexOf(`\n## ${section}\n`) + 1).split("\n## ")[0] ?? "";
  return Array.from(text.matchAll(/^\| (`.+) \|$/gm), ([, cells = ""]) =>
    cells.split(/ +\| +/).map((cell) => cell.trim().replace(/^`(.*?)`.*$/, "$1")),
  );
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const extras: Readonly<Record<ExtrasKind, string>> = {
  none: "none",
  storage: "flags 4, exptime 4",
  arithmetic: "delta 8, initial 8, exptime 4",
  exptime: "exptime 4",
  delay: "exptime 4, or none",
};

test("there is one row for every opcode, with its number and what it has", () => {
  const keys = { none: /^none$/, some: /^key(?:: the mechanism)?$/, any: /^key, or none/ };
  const said = rows("Binary requests").map(([name, code, extras, key = "", value]) => {
    const [needs] = Object.entries(keys).find(([, form]) => form.test(key)) ?? [];
    return [name, code, extras, needs, value];
  });
  const known = Object.values(OPCODES).map(({ name, code, extras: kind, key, hasValue }) => [
    name,
    hex(code, 2),
    extras[kind],
    key,
    hasValue ? "value" : "none",
  ]);
  expect(said).toHaveLength(known.length);
  expect(new Set(said)).toEqual(new Set(known));
});

test("the extras of every kind have as many bytes as the page says", () => {
  for (const { extras: kind, extrasBytes, name } of Object.values(OPCODES)) {
    const bytes = Array.from(extras[kind].matchAll(/\d/g), ([digit]) => Number(digit));
    expect(
      bytes.reduce((sum, each) => sum + each, 0),
      name,
    ).toBe(extrasBytes);
  }
});

test("a quiet opcode is said to say nothing, and no other", () => {
  const said = rows("Binary requests").filter(([, , , , , reply = ""]) =>
    /of (?:a miss|`ok`) nothing|^as `get\w*q`$|^closed$/.test(reply),
  );
  const quiet = Object.values(OPCODES).filter(({ quiet }) => quiet);
  expect(new Set(said.map(([name]) => name))).toEqual(new Set(quiet.map(({ name }) => name)));
});

test("there is one row for every status, with its number and text, and one for every fault", () => {
  const faults: Record<BinaryFault, true> = {
    "bad-magic": true,
    "bad-length": true,
    "key-too-long": true,
    "bad-extras": true,
    "bad-status": true,
    "bad-number": true,
    "value-too-large": true,
  };
  const said = rows("Binary replies");
  const statuses = said
    .filter((cells) => cells.length === 3)
    .map(([name, code, text = ""]) => [name, code, text.startsWith("none") ? "" : text]);
  expect(statuses).toEqual(
    Object.entries(BINARY_STATUSES).map(([name, { code, text }]) => [name, hex(code, 4), text]),
  );
  expect(said.filter((cells) => cells.length === 2).map(([name]) => name)).toEqual(Object.keys(faults));
});

test("there is one row for every refusal, with its status and what comes then", () => {
  expect(rows("Binary refusals").map(([refusal, status, then]) => [refusal, status, then])).toEqual(
    Object.entries(BINARY_REFUSALS).map(([refusal, { status, closes }]) => [
      refusal,
      status ?? "none",
      closes ? "closed" : "goes on",
    ]),
  );
});
