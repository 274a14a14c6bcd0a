// What is said about each mistake in a gateway's file: where it is, what was found, what would be right.

import { expect, test } from "vitest";
import { describeMistake, readGatewayConfig } from "../src/mod.ts";

const said = (text: string): string[] => {
  const reading = readGatewayConfig(text, "gateway.yaml");
  return reading.ok ? [] : reading.mistakes.map(describeMistake);
};

/** A file with one route; its key stands on line 3. */
const route = (path: string, key: string): string =>
  `routes:\n  - path: ${JSON.stringify(path)}\n    key: ${JSON.stringify(key)}\n`;

const serverForm = "host:port:weight [name] or /path:weight [name]";
const pathForm = "a path that starts with /, such as /api/{uid}?lang";
const keyForm = "a key with arguments of the path in braces, such as u:{uid}:{lang}";
const rangeForm = "an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32";
const rangesForm = "a list of at least one IP address or range such as 10.0.0.0/8 or 2001:db8::/32";
const nameForm = "letters, digits and _, no digit first";
const literal = "letters, digits and ._~!$&'()*+,;=:@-";
const milliseconds = "a whole number of milliseconds from 1 to 2147483647";
const allKeys =
  "listen, servers, hash, distribution, hash_tag, timeout, connections, idle_timeout, methods, routes, allow, deny, rate_limit, compressed_flags, content_types, body_timeout, multi_timeout, multi_timeout_max, follow_min, follow_max, comment_after, drain_timeout, limits";

test.each<[string, string]>([
  ["hello\n", '1: must be a mapping with keys such as listen and servers, got "hello"'],
  ["- listen\n", "1: must be a mapping with keys such as listen and servers, got a list"],
  ["\tlisten: 1", "1: is indented with a tab: YAML takes spaces only"],
  ["timeout: 1\nhash: md5\ntimeout: 1\n", "3 timeout: is there twice: take one out"],
  ["[".repeat(100_000), "1: is nested too deeply"],
  ["#".repeat(1_048_577), "1: is longer than 1048576 characters"],

  ["hash: md5\ntime_out: 5\n", "2 time_out: is no key of a gateway: timeout?"],
  ["rate_limits: {}\n", "1 rate_limits: is no key of a gateway: rate_limit?"],
  ["redis: true\n", `1 redis: is no key of a gateway: ${allKeys}`],
  ["constructor: 1\n", `1 constructor: is no key of a gateway: ${allKeys}`],
  ["__proto__: 1\n", `1 __proto__: is no key of a gateway: ${allKeys}`],

  ["listen: 8080\n", "1 listen: must be host:port or /path [permissions], got 8080"],
  [
    "listen: localhost\n",
    '1 listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "localhost"',
  ],
  ["servers:\n", `1 servers: must be a list of at least one ${serverForm}, got nothing`],
  ["servers: []\n", `1 servers: must be a list of at least one ${serverForm}, got none`],
  ["servers:\n  - a:1:x\n", '2 servers[0]: weight must be a whole number from 1, got "x"'],
  [
    "servers:\n  - a:11211:1\n  - a:11211:2\n",
    "3 servers[1]: is a as servers[0] is: take one out, or give it another name",
  ],
  [
    "hash: sha1\n",
    '1 hash: must be one of one_at_a_time, md5, crc16, crc32, crc32a, fnv1_64, fnv1a_64, fnv1_32, fnv1a_32, hsieh, murmur, jenkins, murmur3, xxh3, crc32_mcrouter, java_string, got "sha1"',
  ],
  ["distribution: random\n", '1 distribution: must be one of ketama, modula, got "random"'],
  ["hash_tag: {}\n", '1 hash_tag: must be two characters in quotes, such as "{}", got a mapping'],
  ['hash_tag: "<->"\n', '1 hash_tag: must be two characters in quotes, such as "{}", got "<->"'],
  ["timeout: 0\n", `1 timeout: must be ${milliseconds}, got 0`],
  ["timeout: 2147483648\n", `1 timeout: must be ${milliseconds}, got 2147483648`],
  ["connections: 0\n", "1 connections: must be a whole number from 1 to 1000, got 0"],
  ["connections: 1001\n", "1 connections: must be a whole number from 1 to 1000, got 1001"],
  ["idle_timeout: 60s\n", `1 idle_timeout: must be ${milliseconds}, got "60s"`],

  ["methods: GET\n", '1 methods: must be a list of at least one of GET, HEAD, PUT, POST, DELETE, got "GET"'],
  ["methods: []\n", "1 methods: must be a list of at least one of GET, HEAD, PUT, POST, DELETE, got none"],
  ["methods:\n  - GET\n  - get\n", '3 methods[1]: must be one of GET, HEAD, PUT, POST, DELETE, got "get"'],

  ["routes: /api\n", '1 routes: must be a list of routes, each with path and key, got "/api"'],
  ["routes:\n  - /api\n", '2 routes[0]: must be a mapping with path and key, got "/api"'],
  ["routes:\n  - key: a\n", `2 routes[0].path: is missing: ${pathForm}`],
  ["routes:\n  - path: /a\n", `2 routes[0].key: is missing: ${keyForm}`],
  [`${route("/a", "a")}    pth: 1\n`, "4 routes[0].pth: is no key of a route: path?"],
  [`${route("/a", "a")}    ttl: 1\n`, "4 routes[0].ttl: is no key of a route: path, key, methods"],
  [
    `${route("/a", "a")}    methods: []\n`,
    "4 routes[0].methods: must be a list of at least one of GET, HEAD, PUT, POST, DELETE, got none",
  ],
  [
    `${route("/a", "a")}    methods: [PATCH]\n`,
    '4 routes[0].methods[0]: must be one of GET, HEAD, PUT, POST, DELETE, got "PATCH"',
  ],
  ["routes:\n  - path: 5\n    key: a\n", `2 routes[0].path: must be ${pathForm}, got 5`],
  [route("api/{uid}", "{uid}"), `2 routes[0].path: must be ${pathForm}, got "api/{uid}"`],
  [route("?a", "{a}"), `2 routes[0].path: must be ${pathForm}, got "?a"`],
  [route("/a b", "a"), `2 routes[0].path: must be ${pathForm}, got "/a b"`],
  [route("/a#b", "a"), `2 routes[0].path: must be ${pathForm}, got "/a#b"`],
  [route(`/${"a".repeat(1_024)}`, "a"), "2 routes[0].path: must be at most 1024 characters, got 1025"],
  ...["kv", "multi", "stream", "stats"].flatMap((own): [string, string][] =>
    [`/${own}`, `/${own}/x`, `/${own}/{a}`, `/${own}?a`].map((path) => [
      route(path, "{a}"),
      `2 routes[0].path: must not begin with /${own}, which the gateway has itself, got "${path}"`,
    ]),
  ),
  ...["", "é", "%20", "{uid", "uid}", "{a}.jpg", "{a}{b}", "{{a}}", 'a"', "[a]"].map(
    (segment): [string, string] => [
      route(`/api/${segment}/{uid}`, "{uid}"),
      `2 routes[0].path: a segment must be an argument in braces or of ${literal}, got ${JSON.stringify(segment)}`,
    ],
  ),
  [route("/", "a"), `2 routes[0].path: a segment must be an argument in braces or of ${literal}, got ""`],
  [route("/{a-b}", "{a-b}"), `2 routes[0].path: an argument's name must be ${nameForm}, got "a-b"`],
  [route("/{}", "a"), `2 routes[0].path: an argument's name must be ${nameForm}, got ""`],
  [route("/{1}", "{1}"), `2 routes[0].path: an argument's name must be ${nameForm}, got "1"`],
  [route("/a?", "a"), `2 routes[0].path: an argument's name must be ${nameForm}, got ""`],
  [route("/a?b=1", "{b}"), `2 routes[0].path: an argument's name must be ${nameForm}, got "b=1"`],
  [route("/a?{b}", "{b}"), `2 routes[0].path: an argument's name must be ${nameForm}, got "{b}"`],
  [route("/{a}/{a}", "{a}"), '2 routes[0].path: a is there twice: take one out, got "/{a}/{a}"'],
  [route("/{a}?b&a", "{a}{b}"), '2 routes[0].path: a is there twice: take one out, got "/{a}?b&a"'],
  [route("/a?ttl", "{ttl}"), '2 routes[0].path: ?ttl says how to store: choose another name, got "/a?ttl"'],
  [
    route("/a?b&flags", "{flags}"),
    '2 routes[0].path: ?flags says how to store: choose another name, got "/a?b&flags"',
  ],

  ["routes:\n  - path: /{a}\n    key: {a}\n", `3 routes[0].key: must be ${keyForm}, got a mapping`],
  [route("/a", ""), `3 routes[0].key: must be ${keyForm}, got ""`],
  [route("/{a}", "x{a"), `3 routes[0].key: must be ${keyForm}, got "x{a"`],
  [route("/{a}", "x{{a}}"), `3 routes[0].key: must be ${keyForm}, got "x{{a}}"`],
  [route("/{a}", "x{}"), `3 routes[0].key: must be ${keyForm}, got "x{}"`],
  [
    route("/{a}", "u: {a}"),
    '3 routes[0].key: must be without blanks and control characters, which no key has, got "u: {a}"',
  ],
  [
    route("/{a}", "u\0{a}"),
    '3 routes[0].key: must be without blanks and control characters, which no key has, got "u\\u0000{a}"',
  ],
  [
    route("/{a}", `${"ü".repeat(125)}x{a}`),
    `3 routes[0].key: must be at most 250 bytes beside its arguments, got "${"ü".repeat(80)}..."`,
  ],
  [route("/{a}", "{a}".repeat(342)), "3 routes[0].key: must be at most 1024 characters, got 1026"],
  [route("/{uid}", "u:{uid}:{uuid}"), "3 routes[0].key: {uuid} is no argument of the path: {uid}?"],
  [
    route("/{uid}", "u:{uid}:{lang}:{lang}"),
    '3 routes[0].key: {lang} is no argument of the path: add it as ?lang, got "/{uid}"',
  ],
  [
    route("/api/{uid}?lang", "u:{uid}"),
    '3 routes[0].key: must have {lang}, or all its values share one item, got "u:{uid}"',
  ],
  [
    "routes:\n  - { path: '/a/{x}?p', key: 'a:{x}:{p}' }\n  - { path: /b, key: b }\n  - path: /a/{y}\n    key: c:{y}\n",
    "4 routes[2].path: takes the same URLs as routes[0].path: take one out",
  ],

  ["allow: 10.0.0.7\n", `1 allow: must be ${rangesForm}, got "10.0.0.7"`],
  ["rate_limit: {}\n", "1 rate_limit: must be a mapping with per_address, total or both, got neither"],
  ["allow: []\n", `1 allow: must be ${rangesForm}, got none`],
  ["deny: 10.0.0.7\n", `1 deny: must be a list, each ${rangeForm}, got "10.0.0.7"`],
  ["deny:\n  - 10.0.0.7\n  - 10.0\n", `3 deny[1]: must be ${rangeForm}, got 10`],
  ["deny: [10.0.0.256]\n", `1 deny[0]: must be ${rangeForm}, got "10.0.0.256"`],
  ["deny: [10.0.0.07]\n", `1 deny[0]: must be ${rangeForm}, got "10.0.0.07"`],
  ["deny: [example.org]\n", `1 deny[0]: must be ${rangeForm}, got "example.org"`],
  ["deny: ['fe80::1%eth0']\n", `1 deny[0]: must be ${rangeForm}, got "fe80::1%eth0"`],
  ["deny: ['[::1]']\n", `1 deny[0]: must be ${rangeForm}, got "[::1]"`],
  ["deny: [10.0.0.0/8/8]\n", `1 deny[0]: must be ${rangeForm}, got "10.0.0.0/8/8"`],
  ...["1:2:3:4:5:6:7::8", "1:2:3:4::5:6:7:8", "1::2::3", "1.2.3.4::", "::1.2.3.4:5"].map(
    (address): [string, string] => [
      `deny: ['${address}']\n`,
      `1 deny[0]: must be ${rangeForm}, got "${address}"`,
    ],
  ),
  ["deny: [/8]\n", `1 deny[0]: must be ${rangeForm}, got "/8"`],
  [
    "allow: [10.0.0.0/33]\n",
    '1 allow[0]: prefix length must be a whole number from 0 to 32, got "10.0.0.0/33"',
  ],
  ["allow: [10.0.0.0/]\n", '1 allow[0]: prefix length must be a whole number from 0 to 32, got "10.0.0.0/"'],
  [
    "allow: [10.0.0.0/08]\n",
    '1 allow[0]: prefix length must be a whole number from 0 to 32, got "10.0.0.0/08"',
  ],
  ["allow: ['::/129']\n", '1 allow[0]: prefix length must be a whole number from 0 to 128, got "::/129"'],

  ["rate_limit: 5\n", "1 rate_limit: must be a mapping with per_address, total or both, got 5"],
  ["rate_limit:\n  per_addres: {}\n", "2 rate_limit.per_addres: is no key of rate_limit: per_address?"],
  ["rate_limit:\n  per_ip: {}\n", "2 rate_limit.per_ip: is no key of rate_limit: per_address, total"],
  ["rate_limit:\n  total: 5\n", "2 rate_limit.total: must be a mapping with per_second and burst, got 5"],
  ["rate_limit:\n  total:\n    burst: 5\n", "2 rate_limit.total.per_second: is missing: a number above 0"],
  [
    "rate_limit:\n  total:\n    per_second: 5\n",
    "2 rate_limit.total.burst: is missing: a whole number from 1 to 2147483647",
  ],
  [
    "rate_limit:\n  total: { per_second: 1, burst: 1,\n    bursts: 2 }\n",
    "3 rate_limit.total.bursts: is no key of a rate: burst?",
  ],
  ...["0", "-1", ".inf", ".nan", "fast"].map((rate): [string, string] => [
    `rate_limit:\n  per_address:\n    burst: 1\n    per_second: ${rate}\n`,
    `4 rate_limit.per_address.per_second: must be a number above 0, got ${{ ".inf": "Infinity", ".nan": "NaN", fast: '"fast"' }[rate] ?? rate}`,
  ]),
  [
    "rate_limit:\n  per_address:\n    burst: 0.5\n    per_second: 1\n",
    "3 rate_limit.per_address.burst: must be a whole number from 1 to 2147483647, got 0.5",
  ],

  ["compressed_flags: -1\n", "1 compressed_flags: must be a whole number from 0 to 4294967295, got -1"],
  [
    "content_types: false\ncompressed_flags: 4294967296\n",
    "2 compressed_flags: must be a whole number from 0 to 4294967295, got 4294967296",
  ],
  [
    "compressed_flags: 16777216\n",
    "1 compressed_flags: must be at most 16777215: the bits above keep content types, or content_types be false, got 16777216",
  ],
  ["content_types: yes\n", '1 content_types: must be true or false, got "yes"'],
  ["content_types: 1\n", "1 content_types: must be true or false, got 1"],
  ["body_timeout: 0\n", `1 body_timeout: must be ${milliseconds}, got 0`],
  ["multi_timeout: 0\n", `1 multi_timeout: must be ${milliseconds}, got 0`],
  ["multi_timeout_max: x\n", `1 multi_timeout_max: must be ${milliseconds}, got "x"`],
  ["follow_min: 0\n", `1 follow_min: must be ${milliseconds}, got 0`],
  ["follow_max: 0\n", `1 follow_max: must be ${milliseconds}, got 0`],
  ["comment_after: 0\n", `1 comment_after: must be ${milliseconds}, got 0`],
  ["drain_timeout: 0\n", `1 drain_timeout: must be ${milliseconds}, got 0`],
  [
    "multi_timeout_max: 999\nmulti_timeout: 1000\n",
    "1 multi_timeout_max: must be at least multi_timeout, 1000, got 999",
  ],
  ["follow_min: 50\nfollow_max: 49\n", "2 follow_max: must be at least follow_min, 50, got 49"],

  ["limits: []\n", "1 limits: must be a mapping with limits such as body_bytes, got a list"],
  ["limits:\n  body_byte: 5\n", "2 limits.body_byte: is no key of limits: body_bytes?"],
  [
    "limits:\n  files: 5\n",
    "2 limits.files: is no key of limits: url_bytes, header_bytes, body_bytes, inflated_bytes, multi_keys, multi_bytes, requests, streams, mappings, mappings_bytes, addresses",
  ],
  ...[
    ..."url_bytes header_bytes body_bytes inflated_bytes multi_keys multi_bytes".split(" "),
    ..."requests streams mappings mappings_bytes addresses".split(" "),
  ].map((limit): [string, string] => [
    `limits:\n  ${limit}: 0\n`,
    `2 limits.${limit}: must be a whole number from 1 to 2147483647, got 0`,
  ]),
])("of %j says %s", (text, message) => {
  expect(said(text)).toEqual([`gateway.yaml:${message}`]);
});

test("says all mistakes at once, in the order of the file", () => {
  const text = `
limits:
  streams: none
  url_byte: 5
servers: [a:1:1]
routes:
  - path: /{a}
    key: "{b}"
    name: x
  - path: b
    key: c
timout: 5
deny: [x, 10.0.0.1]
`;
  expect(said(text)).toEqual([
    'gateway.yaml:3 limits.streams: must be a whole number from 1 to 2147483647, got "none"',
    "gateway.yaml:4 limits.url_byte: is no key of limits: url_bytes?",
    "gateway.yaml:9 routes[0].name: is no key of a route: path, key, methods",
    `gateway.yaml:10 routes[1].path: must be ${pathForm}, got "b"`,
    "gateway.yaml:12 timout: is no key of a gateway: timeout?",
    `gateway.yaml:13 deny[0]: must be ${rangeForm}, got "x"`,
  ]);
});
