// What a good file of the gateway means, and that no text at all makes the reader throw.

import { isIP } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readGatewayConfig, type GatewayConfig } from "../src/mod.ts";

function read(text: string): GatewayConfig {
  const reading = readGatewayConfig(text, "gateway.yaml");
  if (!reading.ok) throw new Error(reading.mistakes.map(({ message }) => message).join("\n"));
  return reading.config;
}

test("reads every key", () => {
  const text = `
listen: /run/gateway.sock 0660
servers:
  - 10.0.0.1:11211:1
  - 10.0.0.2:11211:2 cache-b
hash: fnv1a_64
distribution: modula
hash_tag: "{}"
timeout: 400
connections: 8
idle_timeout: 30000
methods: [GET, HEAD, PUT, POST, DELETE]
routes:
  - path: /api/{uid}?lang
    key: u:{uid}:{lang}
    methods: [GET]
  - path: /img/{_id2}/thumb?w&h
    key: "{_id2}:{w}:{h}"
  - { path: /about, key: "page:about" }
allow: [10.0.0.0/8, ::1, "2001:db8::/32"]
deny:
  - 10.0.0.7
rate_limit:
  per_address: { per_second: 0.5, burst: 200 }
  total: { per_second: 10000, burst: 20000 }
compressed_flags: 0x10
content_types: true
body_timeout: 20000
multi_timeout: 500
multi_timeout_max: 5000
follow_min: 25
follow_max: 25
comment_after: 10000
drain_timeout: 3000
limits:
  url_bytes: 1
  header_bytes: 2
  body_bytes: 3
  inflated_bytes: 4
  multi_keys: 5
  multi_bytes: 6
  requests: 7
  streams: 8
  mappings: 9
  mappings_bytes: 10
  addresses: 11
`;
  expect(read(text)).toEqual({
    listen: { endpoint: { kind: "unix", path: "/run/gateway.sock" }, mode: 0o660 },
    servers: [
      { endpoint: { kind: "tcp", host: "10.0.0.1", port: 11_211 }, weight: 1 },
      { endpoint: { kind: "tcp", host: "10.0.0.2", port: 11_211 }, weight: 2, name: "cache-b" },
    ],
    hash: "fnv1a_64",
    distribution: "modula",
    hashTag: "{}",
    timeoutMs: 400,
    connections: 8,
    idleTimeoutMs: 30_000,
    methods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    routes: [
      { path: "/api/{uid}?lang", key: "u:{uid}:{lang}", methods: ["GET"] },
      { path: "/img/{_id2}/thumb?w&h", key: "{_id2}:{w}:{h}" },
      { path: "/about", key: "page:about" },
    ],
    allow: ["10.0.0.0/8", "::1", "2001:db8::/32"],
    deny: ["10.0.0.7"],
    ratePerAddress: { perSecond: 0.5, burst: 200 },
    rateTotal: { perSecond: 10_000, burst: 20_000 },
    compressedFlags: 16,
    contentTypes: true,
    bodyTimeoutMs: 20_000,
    multiTimeoutMs: 500,
    multiTimeoutMaxMs: 5_000,
    followMinMs: 25,
    followMaxMs: 25,
    commentMs: 10_000,
    drainMs: 3_000,
    limits: {
      urlBytesMax: 1,
      headerBytesMax: 2,
      bodyBytesMax: 3,
      inflatedBytesMax: 4,
      multiKeysMax: 5,
      multiBytesMax: 6,
      requestsMax: 7,
      streamsMax: 8,
      mappingsMax: 9,
      mappingsBytesMax: 10,
      addressesMax: 11,
    },
  });
});

test.each(["", "# nothing yet\n", "{}", "null", "---\n"])("of %j every default holds", (text) => {
  expect(read(text)).toStrictEqual({
    hash: "md5",
    distribution: "ketama",
    timeoutMs: 1_000,
    connections: 1,
    idleTimeoutMs: 60_000,
  });
});

test("reads JSON", () => {
  const value = { servers: ["a:1:1"], routes: [{ path: "/{a}", key: "{a}" }], limits: { streams: 9 } };
  expect(read(JSON.stringify(value))).toMatchObject({
    servers: [{ weight: 1 }],
    routes: [{ path: "/{a}", key: "{a}" }],
    limits: { streamsMax: 9 },
  });
});

test("takes numbers and truths in quotes, as the proxy's file does", () => {
  const text = `
timeout: "400"
content_types: "false"
compressed_flags: "4294967295"
rate_limit: { total: { per_second: "0.25", burst: "3" } }
`;
  expect(read(text)).toMatchObject({
    timeoutMs: 400,
    contentTypes: false,
    compressedFlags: 0xffff_ffff,
    rateTotal: { perSecond: 0.25, burst: 3 },
  });
  expect(read('content_types: "true"').contentTypes).toBe(true);
});

test("a list may be empty where it says that there is none", () => {
  expect(read("routes: []\ndeny: []\nlimits: {}")).toMatchObject({
    routes: [],
    deny: [],
    limits: {},
  });
});

test("a route may have a path that only looks like one of the gateway's own", () => {
  const paths = [
    "/kv2/{a}",
    "/multiple/{a}",
    "/api/kv/{a}",
    "/streams",
    "/statistics",
    "/{a}",
    "/a_.~!$&'()*+,;=:@-z",
  ];
  const routes = paths.map((path) => ({ path, key: path.includes("{a}") ? "k:{a}" : "k" }));
  expect(read(JSON.stringify({ routes })).routes).toEqual(routes);
});

test("the longest path and key are taken", () => {
  const path = `/${"p".repeat(1_018)}/{a}`;
  const key = `${"ü".repeat(125)}{a}`;
  expect(read(JSON.stringify({ routes: [{ path, key }] })).routes).toEqual([{ path, key }]);
});

test("takes for an IP address what the runtime takes for one", () => {
  const piece = fc.constantFrom(
    ..."0 1 01 9 99 255 256 ffff FFFF 12345 g . : :: 1: :1 1.2.3.4 1.2.3. ::ffff:".split(" "),
  );
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join("")),
    fc.array(fc.constantFrom("1", "0", "abcd"), { minLength: 7, maxLength: 9 }).map((all) => all.join(":")),
    fc
      .array(fc.constantFrom("1", "0", "254", "1000"), { minLength: 3, maxLength: 5 })
      .map((all) => all.join(".")),
  );
  fc.assert(
    fc.property(text, (address) => {
      expect([address, readGatewayConfig(JSON.stringify({ deny: [address] }), "f").ok]).toEqual([
        address,
        isIP(address) !== 0,
      ]);
    }),
    { numRuns: 1_000 },
  );
});

test("takes a prefix as long as the address at the most", () => {
  const prefix = fc.integer({ min: 0, max: 200 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), prefix, (address, bits) => {
      const reading = readGatewayConfig(JSON.stringify({ allow: [`${address}/${bits}`] }), "f");
      expect(reading.ok).toBe(bits <= (address.includes(":") ? 128 : 32));
    }),
  );
});

test("any text gives a configuration or mistakes", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ..."listen: |servers:|routes:|limits:|rate_limit:|allow: |  path: |  key: |{a}|/a?b|- |\n|\t|&x |*x |[|{|}|]|'|\"|? |: |<<: |--- |!!map |!!set |null|~|>|1"
        .split("|")
        .concat("|"),
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const reading = readGatewayConfig(pieces.join(""), "f");
      if (reading.ok) return;
      expect(reading.mistakes.length).toBeGreaterThan(0);
      for (const { line, message } of reading.mistakes) {
        expect(line).toBeGreaterThan(0);
        expect(message).not.toMatch(/\n|^$/);
      }
    }),
    { numRuns: 500 },
  );
});

test("any JSON gives a configuration or mistakes", () => {
  const inner = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("/a/{b}", "{b}", "/", "{", "10.0.0.0/8", "GET", 1, 0, -1, "1", 1e300),
  );
  const dictionary = (keys: string): fc.Arbitrary<unknown> =>
    fc.dictionary(fc.constantFrom(...keys.split(" ")), inner);
  const rate = dictionary("per_second burst __proto__");
  const value = fc.record(
    {
      listen: inner,
      servers: fc.array(inner),
      methods: fc.array(inner),
      timeout: inner,
      routes: fc.oneof(inner, fc.array(fc.oneof(inner, dictionary("path key methods constructor")))),
      allow: fc.array(inner),
      rate_limit: fc.oneof(inner, fc.record({ per_address: rate, total: rate }, { requiredKeys: [] })),
      limits: fc.oneof(inner, dictionary("url_bytes streams __proto__")),
      ["__proto__"]: inner,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(inner, value), (given) => {
      const reading = readGatewayConfig(JSON.stringify(given, undefined, 1), "f");
      if (!reading.ok) expect(reading.mistakes.length).toBeGreaterThan(0);
      else
        for (const { path, key } of reading.config.routes ?? [])
          expect(`${path} ${key}`).toMatch(/^\/\S* \S+$/);
    }),
    { numRuns: 500 },
  );
});

const name = fc.stringMatching(/^[a-z]\w{0,7}$/);
const route = fc
  .tuple(
    fc.uniqueArray(
      name.filter((it) => !["ttl", "flags"].includes(it)),
      { maxLength: 5 },
    ),
    fc.nat({ max: 5 }),
    fc.stringMatching(/^[a-z]{1,5}$/),
    fc.option(fc.uniqueArray(fc.constantFrom("GET", "HEAD", "PUT", "POST", "DELETE"), { minLength: 1 })),
  )
  .map(([names, cut, word, methods]) => {
    const inPath = names.slice(0, cut).map((one) => `/{${one}}`);
    const query = names.slice(cut);
    return {
      path: `/x-${word}${inPath.join("")}${query.length > 0 ? `?${query.join("&")}` : ""}`,
      key: `${word}${names.map((one) => `:{${one}}`).join("")}`,
      ...(methods === null ? {} : { methods }),
    };
  });
const shape = (path: string): string => path.replaceAll(/\{\w+\}/g, "{}").replace(/\?.*/, "");

test("routes that were written are read back", () => {
  const routes = fc.uniqueArray(route, { maxLength: 5, selector: ({ path }) => shape(path) });
  fc.assert(
    fc.property(routes, (given) => {
      expect(read(JSON.stringify({ routes: given })).routes).toEqual(given);
    }),
  );
});
