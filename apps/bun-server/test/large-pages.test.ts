// What -L says, whatever asks for large pages. That they come is in background.test.ts.

import { existsSync, readFileSync } from "node:fs";
import { type Adapter, openAdapter } from "@memwire/adapter";
import { expect, test } from "vitest";
import { largePages } from "../src/large-pages.ts";

const ENABLED = "/sys/kernel/mm/transparent_hugepage/enabled";
const given = existsSync(ENABLED) && !readFileSync(ENABLED, "latin1").includes("[never]");
const NONE = "-L has no effect: this system gives no large pages";
const LARGE = new ArrayBuffer(4_194_304);

const adapter = await openAdapter();
type Ask = Awaited<ReturnType<Adapter["openLargePages"]>>;

async function said(
  runtime: Adapter["runtime"],
  ask: Ask,
  environment: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const lines: string[] = [];
  const openLargePages = async (): Promise<Ask> => ask;
  const line = (text: string): void => void lines.push(text);
  const forMemory = await largePages({ ...adapter, runtime, openLargePages }, line, environment);
  for (const memory of [new ArrayBuffer(4_096), LARGE, LARGE]) forMemory(memory);
  return lines;
}

test.each([
  ["node", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"],
  ["deno", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"],
  ["bun", "MIMALLOC_ALLOW_THP=1"],
] as const)("where %s cannot ask, it says what to start it with, unless it was", async (runtime, setting) => {
  const why = `-L has no effect: ${runtime} has them with ${setting} only`;
  expect(await said(runtime, undefined)).toEqual([given ? why : NONE]);
  const [name = "", ...value] = setting.split("=");
  const environment = { [name]: `glibc.malloc.check=0:${value.join("=")}` };
  expect(await said(runtime, undefined, environment)).toEqual(given ? [] : [NONE]);
});

test("asks for what is large, and says once that the system refused", async () => {
  const asked: ArrayBufferLike[] = [];
  const ask = (memory: ArrayBufferLike): boolean => asked.push(memory) === 0;
  const refused =
    "-L has less effect than it could have: the system refused large pages for some of the memory";
  expect(await said("bun", ask)).toEqual([given ? refused : NONE]);
  expect(asked).toEqual(given ? [LARGE, LARGE] : []);
  expect(await said("bun", () => true)).toEqual(given ? [] : [NONE]);
});
