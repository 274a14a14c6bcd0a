// Pages of 2 MiB for the store's memory (-L), where the system gives them to whoever asks. An item is anywhere in that
// memory, and with small pages a good part of looking it up is looking up where its page is.

import { readFile } from "node:fs/promises";
import type { Adapter } from "@memwire/adapter";

const ENABLED = "/sys/kernel/mm/transparent_hugepage/enabled";

/** Less lies in a page together with other things. */
const LARGE_BYTES = 2_097_152;

/**
 * What asks for large pages in a memory that nobody has written to yet.
 *
 * @param say Told why none come, if it is known.
 */
export async function largePages(
  { runtime, openLargePages }: Adapter,
  say: (line: string) => void,
): Promise<(memory: ArrayBufferLike) => void> {
  const enabled = await readFile(ENABLED, "latin1").catch(() => "[never]");
  const ask = await openLargePages();
  if (ask !== undefined && !enabled.includes("[never]")) {
    return (memory) => {
      if (memory.byteLength >= LARGE_BYTES) ask(memory);
    };
  }
  const why = enabled.includes("[never]")
    ? "this system gives no large pages"
    : `${runtime} has them with GLIBC_TUNABLES=glibc.malloc.hugetlb=1 only`;
  say(`-L has no effect: ${why}`);
  return () => {};
}
