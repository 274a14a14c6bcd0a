import { expect, test } from "vitest";
import { bunSocketKinds, denoSocketKinds, openAdapter } from "../src/mod.ts";

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

test("on Bun there are two kinds of sockets as well, and elsewhere that means nothing", async () => {
  const opened = await Promise.all(bunSocketKinds.map((bunSockets) => openAdapter({ bunSockets })));
  const titles = here === "bun" ? ["bun", "bun over io_uring"] : [here, here];
  expect(opened.map(({ title }) => title)).toEqual(titles);
  expect(new Set(opened.map(({ network }) => network)).size).toBe(here === "bun" ? 2 : 1);
  expect(new Set(opened.map(({ clock }) => clock)).size).toBe(here === "bun" ? 2 : 1);
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
