import process from "node:process";
import type { Adapter } from "@memwire/adapter";
import { SlabStore } from "@memwire/store";
import { largePages } from "./large-pages.ts";
import { reserveBytes } from "./reserve-bytes.ts";
import type { Task } from "./task.ts";

/**
 * The store that a command line asks for, of memory that other threads can share if there are several.
 *
 * @param say Told why large pages have less effect than they could have.
 */
export async function storeOfTask(
  { store: options, threads, largePages: wantsLargePages, automoveLevel }: Task,
  adapter: Adapter,
  say: (line: string) => void,
): Promise<SlabStore> {
  const { runtime, copyBytes } = adapter;
  const ask = wantsLargePages ? await largePages(adapter, say, process.env) : undefined;
  const reserve = (bytes: number): ArrayBuffer => {
    const memory = runtime === "bun" ? reserveBytes(bytes) : new ArrayBuffer(bytes);
    ask?.(memory);
    return memory;
  };
  const store =
    threads > 1
      ? SlabStore.shared({ ...options, copyBytes })
      : new SlabStore({ ...options, copyBytes, reserve });
  if (threads > 1 && ask !== undefined) {
    for (const memory of Object.values(store.share().buffers).flat()) ask(memory);
  }
  store.tune({ automoveLevel });
  return store;
}
