import { describe, expect, test } from "vitest";
import { ClientError } from "@memwire/client";
import { answered, bench, errorOf } from "./bench.ts";

describe("GET and HEAD", () => {
  test("answer the stored bytes and what is known of them", async () => {
    const { client, ask } = bench();
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    client.put("k", bytes, 0x00_01_02);
    const response = await ask("GET", "/kv/k");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/octet-stream",
      "content-length": "256",
      "memcached-flags": "258",
    });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  test("HEAD answers the same headers, and no body", async () => {
    const { client, ask } = bench();
    client.put("k", "value", 7 << 24);
    const [get, head] = [await ask("GET", "/kv/k"), await ask("HEAD", "/kv/k")];
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("of what is not there are 404", async () => {
    const { ask, gateway } = bench();
    expect(await answered(ask("GET", "/kv/k"))).toEqual({ status: 404, body: '{"error":"no such item"}\n' });
    expect(await answered(ask("HEAD", "/kv/k"))).toEqual({ status: 404, body: "" });
    expect(gateway.counters).toMatchObject({ missed: 2, served: 0 });
  });

  test("a GET looks at neither headers nor signal: each costs as much as the rest", async () => {
    const { client, gateway } = bench({ logged: "failures" });
    client.put("k", "v");
    const request = new Request("http://gateway/kv/k");
    const peer = { address: "", signal: new AbortController().signal };
    const dear = [
      [request, ["headers", "signal", "body"]],
      [peer, ["address", "signal"]],
    ] as const;
    for (const [object, names] of dear) {
      for (const name of names) {
        Object.defineProperty(object, name, {
          get: () => {
            throw new Error(`${name} was looked at`);
          },
        });
      }
    }
    expect(await (await gateway.fetch(request, peer)).text()).toBe("v");
  });
});

describe("PUT, POST and DELETE", () => {
  test("PUT stores in any case, POST only what is not there, DELETE removes it", async () => {
    const { client, ask } = bench({ contentTypes: false });
    expect(await answered(ask("PUT", "/kv/k", { body: "1" }))).toEqual({ status: 201, body: "" });
    expect((await ask("PUT", "/kv/k", { body: "2" })).status).toBe(201);
    expect((await ask("POST", "/kv/k", { body: "3" })).status).toBe(409);
    expect((await ask("POST", "/kv/other", { body: "4" })).status).toBe(201);
    expect(await answered(ask("GET", "/kv/k"))).toMatchObject({ body: "2" });
    expect((await ask("DELETE", "/kv/k")).status).toBe(204);
    expect((await ask("DELETE", "/kv/k")).status).toBe(404);
    expect(client.calls).toEqual(["set k", "set k", "add k", "add other", "get k", "delete k", "delete k"]);
  });

  test("no body is an empty value", async () => {
    const { client, ask } = bench();
    expect((await ask("PUT", "/kv/k")).status).toBe(201);
    expect(client.items.get("k")?.value).toEqual(new Uint8Array(0));
  });

  test.each([
    ["?ttl=60&flags=1", {}, { exptime: 60, flags: 1 }],
    ["", { "memcached-ttl": "60", "memcached-flags": "1" }, { exptime: 60, flags: 1 }],
    ["?ttl=5", { "memcached-ttl": "60", "memcached-flags": "1" }, { exptime: 5, flags: 1 }],
    ["?ttl=0&flags=16777215", {}, { exptime: 0, flags: 16_777_215 }],
    ["?ttl=2147483647", {}, { exptime: 2_147_483_647, flags: 0 }],
    ["", {}, { exptime: 0, flags: 0 }],
  ])("PUT with %j and %j stores with %j", async (query, headers, expected) => {
    const { client, ask } = bench();
    const body = new Uint8Array([1]); // without a content type of its own
    expect((await ask("PUT", `/kv/k${query}`, { body, headers })).status).toBe(201);
    expect(client.items.get("k")).toMatchObject(expected);
  });

  test("without content types the flags are all 32 bits", async () => {
    const { client, ask } = bench({ contentTypes: false });
    await ask("PUT", "/kv/k?flags=4294967295", { body: "v" });
    expect(client.items.get("k")?.flags).toBe(4_294_967_295);
    const response = await ask("GET", "/kv/k");
    expect(response.headers.get("memcached-flags")).toBe("4294967295");
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
  });

  test.each([
    ["?ttl=-1", 'ttl must be a whole number of seconds from 0 to 2147483647, got "-1"'],
    ["?ttl=", 'ttl must be a whole number of seconds from 0 to 2147483647, got ""'],
    ["?ttl=1.5", 'ttl must be a whole number of seconds from 0 to 2147483647, got "1.5"'],
    ["?ttl=2147483648", 'ttl must be a whole number of seconds from 0 to 2147483647, got "2147483648"'],
    ["?flags=16777216", 'flags must be a whole number from 0 to 16777215, got "16777216"'],
    ["?flags=0x10", 'flags must be a whole number from 0 to 16777215, got "0x10"'],
    ["?tll=60", 'an argument here must be ttl or flags, got "tll"'],
    ["?ttl=1&ttl=2", "the argument ttl is there twice"],
    ["?%zz=1", 'an argument here must be ttl or flags, got "%zz"'],
  ])("PUT with %j stores nothing, and says why", async (query, message) => {
    const { client, ask, gateway } = bench();
    const response = await ask("PUT", `/kv/k${query}`, { body: "v" });
    expect([response.status, await errorOf(response)]).toEqual([400, message]);
    expect(client.items.size).toBe(0);
    expect(gateway.counters.badRequests).toBe(1);
  });

  test.each(["GET", "HEAD", "DELETE"])("%s takes no arguments", async (method) => {
    const { client, ask } = bench();
    expect((await ask(method, "/kv/k?ttl=60")).status).toBe(400);
    expect(client.calls).toEqual([]);
  });

  test("a body in pieces is stored whole", async () => {
    const { client, ask } = bench();
    const pieces = [new Uint8Array([1, 2]), new Uint8Array([3])];
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    });
    await ask("PUT", "/kv/k", { body, duplex: "half" } as RequestInit);
    expect(client.items.get("k")?.value).toEqual(new Uint8Array([1, 2, 3]));
  });
});

describe("bodies beyond the bounds", () => {
  const endless = (pulled: { count: number }): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull(controller) {
        pulled.count++;
        controller.enqueue(new Uint8Array(10));
      },
    });

  test("by what they say of themselves are refused unread", async () => {
    const { ask, client } = bench({ limits: { bodyBytesMax: 100 } });
    const pulled = { count: 0 };
    const init = { body: endless(pulled), duplex: "half", headers: { "content-length": "101" } };
    const response = await ask("PUT", "/kv/k", init);
    expect([response.status, await errorOf(response)]).toEqual([
      413,
      "a body must have at most 100 bytes, got 101",
    ]);
    expect(pulled.count).toBeLessThan(3);
    expect(client.items.size).toBe(0);
  });

  test("are refused as soon as it shows, and read no further", async () => {
    const { ask, gateway, client } = bench({ limits: { bodyBytesMax: 100 } });
    const pulled = { count: 0 };
    const response = await ask("PUT", "/kv/k", { body: endless(pulled), duplex: "half" } as RequestInit);
    expect(response.status).toBe(413);
    expect(pulled.count).toBeLessThan(15);
    expect(gateway.counters.bodiesTooLarge).toBe(1);
    expect(client.items.size).toBe(0);
  });

  test("of exactly the most are taken", async () => {
    const { ask } = bench({ limits: { bodyBytesMax: 100 } });
    expect((await ask("PUT", "/kv/k", { body: new Uint8Array(100) })).status).toBe(201);
    expect((await ask("PUT", "/kv/k", { body: new Uint8Array(101) })).status).toBe(413);
  });

  test("a body that does not arrive in time is 408", async () => {
    const { ask, client, gateway, simulation } = bench({ bodyTimeoutMs: 500 });
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) });
    const asked = ask("PUT", "/kv/k", { body, duplex: "half" } as RequestInit);
    const response = await simulation.settle(asked);
    expect([response.status, await errorOf(response)]).toEqual([
      408,
      "a body must arrive within 500 ms, got 3 bytes of it",
    ]);
    expect(gateway.counters.bodiesTooLate).toBe(1);
    expect(client.items.size).toBe(0);
  });

  test("a body that breaks off stores nothing", async () => {
    const { ask, client, lines } = bench();
    let pulls = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (++pulls === 1) controller.enqueue(new Uint8Array(3));
        else controller.error(new Error("reset"));
      },
    });
    await ask("PUT", "/kv/k", { body, duplex: "half" } as RequestInit);
    expect(lines).toMatchObject([{ status: 499, reason: "the body broke off after 3 bytes" }]);
    expect(client.items.size).toBe(0);
  });

  test("a body that is too long for the runtime's own server is 413 as well", async () => {
    const { ask, gateway, client } = bench();
    const body = new ReadableStream({
      pull: (controller) => controller.error(new RangeError("a request body must have at most 10 bytes")),
    });
    const response = await ask("PUT", "/kv/k", { body, duplex: "half" } as RequestInit);
    expect(response.status).toBe(413);
    expect(gateway.counters.bodiesTooLarge).toBe(1);
    expect(client.items.size).toBe(0);
  });

  test("a body shorter than it says stores nothing", async () => {
    const { ask, client } = bench();
    const init = { body: new Uint8Array(3), headers: { "content-length": "4" } };
    const response = await ask("PUT", "/kv/k", init);
    expect([response.status, await errorOf(response)]).toEqual([
      400,
      "content-length must be the length of the body, 3, got 4",
    ]);
    expect(client.items.size).toBe(0);
  });
});

test.each([
  ["refused", "connection refused", 502, "serverFailures"],
  ["not-found", "host not found", 502, "serverFailures"],
  ["reset", "connection reset", 502, "serverFailures"],
  ["unreachable", "no route", 502, "serverFailures"],
  ["denied", "not allowed", 502, "serverFailures"],
  ["exhausted", "out of descriptors", 502, "serverFailures"],
  ["closed", "closed", 502, "serverFailures"],
  ["failed", "failed", 502, "serverFailures"],
  ["broken-reply", "broken reply", 502, "serverFailures"],
  ["client-error", "CLIENT_ERROR bad", 502, "serverFailures"],
  ["error", "ERROR", 502, "serverFailures"],
  ["timed-out", "no reply within 1000 ms", 504, "serverTimeouts"],
  ["overflow", "too many", 503, "serverOverflows"],
  ["client-closed", "closed", 503, "closed"],
  ["aborted", "aborted", 504, "serverTimeouts"],
  ["server-error", "SERVER_ERROR out of memory storing object", 502, "serverFailures"],
  ["server-error", "SERVER_ERROR object too large for cache", 413, "itemsTooLarge"],
] as const)("a server's %s, %j, is %d and counted", async (code, message, status, counter) => {
  const { client, ask, gateway, lines } = bench();
  client.failures.set("k", new ClientError(code, "10.0.0.1:11211", message));
  const response = await ask("PUT", "/kv/k", { body: "v" });
  expect(response.status).toBe(status);
  expect(response.headers.get("retry-after")).toBe(status === 503 ? "1" : null);
  if (code !== "aborted") expect(await errorOf(response)).toBe(`10.0.0.1:11211: ${message}`);
  expect(gateway.counters[counter]).toBe(1);
  expect(lines).toMatchObject([{ status, url: "/kv/k" }]);
});

test("a mistake of the gateway is 500: the log has it, the client has not", async () => {
  const { client, ask, lines } = bench();
  client.failures.set("k", new RangeError("secret"));
  const response = await ask("GET", "/kv/k");
  expect([response.status, await errorOf(response)]).toEqual([500, "the gateway failed"]);
  expect(lines).toMatchObject([{ status: 500, reason: "RangeError: secret" }]);
});
