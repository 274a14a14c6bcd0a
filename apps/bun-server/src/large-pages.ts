// Pages of 2 MiB for the store's memory (-L), where the system gives them to whoever asks. An item is anywhere in that
// memory, and with small pages a good part of looking it up is looking up where its page is.

import { readFile } from "node:fs/promises";
import type { Adapter } from "@memwire/adapter";

const ENABLED = "/sys/kernel/mm/transparent_hugepage/enabled";

/** Less lies in a page together with other things. */
const LARGE_BYTES = 2_097_152;

/** By what a runtime asks for them itself: of its environment, before it starts. */
const ASKED_BY: Readonly<Record<Adapter["runtime"], readonly [name: string, setting: string]>> = {
  node: ["GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"],
  deno: ["GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"],
  bun: ["MIMALLOC_ALLOW_THP", "1"],
};

/**
 * What asks for large pages in a memory that nobody has written to yet.
 *
 * @param say Told why none come, or fewer, if it is known.
 * @param environment What the runtime was started with: it may have asked by itself.
 */
export async function largePages(
  { runtime, openLargePages }: Adapter,
  say: (line: string) => void,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<(memory: ArrayBufferLike) => void> {
  const enabled = await readFile(ENABLED, "latin1").catch(() => "[never]");
  const ask = await openLargePages();
  if (enabled.includes("[never]")) return withNone("this system gives no large pages", say);
  if (ask === undefined) {
    const [name, setting] = ASKED_BY[runtime];
    if (environment[name]?.includes(setting) === true) return () => {};
    return withNone(`${runtime} has them with ${name}=${setting} only`, say);
  }
  let refused = false;
  return (memory) => {
    if (memory.byteLength < LARGE_BYTES || ask(memory) || refused) return;
    refused = true; // once is enough
    say("-L has less effect than it could have: the system refused large pages for some of the memory");
  };
}

function withNone(why: string, say: (line: string) => void): () => void {
  say(`-L has no effect: ${why}`);
  return () => {};
}
