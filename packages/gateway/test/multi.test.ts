import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { ClientError } from "@memwire/client";
import { bench, errorOf, turn } from "./bench.ts";

const NDJSON = { headers: { accept: "application/x-ndjson" } };

async function linesOf(response: Response): Promise<readonly unknown[]> {
  const text = await response.text();
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

const refused = new ClientError("refused", "10.0.0.1:11211", "connection refused");

test("answers every key in the order asked, each with a status of its own", async () => {
  const { ask, client } = bench();
  client.put("a", "Ä", 5);
  client.put("c", new Uint8Array([0xff, 0]));
  const response = await ask("GET", "/multi?key=a&key=b&key=c&key=a");
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await response.json()).toEqual({
    complete: true,
    items: [
      { key: "a", status: 200, flags: 5, value: "Ä" },
      { key: "b", status: 404 },
      { key: "c", status: 200, flags: 0, base64: "/wA=" },
      { key: "a", status: 200, flags: 5, value: "Ä" },
    ],
  });
});

test("a server that fails takes only its own keys: 207, and says so", async () => {
  const { ask, client, gateway, lines } = bench();
  client.put("a", "1");
  client.failures.set("b", refused);
  client.failures.set("c", new ClientError("timed-out", "10.0.0.2:11211", "no reply"));
  const response = await ask("GET", "/multi?key=a&key=b&key=c");
  expect(response.status).toBe(207);
  expect(await response.json()).toEqual({
    complete: false,
    items: [
      { key: "a", status: 200, flags: 0, value: "1" },
      { key: "b", status: 502, error: "10.0.0.1:11211: connection refused" },
      { key: "c", status: 504, error: "10.0.0.2:11211: no reply" },
    ],
  });
  expect(gateway.counters).toMatchObject({ partial: 1, served: 0, multiKeys: 3 });
  expect(lines).toMatchObject([{ status: 207 }]);
});

test("a deadline answers what there is", async () => {
  const { ask, client, simulation, gateway } = bench();
  client.put("a", "1");
  client.silent.add("b");
  const asked = ask("GET", "/multi?key=a&key=b&timeout=50");
  const response = await simulation.settle(asked);
  expect(simulation.elapsedMs).toBe(50);
  expect(response.status).toBe(207);
  expect(await response.json()).toEqual({
    complete: false,
    items: [
      { key: "a", status: 200, flags: 0, value: "1" },
      { key: "b", status: 504, error: "no answer within 50 ms" },
    ],
  });
  expect(gateway.counters.multiKeysTooLate).toBe(1);
});

test("keys are escaped as everywhere, and called as the client calls them", async () => {
  const { ask, client } = bench();
  client.put("a%20b", "1");
  client.put("a%0D%0Ax", "2");
  const response = await ask("GET", "/multi?key=a+b&key=a%20b&key=a%0d%0ax&key=%ff&key=a%2Bb");
  expect(client.calls).toEqual(["get a%20b", "get a%20b", "get a%0D%0Ax", "get \xff", "get a+b"]);
  expect(await response.json()).toMatchObject({
    items: [
      { key: "a b", value: "1" },
      { key: "a b", value: "1" },
      { key: "a\r\nx", value: "2" },
      { key: "%ff", status: 404 },
      { key: "a+b", status: 404 },
    ],
  });
});

test("compressed values are inflated, and a line before the value is taken off", async () => {
  const { ask, client } = bench({ limits: { inflatedBytesMax: 1_000 } });
  client.put("a", gzipSync("inflated"), 1);
  client.put("b", "Content-Type: a/b\r\n\r\nvalue", 255 * 2 ** 24 + 4);
  client.put("c", gzipSync(new Uint8Array(1_001)), 1);
  client.put("d", gzipSync("broken").subarray(0, 12), 1);
  const response = await ask("GET", "/multi?key=a&key=b&key=c&key=d");
  expect(await response.json()).toEqual({
    complete: false,
    items: [
      { key: "a", status: 200, flags: 1, value: "inflated" },
      { key: "b", status: 200, flags: 4, value: "value" },
      {
        key: "c",
        status: 502,
        error: "a compressed value must have at most 1000 bytes when inflated, got more",
      },
      { key: "d", status: 502, error: "the compressed value is broken" },
    ],
  });
});

test.each([
  ["", "/multi must have at least one key, such as /multi?key=a&key=b"],
  ["?keys=a", 'an argument of /multi must be key or timeout, got "keys"'],
  ["?key=", "a key must have 1 to 250 bytes, got 0"],
  ["?key=a&key=%", 'a % must be followed by two hexadecimal digits, and be %25 itself, got "%"'],
  ["?key=a&timeout=0", 'timeout must be a whole number of milliseconds from 1 to 10000, got "0"'],
  ["?key=a&timeout=10001", 'timeout must be a whole number of milliseconds from 1 to 10000, got "10001"'],
  ["?key=a&timeout=1e3", 'timeout must be a whole number of milliseconds from 1 to 10000, got "1e3"'],
])("/multi%s is 400, and no server is asked", async (query, message) => {
  const { ask, client } = bench();
  const response = await ask("GET", `/multi${query}`);
  expect([response.status, await errorOf(response)]).toEqual([400, message]);
  expect(client.calls).toEqual([]);
});

test("more keys than multiKeysMax are 400", async () => {
  const { ask, gateway } = bench({ limits: { multiKeysMax: 3 } });
  expect((await ask("GET", "/multi?key=a&key=b&key=c")).status).toBe(200);
  const response = await ask("GET", "/multi?key=a&key=b&key=c&key=d");
  expect([response.status, await errorOf(response)]).toEqual([400, "/multi must have at most 3 keys, got 4"]);
  expect(gateway.counters.multiKeysTooMany).toBe(1);
});

test("items beyond multiBytesMax are answered without their values", async () => {
  const { ask, client, gateway } = bench({ limits: { multiBytesMax: 200 } });
  client.put("a", "x".repeat(100));
  client.put("b", "\0".repeat(30)); // six bytes each in JSON
  client.put("c", gzipSync("y".repeat(1_000)), 1);
  client.put("d", "1");
  const response = await ask("GET", "/multi?key=a&key=b&key=c&key=d");
  const error = "all items together must have at most 200 bytes";
  expect(await response.json()).toMatchObject({
    complete: false,
    items: [{ status: 200 }, { status: 413, error }, { status: 413, error }, { status: 413, error }],
  });
  expect(gateway.counters.multiKeysTooLarge).toBe(3);
});

test("multiBytesMax counts bytes, not characters, and the answer has no more", async () => {
  const { ask, client } = bench({ limits: { multiBytesMax: 400 } });
  for (const key of ["a", "b", "c"]) client.put(key, "€".repeat(40));
  const response = await ask("GET", "/multi?key=a&key=b&key=c", NDJSON);
  const items = (await linesOf(response)) as { status?: number }[];
  expect(items.map(({ status }) => status)).toEqual([200, 200, 413, undefined]);
});

test("compressed values that have no room as they are do not wait for their turn", async () => {
  const { ask, client, gateway } = bench({ limits: { multiBytesMax: 1_000 } });
  const value = gzipSync("z", { level: 0 });
  client.put("small", value, 1);
  client.put("large", gzipSync("y".repeat(990), { level: 0 }), 1);
  const answer = (await (await ask("GET", "/multi?key=small&key=large&key=small")).json()) as {
    items: { status: number }[];
  };
  expect(answer.items.map(({ status }) => status)).toEqual([200, 413, 200]);
  expect(gateway.counters).toMatchObject({ inflated: 2, multiKeysTooLarge: 1 });
});

test("what has no room any more is not even inflated", async () => {
  const { ask, client, gateway } = bench({ limits: { multiBytesMax: 80 } });
  for (const key of ["a", "b", "c"]) client.put(key, gzipSync("y".repeat(100)), 1);
  const response = await ask("GET", "/multi?key=a&key=b&key=c");
  expect(await response.json()).toMatchObject({ items: [{ status: 413 }, { status: 413 }, { status: 413 }] });
  expect(gateway.counters).toMatchObject({ multiKeysTooLarge: 3, inflated: 1 });
});

test.each(["HEAD", "PUT", "POST", "DELETE"])("%s is 405", async (method) => {
  const { ask } = bench();
  const response = await ask(method, "/multi?key=a");
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
});

test("if the client itself fails, every key says so", async () => {
  const { ask, client, gateway } = bench();
  client.getEach = () => Promise.reject(new ClientError("client-closed", "", "the client is closed"));
  const response = await ask("GET", "/multi?key=a&key=b");
  expect(response.status).toBe(207);
  expect(await response.json()).toMatchObject({ items: [{ status: 503 }, { status: 503 }] });
  expect(gateway.counters.requestsNow).toBe(0);
});

describe("NDJSON", () => {
  test("has a line a key as it is answered, and a last one about all", async () => {
    const { ask, client, lines, gateway } = bench();
    client.put("a", "1");
    client.put("c", gzipSync("later"), 1);
    client.failures.set("d", refused);
    const response = await ask("GET", "/multi?key=c&key=a&key=b&key=d", NDJSON);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    expect(await linesOf(response)).toEqual([
      { key: "a", status: 200, flags: 0, value: "1" },
      { key: "b", status: 404 },
      { key: "d", status: 502, error: "10.0.0.1:11211: connection refused" },
      { key: "c", status: 200, flags: 1, value: "later" },
      { complete: false, keys: 4, hits: 2, misses: 1, failures: 1 },
    ]);
    expect(lines).toMatchObject([{ status: 200 }]);
    expect(gateway.counters).toMatchObject({ partial: 1, requestsNow: 0 });
  });

  test("gives what has come before all has", async () => {
    const { ask, client, simulation } = bench();
    client.put("a", "1");
    client.silent.add("b");
    const response = await ask("GET", "/multi?key=a&key=b&timeout=50", NDJSON);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    expect(new TextDecoder().decode(first.value)).toBe('{"key":"a","status":200,"flags":0,"value":"1"}\n');
    const second = reader.read();
    simulation.advance(50);
    let rest = "";
    for (let piece = await second; piece.value !== undefined; piece = await reader.read()) {
      rest += new TextDecoder().decode(piece.value);
    }
    expect(rest).toBe(
      '{"key":"b","status":504,"error":"no answer within 50 ms"}\n' +
        '{"complete":false,"keys":2,"hits":1,"misses":0,"failures":1}\n',
    );
  });

  test("to a client that asks for several pieces at once has each line once", async () => {
    const { ask, gateway, simulation, client, lines } = bench();
    client.silent.add("a");
    const response = await ask("GET", "/multi?key=a&timeout=50", NDJSON);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const reads = Array.from({ length: 5 }, () => reader.read());
    await turn();
    simulation.advance(50);
    const pieces = await Promise.all(reads);
    expect(pieces.map(({ value }) => new TextDecoder().decode(value)).join("")).toBe(
      '{"key":"a","status":504,"error":"no answer within 50 ms"}\n' +
        '{"complete":false,"keys":1,"hits":0,"misses":0,"failures":1}\n',
    );
    expect(lines).toHaveLength(1);
    expect(gateway.counters).toMatchObject({ requestsNow: 0, partial: 1 });
  });

  test.each(["cancel", "abort", "both"])("a client that goes away (%s) is 499, once", async (how) => {
    const { ask, client, gateway, lines } = bench();
    const abort = new AbortController();
    client.put("a", "1");
    client.silent.add("b");
    const response = await ask("GET", "/multi?key=a&key=b", { ...NDJSON, signal: abort.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(gateway.counters.requestsNow).toBe(1);
    if (how !== "cancel") abort.abort();
    if (how !== "abort") await reader.cancel();
    await turn();
    expect(lines).toMatchObject([{ status: 499, bytes: 47 }]);
    expect(gateway.counters).toMatchObject({ clientsGone: 1, requestsNow: 0 });
  });

  test("a client that has a signal of its own is told of by that", async () => {
    const { client, gateway, lines } = bench();
    const [own, ofRequest] = [new AbortController(), new AbortController()];
    client.silent.add("a");
    const request = new Request("http://gateway/multi?key=a", { ...NDJSON, signal: ofRequest.signal });
    await gateway.fetch(request, { address: "", signal: own.signal });
    ofRequest.abort();
    expect(lines).toEqual([]);
    own.abort();
    expect(lines).toMatchObject([{ status: 499 }]);
  });

  test("a runtime that aborts the request after its end changes nothing", async () => {
    const { ask, client, lines } = bench();
    const abort = new AbortController();
    client.put("a", "1");
    const response = await ask("GET", "/multi?key=a", { ...NDJSON, signal: abort.signal });
    await response.text();
    abort.abort();
    expect(lines).toMatchObject([{ status: 200 }]);
  });
});

test("JSON and NDJSON say the same of every key", () => {
  const key = fc.constantFrom(...Array.from("abcdefgh"));
  const item = fc.oneof(fc.string(), fc.uint8Array());
  return fc.assert(
    fc.asyncProperty(
      fc.dictionary(key, item),
      fc.array(key, { minLength: 1, maxLength: 20 }),
      async (items, keys) => {
        const { ask, client } = bench();
        for (const [name, value] of Object.entries(items)) client.put(name, value);
        const query = keys.map((name) => `key=${name}`).join("&");
        const document = (await (await ask("GET", `/multi?${query}`)).json()) as { items: unknown[] };
        const lines = await linesOf(await ask("GET", `/multi?${query}`, NDJSON));
        expect(lines.slice(0, -1)).toEqual(document.items);
        const hits = keys.filter((name) => Object.hasOwn(items, name)).length;
        const end = { complete: true, keys: keys.length, hits, misses: keys.length - hits, failures: 0 };
        expect(lines.at(-1)).toEqual(end);
      },
    ),
  );
});
