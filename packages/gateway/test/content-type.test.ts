import { expect, test } from "vitest";
import fc from "fast-check";
import { latin1Text } from "@memwire/codec";
import { bench, errorOf } from "./bench.ts";
import { bytesOf } from "./memory-client.ts";

const common = [
  "application/json",
  "text/html",
  "text/plain",
  "text/css",
  "image/png",
  "image/jpeg",
  "image/svg+xml",
  "application/x-www-form-urlencoded",
  "application/xml",
  "application/octet-stream",
  "font/woff2",
  "text/plain;charset=UTF-8",
  "text/plain;charset=utf-8",
  "text/html; charset=utf-8",
];

test.each(common)("%s is kept without changing the stored bytes", async (type) => {
  const { ask, client } = bench();
  await ask("PUT", "/kv/k?flags=5", { body: "value", headers: { "content-type": type } });
  const item = client.items.get("k");
  expect(latin1Text(item?.value ?? new Uint8Array())).toBe("value");
  expect((item?.flags ?? 0) & 0xff_ffff).toBe(5);
  const response = await ask("GET", "/kv/k");
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("memcached-flags")).toBe("5");
});

test("codes never change, as they are in the memory of servers", async () => {
  const { ask, client } = bench();
  const codeOf = async (type: string): Promise<number> => {
    await ask("PUT", "/kv/k", { body: "v", headers: { "content-type": type } });
    return (client.items.get("k")?.flags ?? 0) >>> 24;
  };
  const codes: Record<string, number> = {};
  for (const type of common) codes[type] = await codeOf(type);
  expect(codes).toEqual({
    "application/octet-stream": 0,
    "text/plain": 1,
    "text/plain;charset=utf-8": 2,
    "text/plain;charset=UTF-8": 3,
    "text/html": 6,
    "text/html; charset=utf-8": 9,
    "application/json": 11,
    "application/x-www-form-urlencoded": 16,
    "application/xml": 21,
    "text/css": 31,
    "image/png": 91,
    "image/jpeg": 92,
    "image/svg+xml": 96,
    "font/woff2": 107,
  });
});

test("any other type stands before the value, and GET takes it off again", async () => {
  const { ask, client } = bench();
  const type = "application/vnd.example+json; v=2";
  await ask("PUT", "/kv/k", { body: "value", headers: { "content-type": type } });
  const { value = new Uint8Array(), flags = 0 } = client.items.get("k") ?? {};
  expect(latin1Text(value)).toBe(`Content-Type: ${type}\r\n\r\nvalue`);
  expect(flags >>> 24).toBe(255);
  const response = await ask("GET", "/kv/k");
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("content-length")).toBe("5");
  expect(await response.text()).toBe("value");
});

test("whatever type and bytes are put come back to the letter", () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
  const parameter = fc.stringMatching(/^; ?[a-z]{1,8}=[\x21-\x7e]{1,20}$/);
  const unusual = fc
    .tuple(token, token, fc.array(parameter, { maxLength: 2 }))
    .map(([type, subtype, parameters]) => `${type}/${subtype}${parameters.join("")}`);
  const { ask } = bench();
  return fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constantFrom(...common), unusual),
      fc.uint8Array(),
      fc.integer({ min: 0, max: 0xff_ffff }).map((flags) => flags & ~1), // 1: compressed
      async (type, body, flags) => {
        const init = { body: body as BodyInit, headers: { "content-type": type } };
        expect((await ask("PUT", `/kv/k?flags=${flags}`, init)).status).toBe(201);
        const response = await ask("GET", "/kv/k");
        expect(response.headers.get("content-type")).toBe(type);
        expect(response.headers.get("memcached-flags")).toBe(String(flags));
        expect(new Uint8Array(await response.arrayBuffer())).toEqual(body);
      },
    ),
  );
});

test.each(["text", "text/", "/plain", "text/plain charset", "téxt/plain", "a/b\tc", `a/${"b".repeat(199)}`])(
  "%j is no content type, and nothing is stored",
  async (type) => {
    const { ask, client } = bench();
    const response = await ask("PUT", "/kv/k", { body: "v", headers: { "content-type": type } });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toContain("content-type must be type/subtype");
    expect(client.items.size).toBe(0);
  },
);

test.each([
  ["a code without a row", 200 << 24, "value", "value"],
  ["255 without a line", 255 << 24, "value", "value"],
  ["255 with half a line", 255 << 24, "Content-Type: text/plain\r\n", "Content-Type: text/plain\r\n"],
  ["255 with a line that is no type", 255 << 24, "Content-Type: x\r\n\r\nv", "Content-Type: x\r\n\r\nv"],
  ["255 and nothing", 255 << 24, "", ""],
  [
    "255 with a header too many",
    255 << 24,
    "Content-Type: a/b\r\nX: y\r\n\r\nv",
    "Content-Type: a/b\r\nX: y\r\n\r\nv",
  ],
])("%s is served as octets, as it is", async (_what, flags, stored, body) => {
  const { ask, client } = bench();
  client.put("k", bytesOf(stored), flags >>> 0);
  const response = await ask("GET", "/kv/k");
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  expect(await response.text()).toBe(body);
});
