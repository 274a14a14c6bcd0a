import { describe, expect, test } from "vitest";
import { ClientError } from "@memwire/client";
import {
  type GatewayCounters,
  type GatewayLimits,
  type GatewayOptions,
  type OutcomeCounters,
} from "../src/mod.ts";
import { newCounters } from "../src/counters.ts";
import { answered, bench, errorOf, rawRequest, turn } from "./bench.ts";

describe("methods", () => {
  test("that are not configured, or none of HTTP's, are 405 and say which are", async () => {
    const { gateway, client } = bench({ methods: ["GET", "HEAD"] });
    for (const method of ["PUT", "POST", "DELETE", "OPTIONS", "PATCH", "BREW", "get"]) {
      const response = await gateway.fetch(rawRequest("http://gateway/kv/k", method));
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await errorOf(response)).toBe(`"${method}" is not taken here, only GET, HEAD`);
    }
    expect(gateway.counters.methodsRefused).toBe(7);
    expect(client.calls).toEqual([]);
  });

  test("a route takes those of its own that the gateway takes", async () => {
    const routes = [{ path: "/r/{k}", key: "{k}", methods: ["GET", "PUT", "DELETE"] as const }];
    const { ask } = bench({ routes, methods: ["GET", "PUT"] });
    expect((await ask("GET", "/r/k")).status).toBe(404);
    const own = bench({ routes });
    const response = await own.ask("POST", "/r/k");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, PUT, DELETE"]);
  });

  test("a path that is left no method says so", async () => {
    const response = await bench({ methods: ["PUT"] }).ask("PUT", "/stats");
    expect([response.status, await errorOf(response)]).toEqual([
      405,
      '"PUT" is not taken here, and no other method',
    ]);
  });

  test("/stats takes GET and HEAD", async () => {
    const { ask } = bench();
    expect((await ask("HEAD", "/stats")).status).toBe(200);
    const response = await ask("PUT", "/stats");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("headers", () => {
  const headers = { "x-long": "v".repeat(94) };

  test("beyond headerBytesMax are 431", async () => {
    const { ask, gateway, client } = bench({ limits: { headerBytesMax: 99 } });
    expect((await ask("GET", "/kv/k")).status).toBe(404);
    const response = await ask("GET", "/kv/k", { headers });
    expect([response.status, await errorOf(response)]).toEqual([
      431,
      "headers must have at most 99 bytes, got 100",
    ]);
    expect(gateway.counters.headersTooLarge).toBe(1);
    expect(client.calls).toEqual(["get k"]);
  });

  test("of exactly the most are taken", async () => {
    const { ask } = bench({ limits: { headerBytesMax: 100 } });
    expect((await ask("GET", "/kv/k", { headers })).status).toBe(404);
  });
});

test("more requests at a time than requestsMax are 503", async () => {
  const { ask, client, gateway } = bench({ limits: { requestsMax: 2 } });
  let answer = (): void => {};
  client.get = () => new Promise((resolve) => (answer = () => resolve(undefined)));
  client.node = () => new Promise(() => {});
  const stream = await ask("GET", "/stream/t?follow");
  const pending = ask("GET", "/kv/k");
  const response = await ask("GET", "/kv/k");
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await errorOf(response)).toBe("at most 2 requests are answered at a time");
  expect(gateway.counters).toMatchObject({ requestsTooMany: 1, requestsNow: 2 });
  answer();
  expect((await pending).status).toBe(404);
  await stream.body?.cancel();
  expect(gateway.counters.requestsNow).toBe(0);
});

describe("the log", () => {
  test("has one line for each request, when it is over", async () => {
    const { ask, client, lines, simulation } = bench();
    client.put("k", "value");
    client.get = async () => {
      simulation.advance(12);
      return client.items.get("k");
    };
    await ask("GET", "/kv/k", {}, "10.0.0.1");
    expect(lines).toEqual([
      {
        time: 1_798_761_600_000,
        address: "10.0.0.1",
        method: "GET",
        url: "/kv/k",
        status: 200,
        durationMs: 12,
        bytes: 5,
      },
    ]);
  });

  test("has whole milliseconds as the time, and durations without the noise of a clock", async () => {
    let now = 1_798_761_600_000.75;
    const { ask, lines } = bench({ clock: { now: () => (now += 0.1240234375) } as GatewayOptions["clock"] });
    await ask("GET", "/kv/k");
    expect(lines).toMatchObject([{ time: 1_798_761_600_000, durationMs: 0.124 }]);
  });

  test("has only failures if no more is wanted: neither what was served nor a miss", async () => {
    const { ask, client, lines } = bench({ logged: "failures" });
    client.put("k", "value");
    await ask("GET", "/kv/k");
    await ask("GET", "/kv/nothing");
    await ask("POST", "/kv/k");
    await ask("GET", "/nothing/");
    await ask("PATCH", "/kv/k");
    await ask("GET", "/kv/");
    expect(lines.map(({ status }) => status)).toEqual([405, 400]);
  });

  test("says why a request was refused, and cuts what is long", async () => {
    const { ask, lines } = bench();
    await ask("GET", `/nothing/${"x".repeat(2_000)}?secret`);
    expect(lines).toMatchObject([{ status: 404, url: `/nothing/${"x".repeat(1_015)}` }]);
    expect(lines[0]?.reason).toContain("no such path");
    expect(lines[0]?.reason?.length).toBeLessThan(250);
  });

  test("has what the client was given of a refusal as bytes", async () => {
    const { ask, lines } = bench();
    const { body } = await answered(ask("GET", "/kv/k"));
    await ask("HEAD", "/kv/k");
    expect(lines.map(({ bytes }) => bytes)).toEqual([body.length, 0]);
  });

  test("that throws does not break the request", async () => {
    const { ask, gateway } = bench({
      log: () => {
        throw new Error("disk full");
      },
    });
    expect((await ask("GET", "/kv/k")).status).toBe(404);
    expect(gateway.counters).toMatchObject({ logFailures: 1, requestsNow: 0 });
  });

  test("is not needed", async () => {
    const { client, gateway } = bench();
    client.put("k", "v");
    expect((await gateway.fetch(new Request("http://gateway/kv/k"))).status).toBe(200);
  });
});

test("JSON answers end their line, for whoever reads them in a terminal", async () => {
  const { ask } = bench();
  for (const path of ["/kv/k", "/nothing", "/multi?key=k", "/stats"]) {
    expect(await (await ask("GET", path)).text()).toMatch(/^\{[^]*\}\n$/);
  }
});

describe("/stats", () => {
  test("has the counters and the servers", async () => {
    const { ask, gateway, client } = bench();
    await ask("GET", "/kv/k");
    const response = await ask("GET", "/stats");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const stats = (await response.json()) as { counters: GatewayCounters; servers: { name: string }[] };
    expect(stats.counters).toEqual({ ...gateway.counters, requestsNow: 1, served: 0 });
    expect(stats.counters).toMatchObject({ requests: 2, missed: 1 });
    expect(stats.servers.map(({ name }) => name)).toEqual(client.names);
  });
});

describe("close()", () => {
  test("answers 503 from then on", async () => {
    const { ask, gateway } = bench();
    await gateway.close();
    const response = await ask("GET", "/kv/k");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await errorOf(response)).toBe("the gateway is closed");
    expect(gateway.counters.closed).toBe(1);
  });

  test("lets what is being answered be answered, however often it is called", async () => {
    const { ask, gateway, client } = bench();
    let answer = (): void => {};
    client.get = () => new Promise((resolve) => (answer = () => resolve(undefined)));
    const pending = ask("GET", "/kv/k");
    const closed: number[] = [];
    const closing = [1, 2].map((i) => gateway.close().then(() => closed.push(i)));
    await turn();
    expect(closed).toEqual([]);
    answer();
    expect((await pending).status).toBe(404);
    await Promise.all(closing);
    expect(gateway.counters.requestsNow).toBe(0);
  });

  test("breaks off NDJSON that nobody reads, after drainMs", async () => {
    const { ask, gateway, simulation, lines } = bench({ drainMs: 100 });
    await ask("GET", "/multi?key=a", { headers: { accept: "application/x-ndjson" } });
    const closing = gateway.close();
    simulation.advance(100);
    await closing;
    expect(lines).toMatchObject([{ reason: "the gateway ended before the client had read all" }]);
    expect(gateway.counters).toMatchObject({ streamsBrokenOff: 1, requestsNow: 0 });
    simulation.run();
  });

  test("does not wait for bodies that do not come: after drainMs they are 503", async () => {
    const { ask, gateway, simulation, client } = bench({ drainMs: 700 });
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) });
    const asked = ask("PUT", "/kv/k", { body, duplex: "half" } as RequestInit);
    await turn();
    const closing = gateway.close();
    simulation.advance(699);
    await turn();
    expect(gateway.counters.requestsNow).toBe(1);
    simulation.advance(1);
    const response = await asked;
    expect([response.status, await errorOf(response)]).toEqual([503, "the gateway is closed"]);
    await closing;
    expect(client.items.size).toBe(0);
    expect(gateway.counters).toMatchObject({ closed: 1, streamsBrokenOff: 0 });
    expect(simulation.step()).toBe(false);
  });

  test("leaves no timer behind", async () => {
    const { ask, gateway, simulation } = bench();
    await ask("PUT", "/kv/k", { body: "v" });
    await ask("GET", "/multi?key=k");
    await gateway.close();
    expect(simulation.step()).toBe(false);
  });
});

test("answers are made of the Response that it is given", async () => {
  class OwnResponse extends Response {}
  const { ask, client } = bench({ Response: OwnResponse });
  client.put("k", "v");
  const paths = ["/kv/k", "/kv/miss", "/nothing", "/stats", "/multi?key=k", "/stream/t"];
  for (const path of paths) expect(await ask("GET", path)).toBeInstanceOf(OwnResponse);
  const ndjson = { headers: { accept: "application/x-ndjson" } };
  expect(await ask("GET", "/multi?key=k", ndjson)).toBeInstanceOf(OwnResponse);
  expect(await ask("PUT", "/kv/k", { body: "v" })).toBeInstanceOf(OwnResponse);
  expect(await ask("HEAD", "/kv/k")).toBeInstanceOf(OwnResponse);
});

test("fetch may be passed on without its gateway", async () => {
  const { fetch } = bench().gateway;
  expect((await fetch(new Request("http://gateway/kv/k"))).status).toBe(404);
});

test("never rejects, whatever request it is given", async () => {
  const { gateway } = bench();
  const throwing = Object.defineProperty(new Request("http://h/"), "url", {
    get: () => {
      throw new TypeError("Invalid URL");
    },
  });
  const requests = [
    throwing,
    {},
    { url: "http://h/kv/k" },
    { url: "http://h/kv/k", method: "PUT" },
    { url: 5, method: "GET" },
  ];
  for (const request of requests) {
    const response = await gateway.fetch(request as unknown as Request);
    expect(response.status).toBeGreaterThanOrEqual(400);
  }
  expect(gateway.counters.requestsNow).toBe(0);
});

describe("counters", () => {
  /** A limit without a counter does not compile. */
  const counterOf: Readonly<Record<keyof GatewayLimits, keyof GatewayCounters>> = {
    urlBytesMax: "urlsTooLong",
    headerBytesMax: "headersTooLarge",
    bodyBytesMax: "bodiesTooLarge",
    inflatedBytesMax: "inflatedTooLarge",
    multiKeysMax: "multiKeysTooMany",
    multiBytesMax: "multiKeysTooLarge",
    requestsMax: "requestsTooMany",
    streamsMax: "streamsTooMany",
    mappingsMax: "mappingsForgotten",
    mappingsBytesMax: "mappingsForgotten",
    addressesMax: "addressesForgotten",
  };

  test.each(Object.entries(counterOf))("%s has %s, which begins at 0", (_limit, counter) => {
    expect(newCounters()[counter]).toBe(0);
  });

  test("every request ends in exactly one outcome", async () => {
    const { ask, client, gateway, lines } = bench({ limits: { bodyBytesMax: 10, urlBytesMax: 60 } });
    client.put("hit", "v");
    client.failures.set("down", new ClientError("refused", "s", "refused"));
    client.failures.set("slow", new ClientError("timed-out", "s", "timed out"));
    const asked: readonly (readonly [string, string, RequestInit?])[] = [
      ...(["/kv/hit", "/kv/miss", "/kv/down", "/kv/slow", "/kv/", "/nothing", "/stats"] as const).map(
        (path) => ["GET", path] as const,
      ),
      ["GET", "/multi?key=hit"],
      ["GET", "/multi?key=down"],
      ["GET", `/kv/${"x".repeat(60)}`],
      ["PUT", "/kv/k", { body: "v" }],
      ["POST", "/kv/hit", { body: "v" }],
      ["PUT", "/kv/k", { body: "too long for it" }],
      ["PUT", "/kv/k", { body: "v", headers: { "content-encoding": "br" } }],
      ["PATCH", "/kv/k"],
    ];
    for (const [method, path, init = {}] of asked) await (await ask(method, path, init)).text();
    const { requests, requestsNow, ...rest } = gateway.counters;
    const outcomes: OutcomeCounters = {
      served: 4,
      missed: 1,
      conflicted: 1,
      partial: 1,
      badRequests: 1,
      addressesRefused: 0,
      pathsUnknown: 1,
      methodsRefused: 1,
      bodiesTooLate: 0,
      bodiesTooLarge: 1,
      itemsTooLarge: 0,
      urlsTooLong: 1,
      encodingsRefused: 1,
      addressesTooOften: 0,
      totalTooOften: 0,
      headersTooLarge: 0,
      clientsGone: 0,
      failures: 0,
      serverFailures: 1,
      inflatedTooLarge: 0,
      compressedBroken: 0,
      serverOverflows: 0,
      requestsTooMany: 0,
      streamsTooMany: 0,
      closed: 0,
      serverTimeouts: 1,
    };
    expect(rest).toMatchObject(outcomes);
    expect([requests, requestsNow]).toEqual([asked.length, 0]);
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(asked.length);
    expect(lines).toHaveLength(asked.length);
  });
});
