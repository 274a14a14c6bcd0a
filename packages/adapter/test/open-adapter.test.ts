import { expect, test } from "vitest";
import { openAdapter } from "../src/mod.ts";

test("the adapter is the one of the runtime at hand", async () => {
  const { versions } = process;
  const { runtime, network, clock, serveHttp, Response } = await openAdapter();
  expect(runtime).toBe("bun" in versions ? "bun" : "deno" in versions ? "deno" : "node");
  const own = await load(runtime);
  expect([network, clock]).toEqual([own.network, own.clock]);
  expect(serveHttp).toBe(own.serveHttp);
  expect(Response).toBe(own.Response ?? globalThis.Response);
});

test("the adapter's Response is a Response", async () => {
  const { Response } = await openAdapter();
  const response = new Response("text", { status: 201, headers: { "x-one": "1" } });
  expect(response).toBeInstanceOf(globalThis.Response);
  expect([response.status, response.headers.get("x-one"), await response.text()]).toEqual([201, "1", "text"]);
});

interface Loaded {
  readonly network: unknown;
  readonly clock: unknown;
  readonly serveHttp: unknown;
  readonly Response?: unknown;
}

function load(runtime: string): Promise<Loaded> {
  return import(`../../adapter-${runtime}/src/mod.ts`);
}
