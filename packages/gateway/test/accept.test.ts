import { describe, expect, test } from "vitest";
import { acceptsCoding, acceptsType } from "../src/accept.ts";

describe("accept-encoding", () => {
  test.each([
    [null, false, false],
    ["", false, false],
    ["gzip", true, false],
    ["GZIP", true, false],
    ["x-gzip", true, false],
    ["deflate", false, true],
    ["gzip, deflate, br", true, true],
    ["br;q=1.0, gzip;q=0.8, *;q=0.1", true, true],
    ["gzip;q=0", false, false],
    ["gzip;q=0.000", false, false],
    ["gzip;q=0.001", true, false],
    ["*", true, true],
    ["*;q=0", false, false],
    ["gzip;q=0, *", false, true],
    ["identity;q=0, gzip ; q=1", true, false],
    ["gzip;q=abc", false, false],
    ["gzip;q=2", false, false],
    ["gzip; foo=bar; q=0", false, false],
    ["gzipped", false, false],
    [",,gzip,,", true, false],
  ])("%j: gzip %s, deflate %s", (header, gzip, deflate) => {
    expect([acceptsCoding(header, "gzip"), acceptsCoding(header, "deflate")]).toEqual([gzip, deflate]);
  });
});

test.each([
  [null, false],
  ["*/*", false],
  ["application/x-ndjson", true],
  ["text/html, application/x-ndjson;q=0.9", true],
  ["application/x-ndjson;q=0", false],
])("accept %j names NDJSON: %s", (header, named) => {
  expect(acceptsType(header, "application/x-ndjson")).toBe(named);
});
