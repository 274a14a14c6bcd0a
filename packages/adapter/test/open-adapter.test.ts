import { expect, test } from "vitest";
import { openAdapter } from "../src/mod.ts";

test("the adapter is the one of the runtime at hand", async () => {
  const { versions } = process;
  const { runtime, network, clock } = await openAdapter();
  expect(runtime).toBe("bun" in versions ? "bun" : "deno" in versions ? "deno" : "node");
  const own = await load(runtime);
  expect([network, clock]).toEqual([own.network, own.clock]);
});

function load(runtime: string): Promise<{ network: unknown; clock: unknown }> {
  return import(`../../adapter-${runtime}/src/mod.ts`);
}
