import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { RouteOptions } from "../src/mod.ts";
import { RouteTable } from "../src/route-table.ts";
import { bench, errorOf } from "./bench.ts";

const routes: readonly RouteOptions[] = [
  { path: "/api/{uid}?lang", key: "u:{uid}:{lang}" },
  { path: "/api/me", key: "me" },
  { path: "/page/{path}/view", key: "page-{path}", methods: ["GET", "PUT"] },
  { path: "/search?q&size", key: "s:{size}/{q}" },
  { path: "/{a}/{b}/{c}/{d}", key: "{d}.{c}.{b}.{a}" },
];

/** The key that a URL reaches, or the status and message of its refusal. */
async function keyAt(method: string, path: string): Promise<string> {
  const { ask, client } = bench({ routes });
  const response = await ask(method, path, method === "PUT" ? { body: "v" } : {});
  const [call] = client.calls;
  return call ?? `${response.status} ${await errorOf(response)}`;
}

test.each([
  ["GET", "/api/42?lang=de", "get u:42:de"],
  ["GET", "/api/42?utm_source=x&lang=de&fbclid=y", "get u:42:de"],
  ["PUT", "/api/42?lang=de&ttl=60", "set u:42:de"],
  ["DELETE", "/api/42?lang=de", "delete u:42:de"],
  ["GET", "/api/me", "get me"],
  ["GET", "/api/a%20b?lang=x+y", "get u:a%20b:x%20y"],
  ["GET", "/api/1:de?lang=x", "get u:1%3Ade:x"],
  ["GET", "/api/1%3Ade?lang=x", "get u:1%3Ade:x"],
  ["GET", "/api/1?lang=de:x", "get u:1:de%3Ax"],
  ["GET", "/api/x%0d%0aflush_all?lang=y", "get u:x%0D%0Aflush_all:y"],
  ["GET", "/page/home/view", "get page-home"],
  ["GET", "/search?size=10&q=a%26b", "get s:10/a&b"],
  ["GET", "/w/x/y/z", "get z.y.x.w"],
  ["GET", "/w/x/y/z.z", "get z%2Ez.y.x.w"],
])("%s %s is %j", async (method, path, call) => {
  expect(await keyAt(method, path)).toBe(call);
});

test.each([
  ["GET", "/api/42", "400 the argument lang of /api/{uid}?lang is missing"],
  ["GET", "/api/42?lang=", "400 the argument lang of /api/{uid}?lang must not be empty"],
  ["GET", "/api/?lang=de", "400 the argument uid of /api/{uid}?lang must not be empty"],
  ["GET", "/api/42?lang=a&lang=b", "400 the argument lang is there twice"],
  [
    "GET",
    "/api/%zz?lang=a",
    '400 a % must be followed by two hexadecimal digits, and be %25 itself, got "%zz"',
  ],
  ["PUT", "/api/42?lang=de&tll=60", '400 an argument here must be ttl or flags, got "tll"'],
  ["DELETE", "/api/42?lang=de&x=1", '400 an argument here must be ttl or flags, got "x"'],
  ["DELETE", "/page/home/view", '405 "DELETE" is not taken here, only GET, PUT'],
  ["GET", `/page/${"x".repeat(250)}/view`, "400 a key must have 1 to 250 bytes, got 255"],
  ["GET", "/api/42/x", "404 no such path"],
  ["GET", "/Api/42?lang=de", "404 no such path"],
])("%s %s is refused", async (method, path, refusal) => {
  expect(await keyAt(method, path)).toContain(refusal);
});

test("the 404 of an unknown path lists what there is", async () => {
  const { ask } = bench({ routes: routes.slice(0, 1) });
  expect(await errorOf(await ask("GET", "/nothing"))).toBe(
    'no such path as "/nothing"; there are /kv/{key}, /multi?key={key}, /stream/{topic}, /stats, /api/{uid}?lang',
  );
});

test("different arguments are never one key", () => {
  const text = fc.string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom(...Array.from("ab:%.-{é \n3A")),
  });
  const pair = fc.tuple(text, text);
  const { ask, client } = bench({ routes });
  const keyOf = async ([uid, lang]: readonly [string, string]): Promise<string> => {
    client.calls.length = 0;
    await ask("GET", `/api/${encodeURIComponent(uid)}?lang=${encodeURIComponent(lang)}`);
    return client.calls[0] ?? "none";
  };
  return fc.assert(
    fc.asyncProperty(pair, pair, async (one, other) => {
      fc.pre(![one[0], other[0]].some((uid) => uid === "." || uid === "..")); // the URL parser takes those out
      const [key, otherKey] = [await keyOf(one), await keyOf(other)];
      expect(key === otherKey).toBe(one[0] === other[0] && one[1] === other[1]);
    }),
  );
});

describe("a template that is wrong is refused, with what would be right:", () => {
  const refusal = (...routes: readonly RouteOptions[]): string => {
    try {
      bench({ routes });
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return (error as RangeError).message;
    }
    return "taken";
  };

  test.each([
    ["api/{uid}", "{uid}", "route api/{uid}: a path must begin with /, such as /api/{uid}"],
    ["/api//{uid}", "{uid}", "route /api//{uid}: a segment is empty, leave the extra / out"],
    ["/", "k", "route /: a segment is empty, leave the extra / out"],
    [
      "/img/{id}.png",
      "{id}",
      'route /img/{id}.png: an argument must be a whole segment, such as /{uid}/, got "{id}.png"',
    ],
    ["/a b", "k", 'route /a b: a segment must have only what stands in a URL as it is, got "a b"'],
    ["/a%20b", "k", 'route /a%20b: a segment must have only what stands in a URL as it is, got "a%20b"'],
    ["/kv/{uid}", "{uid}", "route /kv/{uid}: /kv is the gateway's own, choose another path"],
    ["/stats", "k", "route /stats: /stats is the gateway's own, choose another path"],
    [
      "/api/{1}",
      "{1}",
      `route /api/{1}: an argument's name must be letters, digits and _, not a digit first, got "1"`,
    ],
    [
      "/api?la-ng",
      "{la-ng}",
      `route /api?la-ng: an argument's name must be letters, digits and _, not a digit first, got "la-ng"`,
    ],
    [
      "/api?lang=de",
      "{lang}",
      `route /api?lang=de: an argument's name must be letters, digits and _, not a digit first, got "lang=de"`,
    ],
    ["/api/{uid}?ttl", "{uid}{ttl}", "route /api/{uid}?ttl: ?ttl says how to store, choose another name"],
    ["/api/{uid}?uid", "{uid}", "route /api/{uid}?uid: {uid} is there twice"],
    [
      "/api/{uid}?lang",
      "u:{uid}",
      "route /api/{uid}?lang: {lang} is not in the key, or all its values would share one item",
    ],
    [
      "/api/{uid}",
      "u:{uid}:{lang}",
      "route /api/{uid}: {lang} of the key is no argument of the path, add it as ?lang",
    ],
    [
      "/api/{uid}?lang",
      "{uid}{lang}",
      'route /api/{uid}?lang: after {uid} there must be a separator such as : in the key, or two URLs could share one item, got ""',
    ],
    [
      "/api/{uid}?lang",
      "{uid}x{lang}",
      'route /api/{uid}?lang: after {uid} there must be a separator such as : in the key, or two URLs could share one item, got "x"',
    ],
    [
      "/api/{uid}?lang",
      "{uid}%{lang}",
      'route /api/{uid}?lang: after {uid} there must be a separator such as : in the key, or two URLs could share one item, got "%"',
    ],
    ["/api", "", 'route /api: the key is empty, such as "u:{uid}" would be right'],
    ["/api", "a b", 'route /api: a key must have no blank or control character, got "a b"'],
    ["/api", "a}", 'route /api: a brace of the key has no partner, in "a}"'],
    ["/api", "k".repeat(251), "route /api: a key must have at most 250 bytes, got 251"],
  ])("%s -> %s", (path, key, message) => {
    expect(refusal({ path, key })).toBe(message);
  });

  test("methods that a gateway does not have, or none", () => {
    const methods = ["PATCH"] as unknown as RouteOptions["methods"] & {};
    expect(refusal({ path: "/a", key: "k", methods })).toBe(
      'route /a: methods must be of GET, HEAD, PUT, POST, DELETE, got "PATCH"',
    );
    expect(refusal({ path: "/a", key: "k", methods: [] })).toBe(
      "route /a: methods must have at least one of GET, HEAD, PUT, POST, DELETE",
    );
  });

  test("two that take the same paths", () => {
    expect(refusal({ path: "/a/{x}", key: "a{x}" }, { path: "/a/{y}?z", key: "b{y}:{z}" })).toBe(
      "route /a/{y}?z: /a/{x} takes the same paths, leave one out",
    );
  });
});

test("text is tried before an argument, wherever it stands in the configuration", () => {
  const paths = ["/{x}/{y}", "/{x}/b", "/a/{y}", "/a/b", "/{x}"];
  const named = (path: string): RouteOptions => {
    const names = [...path.matchAll(/\{\w+\}/g)].map(([name]) => name);
    return { path, key: `k:${names.join(":")}` };
  };
  fc.assert(
    fc.property(fc.shuffledSubarray(paths, { minLength: paths.length }), (order) => {
      const table = new RouteTable(order.map(named));
      expect(table.find("/a/b")?.route.path).toBe("/a/b");
      expect(table.find("/a/c")?.route.path).toBe("/a/{y}");
      expect(table.find("/c/b")?.route.path).toBe("/{x}/b");
      expect(table.find("/c/d")?.route.path).toBe("/{x}/{y}");
      expect(table.find("/c")?.route.path).toBe("/{x}");
      expect(table.find("/a/b/c")).toBeUndefined();
    }),
  );
});
