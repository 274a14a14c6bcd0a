import { expect, test } from "vitest";
import { type Adapter, denoSocketKinds, openAdapter } from "../src/mod.ts";

const { versions } = process;
const here = "bun" in versions ? "bun" : "deno" in versions ? "deno" : "node";

test.each(denoSocketKinds)("the adapter is the one of the runtime at hand (%s)", async (denoSockets) => {
  const { runtime, network, clock, serveHttp, Response } = await openAdapter({ denoSockets });
  expect(runtime).toBe(here);
  const { nodeNetwork, nodeClock, ...own } = await load(runtime);
  const byNode = denoSockets === "node";
  expect(network).toBe((byNode ? nodeNetwork : undefined) ?? own.network);
  expect(clock).toBe((byNode ? nodeClock : undefined) ?? own.clock);
  expect(serveHttp).toBe(own.serveHttp);
  expect(Response).toBe(own.Response ?? globalThis.Response);
});

test("on Deno there are two kinds of sockets, and the title says which these are", async () => {
  const opened = await Promise.all(denoSocketKinds.map((denoSockets) => openAdapter({ denoSockets })));
  const titles = here === "deno" ? ["deno over node:net", "deno"] : [here, here];
  expect(opened.map(({ title }) => title)).toEqual(titles);
  expect(new Set(opened.map(({ network }) => network)).size).toBe(here === "deno" ? 2 : 1);
  expect((await openAdapter()).title).toBe(here);
});

/** Undefined where the system has no io_uring: there it is refused, unless that would be a lack of the tests. */
async function openIoUring(): Promise<Adapter | undefined> {
  try {
    return await openAdapter({ bunSockets: "io_uring" });
  } catch (error) {
    if (process.env["REQUIRE_PEERS"] === "1") throw error;
    const refusal = "bunSockets must be bun here: this system has no io_uring, or does not allow it";
    expect(error).toEqual(new Error(refusal));
    return undefined;
  }
}

test("on Bun there are two kinds of sockets as well, and elsewhere that means nothing", async ({ skip }) => {
  const usual = await openAdapter({ bunSockets: "bun" });
  const ring = await openIoUring();
  if (ring === undefined) return skip("this system has no io_uring, or does not allow it");
  const titles = here === "bun" ? ["bun", "bun over io_uring"] : [here, here];
  expect([usual.title, ring.title]).toEqual(titles);
  expect(usual.network === ring.network).toBe(here !== "bun");
  expect(usual.clock === ring.clock).toBe(here !== "bun");
});

test("a kind of sockets that there is not is refused, also where it would mean nothing", async () => {
  await expect(openAdapter({ bunSockets: "deno" as "bun" })).rejects.toThrow(
    new RangeError('bunSockets must be one of bun, io_uring, got "deno"'),
  );
  await expect(openAdapter({ denoSockets: "bun" as "deno" })).rejects.toThrow(
    new RangeError('denoSockets must be one of node, deno, got "bun"'),
  );
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
  readonly nodeNetwork?: unknown;
  readonly nodeClock?: unknown;
  readonly serveHttp: unknown;
  readonly Response?: unknown;
}

function load(runtime: string): Promise<Loaded> {
  return import(`../../adapter-${runtime}/src/mod.ts`);
}
