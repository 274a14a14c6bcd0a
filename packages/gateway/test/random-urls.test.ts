// No URL reaches a server as anything but one well-formed command for one key.

import { expect, test } from "vitest";
import fc from "fast-check";
import { ServerEngine } from "@memwire/server";
import { encodedText, paths } from "./arbitraries.ts";
import { rawRequest } from "./bench.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { simulatedWorld, type World } from "./world.ts";
import { commandsIn, type WireCommand } from "./wire.ts";

const URLS = 10_000;
const STREAM_MS = 20;
const routes = [{ path: "/api/{uid}?lang", key: "u:{uid}:{lang}" }];

const start = (world: World): Promise<Fleet> =>
  startFleet(world, ["a", "b", "c"], () => new ServerEngine(), { routes, limits: { urlBytesMax: 2_000 } });

/** As a client writes it, or as `new Request` makes it of that. */
function requestOf(path: string, method: string, isRaw: boolean, headers: HeadersInit): Request | undefined {
  if (isRaw) return rawRequest(`http://gateway${path}`, method);
  const body = method === "PUT" || method === "POST" ? "\r\nflush_all\r\n" : null;
  try {
    return new Request(`http://gateway${path}`, { method, body, headers });
  } catch {
    return undefined; // no URL at all
  }
}

async function ask({ settle, sleep }: World, fleet: Fleet, request: Request): Promise<number> {
  const response = await settle(fleet.gateway.fetch(request));
  const reader = response.body?.getReader();
  // A stream of a key that is there never ends here, and one that follows may have nothing to give.
  const reading = reader?.read();
  await sleep(STREAM_MS);
  await settle(reader?.cancel() ?? Promise.resolve());
  await reading;
  await settle(fleet.client.get("marker")); // whatever was on its way has arrived
  return response.status;
}

const isMarker = ({ keys }: WireCommand): boolean => keys.length === 1 && keys[0] === "marker";

test(
  `${URLS} random URLs: every command is one of ours, with a key that is one`,
  { timeout: 120_000 },
  async () => {
    const world = simulatedWorld();
    const fleet = await start(world);
    const statuses = new Set<number>();
    const method = fc.constantFrom("GET", "GET", "HEAD", "PUT", "POST", "DELETE");
    const value = fc.stringMatching(/^[\t\x20-\x7e]{0,20}$/);
    const headers = fc.option(
      fc.record({ "memcached-ttl": value, "memcached-flags": value, "content-type": value, accept: value }),
      { nil: {} },
    );
    await fc.assert(
      fc.asyncProperty(paths, method, fc.boolean(), headers, async (path, method, isRaw, headers) => {
        const request = requestOf(path, method, isRaw, headers);
        if (request === undefined) return;
        const status = await ask(world, fleet, request);
        statuses.add(status);
        const commands = fleet.takeReceived().flatMap(commandsIn);
        const ours = commands.filter((command) => !isMarker(command));
        expect(status).not.toBe(500);
        if (status >= 400 && status !== 404 && status !== 409) expect(ours).toEqual([]);
        if (/^http:\/\/gateway\/(?:kv|api)\//.test(request.url)) {
          const names = { GET: "get", HEAD: "get", PUT: "set", POST: "add", DELETE: "delete" };
          expect(ours.length).toBeLessThanOrEqual(1);
          for (const { name, keys } of ours) {
            expect([name, keys.length]).toEqual([names[method], 1]);
          }
        }
        if (ours.some(({ name }) => name !== "get")) expect([201, 204, 404, 409]).toContain(status);
      }),
      { numRuns: URLS },
    );
    await fleet.close();
    // A URL above the limit is rare: one in some runs.
    statuses.delete(414);
    expect([...statuses].toSorted((one, other) => one - other)).toEqual([200, 201, 204, 400, 404, 405, 409]);
    expect(fleet.gateway.counters).toMatchObject({ failures: 0, serverFailures: 0, requestsNow: 0 });
  },
);

test("what was put under any URL is what the same URL gets", async () => {
  const world = simulatedWorld();
  const fleet = await start(world);
  const { gateway } = fleet;
  const { settle } = world;
  await fc.assert(
    fc.asyncProperty(encodedText, fc.string({ unit: "grapheme" }), async (text, body) => {
      const url = `http://gateway/kv/${encodeURIComponent(text.slice(0, 20).toWellFormed())}`;
      const put = await settle(gateway.fetch(new Request(url, { method: "PUT", body })));
      if (put.status === 400) return; // no key, or too long a one
      const got = await settle(gateway.fetch(new Request(url)));
      expect([put.status, got.status, await got.text()]).toEqual([201, 200, body]);
    }),
  );
  await fleet.close();
});
