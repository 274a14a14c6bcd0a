import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { formsOf } from "../src/compression.ts";
import { bench, errorOf } from "./bench.ts";
import type { StoredItem } from "./memory-client.ts";

const plain = new TextEncoder().encode("memcached ".repeat(500));

/** What php-memcached stores: the length, little-endian, then zlib. */
function php(bytes: Uint8Array): Uint8Array {
  const compressed = deflateSync(bytes);
  const value = new Uint8Array(4 + compressed.length);
  new DataView(value.buffer).setUint32(0, bytes.length, true);
  value.set(compressed, 4);
  return value;
}

const forms: readonly (readonly [string, Uint8Array, "gzip" | "deflate"])[] = [
  ["gzip", gzipSync(plain), "gzip"],
  ["zlib", deflateSync(plain), "deflate"],
  ["zlib without compression", deflateSync(plain, { level: 0 }), "deflate"],
  ["php-memcached", php(plain), "deflate"],
];

const gunzip = { gzip: gunzipSync, deflate: inflateSync };

describe.each(forms)("a value in %s", (_name, stored, coding) => {
  test("is inflated to a client that does not say that it takes it so", async () => {
    const { client, ask, gateway } = bench();
    client.put("k", stored, 1);
    for (const headers of [{}, { "accept-encoding": "br" }, { "accept-encoding": `${coding};q=0` }]) {
      const response = await ask("GET", "/kv/k", { headers: headers as HeadersInit });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-encoding")).toBeNull();
      expect(response.headers.get("vary")).toBe("accept-encoding");
      expect(response.headers.get("content-length")).toBe(String(plain.length));
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(plain);
    }
    expect(gateway.counters).toMatchObject({ inflated: 3, passedThrough: 0 });
  });

  test("goes out as it is to one that does", async () => {
    const { client, ask, gateway } = bench();
    client.put("k", stored, 1);
    const response = await ask("GET", "/kv/k", { headers: { "accept-encoding": "gzip, deflate" } });
    expect(response.headers.get("content-encoding")).toBe(coding);
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const body = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get("content-length")).toBe(String(body.length));
    expect(new Uint8Array(gunzip[coding](body))).toEqual(plain);
    expect(gateway.counters).toMatchObject({ inflated: 0, passedThrough: 1 });
  });

  test.each(["", "gzip, deflate"])("HEAD answers the headers of GET, accepting %j", async (accepted) => {
    const { client, ask } = bench();
    client.put("k", stored, 1);
    const headers = { "accept-encoding": accepted };
    const [get, head] = [await ask("GET", "/kv/k", { headers }), await ask("HEAD", "/kv/k", { headers })];
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    expect(await head.text()).toBe("");
  });

  test("cut anywhere, or with a byte changed at its end, is 502", async () => {
    const { client, ask, gateway } = bench();
    const cuts = [stored.length - 1, stored.length - 5, stored.length >> 1, 8].map((end) =>
      stored.slice(0, end),
    );
    const changed = stored.slice();
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 0xff;
    for (const broken of [...cuts, changed]) {
      client.put("k", broken, 1);
      const response = await ask("GET", "/kv/k");
      expect([response.status, await errorOf(response)]).toEqual([502, "the compressed value is broken"]);
    }
    expect(gateway.counters.compressedBroken).toBe(cuts.length + 1);
  });
});

test("whatever is compressed in whatever form comes out", () => {
  const { client, ask } = bench();
  const form = fc.constantFrom<(bytes: Uint8Array) => Uint8Array>(gzipSync, deflateSync, php);
  return fc.assert(
    fc.asyncProperty(form, fc.uint8Array({ maxLength: 3_000 }), async (compress, bytes) => {
      client.put("k", compress(bytes), 1);
      const body = await (await ask("GET", "/kv/k")).arrayBuffer();
      expect(new Uint8Array(body)).toEqual(bytes);
    }),
  );
});

test("php's length that looks like a zlib header is still php's, and never goes out unread", async () => {
  const { client, ask, gateway } = bench();
  const bytes = new Uint8Array(0x01_9c_78); // 78 9c 01 00
  const stored = php(bytes);
  expect(formsOf(stored)).toHaveLength(2);
  client.put("k", stored, 1);
  const response = await ask("GET", "/kv/k", { headers: { "accept-encoding": "deflate" } });
  expect(response.headers.get("content-encoding")).toBeNull();
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  expect(gateway.counters).toMatchObject({ inflated: 1, passedThrough: 0 });
});

test.each(["", "x", "plain text", "\x80\x04\x95pickle", "\x1f\x8b"])(
  "the flag on %j, which is no compressed form, is somebody else's: it goes out as it is",
  async (text) => {
    const { client, ask } = bench();
    const stored = Uint8Array.from(text, (character) => character.charCodeAt(0));
    client.put("k", stored, 1);
    const response = await ask("GET", "/kv/k", { headers: { "accept-encoding": "gzip" } });
    expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(stored);
  },
);

test.each([
  [1, 0, false],
  [1, 2, false],
  [1, 3, true],
  [0x30, 0x10, true],
  [0x30, 0x20, true],
  [0x30, 1, false],
  [0, 1, false],
])("with the mask %d, flags %d say compressed: %s", async (compressedFlags, flags, isCompressed) => {
  const { client, ask } = bench({ compressedFlags });
  client.put("k", gzipSync(plain), flags);
  const response = await ask("GET", "/kv/k", { headers: { "accept-encoding": "gzip" } });
  expect(response.headers.get("content-encoding")).toBe(isCompressed ? "gzip" : null);
});

describe("a bomb", () => {
  const zeros = new Uint8Array(64 * 1024 * 1024);

  test.each([
    ["gzip", gzipSync(zeros)],
    ["zlib", deflateSync(zeros)],
  ])("in %s is refused", async (_name, bomb) => {
    const { client, ask, gateway } = bench({ limits: { inflatedBytesMax: 100_000 } });
    client.put("k", bomb, 1);
    const response = await ask("GET", "/kv/k");
    expect([response.status, await errorOf(response)]).toEqual([
      502,
      "a compressed value must have at most 100000 bytes when inflated, got more",
    ]);
    expect(gateway.counters).toMatchObject({ inflatedTooLarge: 1, inflated: 0 });
  });

  test("is refused as soon as the bound is passed: what comes after it is not even looked at", async () => {
    const { client, ask } = bench({ limits: { inflatedBytesMax: 100_000 } });
    const bomb = gzipSync(zeros);
    bomb.fill(0xff, bomb.length >> 1); // broken, for whoever comes so far
    client.put("k", bomb, 1);
    expect((await ask("GET", "/kv/k")).status).toBe(502);
    expect(await errorOf(await ask("GET", "/kv/k"))).toContain("got more");
  });

  test("of exactly the most is no bomb", async () => {
    const { client, ask } = bench({ limits: { inflatedBytesMax: 1_000 } });
    client.put("k", gzipSync(new Uint8Array(1_000)), 1);
    expect((await ask("GET", "/kv/k")).status).toBe(200);
    client.put("k", gzipSync(new Uint8Array(1_001)), 1);
    expect((await ask("GET", "/kv/k")).status).toBe(502);
  });
});

describe("PUT of what is compressed already", () => {
  test.each([
    ["gzip", gzipSync(plain)],
    ["x-gzip", gzipSync(plain)],
    ["deflate", deflateSync(plain)],
  ])("%s is stored as it is, with the flag", async (coding, body) => {
    const { client, ask } = bench();
    const headers = { "content-encoding": coding, "content-type": "application/x-unusual" };
    expect((await ask("PUT", "/kv/k?flags=4", { body, headers })).status).toBe(201);
    expect((client.items.get("k")?.flags ?? 0) & 0xff_ffff).toBe(5);
    const response = await ask("GET", "/kv/k");
    expect(response.headers.get("content-type")).toBe("application/x-unusual");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(plain);
  });

  test("and to other memcached clients it is exactly the body", async () => {
    const { client, ask } = bench({ compressedFlags: 0x30 });
    const body = gzipSync(plain);
    await ask("PUT", "/kv/k", {
      body,
      headers: { "content-encoding": "gzip", "content-type": "text/plain" },
    });
    const { value, flags } = client.items.get("k") as StoredItem;
    expect(flags).toBe((1 << 24) | 0x10);
    expect(new Uint8Array(value)).toEqual(new Uint8Array(body));
  });

  test.each([
    [1, "br", 415, 'content-encoding must be gzip or deflate, got "br"'],
    [1, "gzip, gzip", 415, 'content-encoding must be gzip or deflate, got "gzip, gzip"'],
    [0, "gzip", 415, 'content-encoding must be left out, got "gzip"'],
    [1, "deflate", 400, "the body must be deflate, as content-encoding says, and is not"],
  ])("with the mask %d, %j is %d", async (compressedFlags, coding, status, message) => {
    const { client, ask } = bench({ compressedFlags });
    const init = { body: gzipSync(plain), headers: { "content-encoding": coding } };
    const response = await ask("PUT", "/kv/k", init);
    expect([response.status, await errorOf(response)]).toEqual([status, message]);
    expect(client.items.size).toBe(0);
  });

  test("identity is no coding", async () => {
    const { client, ask } = bench({ contentTypes: false });
    await ask("PUT", "/kv/k", { body: "v", headers: { "content-encoding": "identity" } });
    expect(client.items.get("k")?.flags).toBe(0);
  });
});
