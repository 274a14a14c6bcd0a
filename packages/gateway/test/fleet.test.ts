// The gateway over the real client and real servers: in a simulation, and on the sockets of this runtime.

import { describe, expect, test } from "vitest";
import { Chance } from "@memwire/adapter-memory";
import { ServerEngine } from "@memwire/server";
import { type Fleet, startFleet } from "./fleet.ts";
import { MessageEngine } from "./message-engine.ts";
import { realWorlds, simulatedWorld } from "./world.ts";

const NAMES = ["one", "two", "three"];
const worlds = [simulatedWorld(), ...(await realWorlds())];

describe.each(worlds)("$name", (world) => {
  const { settle } = world;
  const start = (options = {}): Promise<Fleet> => startFleet(world, NAMES, () => new ServerEngine(), options);

  test("an item goes in, is there, and is gone again", async () => {
    const fleet = await start();
    const headers = { "content-type": "text/html;charset=utf-8" };
    const put = await fleet.ask("PUT", "/kv/a/b%20c?ttl=60&flags=6", { body: "<p>ü</p>", headers });
    expect(put.status).toBe(201);
    expect((await fleet.ask("POST", "/kv/a/b%20c", { body: "other" })).status).toBe(409);
    const got = await fleet.ask("GET", "/kv/a/b%20c");
    expect(Object.fromEntries(got.headers)).toEqual({
      ...headers,
      "content-length": "9",
      "memcached-flags": "6",
    });
    expect(await settle(got.text())).toBe("<p>ü</p>");
    expect(fleet.takeReceived().join("")).toContain("set a/b%20c 117440518 60 9\r\n<p>Ã¼</p>\r\n");
    expect((await fleet.ask("DELETE", "/kv/a/b%20c")).status).toBe(204);
    expect((await fleet.ask("HEAD", "/kv/a/b%20c")).status).toBe(404);
    await fleet.close();
  });

  test("a value that is too large for the server is 413", async () => {
    const fleet = await start({ limits: { bodyBytesMax: 2_000_000 } });
    const response = await fleet.ask("PUT", "/kv/k", { body: "x".repeat(1_048_577) });
    expect(response.status).toBe(413);
    expect(await settle(response.text())).toContain("object too large for cache");
    await fleet.close();
  });

  test("many keys come from all servers, and a server that is gone takes only its own", async () => {
    const fleet = await start();
    const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);
    for (const key of keys)
      expect((await fleet.ask("PUT", `/kv/${key}`, { body: `of ${key}` })).status).toBe(201);
    const path = `/multi?${keys.map((key) => `key=${key}`).join("&")}&key=nowhere`;
    const whole = (await settle((await fleet.ask("GET", path)).json())) as { items: unknown[] };
    expect(whole).toEqual({
      complete: true,
      items: [
        ...keys.map((key) => ({
          key,
          status: 200,
          flags: 0,
          value: `of ${key}`,
        })),
        { key: "nowhere", status: 404 },
      ],
    });
    await fleet.stop("two");
    const response = await fleet.ask("GET", path);
    expect(response.status).toBe(207);
    const { items } = (await settle(response.json())) as { items: { key: string; status: number }[] };
    for (const { key, status } of items.slice(0, -1)) {
      expect([key, status]).toEqual([key, fleet.client.ownerOf(key) === 1 ? 502 : 200]);
    }
    const lost = keys.find((key) => fleet.client.ownerOf(key) === 1) ?? "";
    const refused = await fleet.ask("GET", `/kv/${lost}`);
    expect([refused.status, await settle(refused.text())]).toEqual([
      502,
      expect.stringMatching(/^\{"error":"two: /) as string,
    ]);
    await fleet.close();
  });

  test("messages of three nodes come merged, each once, one get at a time", async () => {
    const engines = NAMES.map(
      (name) => new MessageEngine(Array.from({ length: 300 }, (_, i) => `${name} ${i}`)),
    );
    const fleet = await startFleet(world, NAMES, (name) => engines[NAMES.indexOf(name)] as MessageEngine);
    const response = await fleet.ask("GET", "/stream/topic");
    const lines = (await settle(response.text())).trim().split("\n");
    expect(JSON.parse(lines.pop() ?? "")).toEqual({ complete: true, messages: 900 });
    const values = lines.map((line) => (JSON.parse(line) as { value: string }).value);
    for (const name of NAMES) {
      expect(values.filter((value) => value.startsWith(name))).toEqual(
        Array.from({ length: 300 }, (_, i) => `${name} ${i}`),
      );
    }
    expect(engines.map(({ asked, violations }) => [asked, violations])).toEqual(NAMES.map(() => [301, []]));
    await fleet.close();
  });

  test("a client that goes loses at most one message a node, counted on both sides", async () => {
    const engines = NAMES.map(
      (name) => new MessageEngine(Array.from({ length: 2_000 }, (_, i) => `${name} ${i}`)),
    );
    const fleet = await startFleet(world, NAMES, (name) => engines[NAMES.indexOf(name)] as MessageEngine);
    const chance = new Chance(3);
    let [handedOut, received] = [0, 0];
    for (let run = 0; run < 200; run++) {
      const before = engines.map((engine) => engine.handedOut);
      const got = NAMES.map(() => 0);
      const note = (piece: Uint8Array | undefined): void => {
        for (const [i, name] of NAMES.entries()) {
          got[i] = (got[i] as number) + new TextDecoder().decode(piece).split(`"value":"${name} `).length - 1;
        }
      };
      const abort = new AbortController();
      const response = await fleet.ask("GET", "/stream/topic", { signal: abort.signal });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      for (let reads = chance.below(5); reads > 0; reads--) note((await settle(reader.read())).value);
      const pending = chance.happens(0.5) ? reader.read() : undefined;
      if (chance.happens(0.5)) await Promise.resolve();
      if (chance.happens(0.5)) abort.abort();
      await settle(reader.cancel());
      note((await pending)?.value);
      const asked = engines.map((engine) => engine.asked);
      await settle(fleet.client.get("what comes after everything that was sent").catch(() => undefined));
      await world.sleep(5);
      for (const [i, engine] of engines.entries()) {
        const lost = engine.handedOut - (before[i] as number) - (got[i] as number);
        expect(lost).toBeGreaterThanOrEqual(0);
        // What was on its way to the node when the client went, and the get above.
        expect(engine.asked - (asked[i] as number)).toBeLessThanOrEqual(2);
        handedOut += engine.handedOut - (before[i] as number);
        received += got[i] as number;
      }
    }
    expect(fleet.lines).toHaveLength(200);
    expect(fleet.lines.every(({ status }) => status === 499)).toBe(true);
    const inFlight = fleet.lines.reduce((sum, line) => sum + (line.inFlight ?? 0), 0);
    const messages = fleet.lines.reduce((sum, line) => sum + (line.messages ?? 0), 0);
    expect(messages).toBe(received);
    expect(inFlight).toBeLessThanOrEqual(200 * NAMES.length);
    // Each run's marker takes one more; of what was in flight, some was given up before it was sent.
    expect(handedOut - 200 - received).toBeLessThanOrEqual(inFlight);
    await fleet.close();
  });
});
