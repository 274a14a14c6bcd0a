import { expect, test } from "vitest";
import fc from "fast-check";
import { argumentsOf, partsOf, pathStart } from "../src/url.ts";

test.each([
  ["http://h/kv/a", "/kv/a", ""],
  ["https://h:8443/kv/a?ttl=1", "/kv/a", "ttl=1"],
  ["http://h", "/", ""],
  ["http://h?x", "/", "x"],
  ["http://[::1]:80/a/b?c?d", "/a/b", "c?d"],
  ["http://h/a#b?c", "/a", ""],
  ["http://h/a?b#c", "/a", "b"],
  ["http://u:p@h//x", "//x", ""],
  ["/kv/a?b=http://c/d", "/kv/a", "b=http://c/d"],
  ["/kv/http://x", "/kv/http://x", ""],
  ["", "/", ""],
])("%j is path %j and query %j", (url, path, query) => {
  expect(partsOf(url)).toEqual({ path, query });
});

test("sees what the platform's URL sees", () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
      const { pathname, search, href } = new URL(url);
      expect(partsOf(href)).toEqual({ path: pathname, query: search.slice(1) });
      expect(href.slice(pathStart(href))).toMatch(/^\//);
    }),
  );
});

test("takes arguments apart and leaves their values encoded", () => {
  expect(argumentsOf("a=1&b=%20+&&c&d=e=f&=g&h%20i=")).toEqual([
    { name: "a", encoded: "1" },
    { name: "b", encoded: "%20+" },
    { name: "c", encoded: "" },
    { name: "d", encoded: "e=f" },
    { name: "", encoded: "g" },
    { name: "h i", encoded: "" },
  ]);
});
