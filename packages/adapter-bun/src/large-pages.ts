import { openLibrary } from "./c-library.ts";

/** Of madvise(2), on every Linux but those of Alpha, MIPS and PA-RISC. */
const MADV_HUGEPAGE = 14;

/**
 * What asks the system for pages of 2 MiB in a memory, which is best not written to yet. They come if
 * /sys/kernel/mm/transparent_hugepage/enabled is `madvise` or `always`.
 *
 * @returns undefined where there is no way to ask; else what asks, and answers whether the system agreed
 */
export async function openLargePages(): Promise<((memory: ArrayBufferLike) => boolean) | undefined> {
  if (process.platform !== "linux") return undefined;
  const library = await openLibrary({ madvise: { args: ["ptr", "usize", "int"], returns: "int" } });
  if (library === undefined) return undefined;
  const { ptr } = await import("bun:ffi");
  return (memory) =>
    library.symbols.madvise(ptr(new Uint8Array(memory)), memory.byteLength, MADV_HUGEPAGE) === 0;
}
