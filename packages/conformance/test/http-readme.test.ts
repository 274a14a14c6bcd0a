// The example of packages/adapter's README: as text, as a test, and as a program that has to end by itself.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openAdapter } from "@memwire/adapter";
import { expect, test } from "vitest";
import { runtimeCommand, RunningProgram, startProgram } from "../src/mod.ts";

const file = fileURLToPath(new URL("readme-example-http.ts", import.meta.url));
const example = readFileSync(file, "utf8");

test("the example of HTTP is in the README of the adapter", () => {
  expect(readFileSync(new URL("../../adapter/README.md", import.meta.url), "utf8")).toContain(example);
});

test("a program whose server is closed ends by itself, though its client holds on to the connection", async () => {
  const { runtime } = await openAdapter();
  const [path, ...args] = runtimeCommand(runtime);
  await using program = new RunningProgram(path, [...args, file]);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect([program.stdout.trim(), program.stderr]).toEqual([/\/\/ (.+)$/m.exec(example)?.[1], ""]);
});

test("a program whose server is closed while it answers ends when that is done, long before the time it gave", async () => {
  const { runtime } = await openAdapter();
  const farewell = fileURLToPath(new URL("../src/http-farewell.ts", import.meta.url));
  await using program = startProgram(runtime, farewell, []);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect([program.stdout, program.stderr]).toEqual(["the last answer\n", ""]);
});
