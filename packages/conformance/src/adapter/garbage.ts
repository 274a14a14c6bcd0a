import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";

let collect: (() => void) | undefined;

/** Collects garbage until at most `keptMax` of what is referred to is left, eight seconds at most or some more. */
export async function forgotten(references: readonly WeakRef<object>[], keptMax: number): Promise<void> {
  collect ??= collector();
  let kept = references.length;
  for (let i = 0; i < 400 && kept > keptMax; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20)); // what was asked for in a turn is held until its end
    collect();
    kept = references.filter((reference) => reference.deref() !== undefined).length;
  }
  expect(kept).toBeLessThanOrEqual(keptMax);
}

/** What collects garbage, all of it, on whichever runtime this is. */
function collector(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (bun !== undefined) return () => bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
