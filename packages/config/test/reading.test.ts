// What a good file means, and that no text at all makes the reader throw.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Endpoint } from "@memwire/engine";
import { ringName, type HashName } from "@memwire/router";
import {
  createPlacement,
  DEFAULT_TIMEOUT_MS,
  parseBackend,
  parseListen,
  readProxyConfig,
  ringServer,
  TWEMPROXY_LIMITS,
  type PoolConfig,
  type ProxyConfig,
} from "../src/mod.ts";

function read(text: string): ProxyConfig {
  const reading = readProxyConfig(text, "proxy.yaml");
  if (!reading.ok) throw new Error(reading.mistakes.map(({ message }) => message).join("\n"));
  return reading.config;
}

/** The three timeouts of a pool. */
function each(
  timeoutMs: number,
): Pick<PoolConfig, "queuedTimeoutMs" | "connectTimeoutMs" | "replyTimeoutMs"> {
  return { queuedTimeoutMs: timeoutMs, connectTimeoutMs: timeoutMs, replyTimeoutMs: timeoutMs };
}

test("reads twemproxy's own example", () => {
  const text = `
alpha:
  listen: 127.0.0.1:22121
  hash: fnv1a_64
  hash_tag: "{}"
  distribution: ketama
  auto_eject_hosts: false
  timeout: 400
  backlog: 512
  preconnect: false
  redis: false
  server_retry_timeout: 2000
  server_failure_limit: 1
  server_connections: 1
  servers:
   - 127.0.0.1:6379:1
   - 127.0.0.1:6380:3 server2

beta:
  listen: /tmp/beta.sock 0777
  hash: murmur
  distribution: modula
  servers:
   - /tmp/memcached.sock:2 local
   - "[::1]:11211:1"
`;
  expect(read(text)).toEqual({
    ...TWEMPROXY_LIMITS,
    pools: [
      {
        name: "alpha",
        listeners: [{ endpoint: { kind: "tcp", host: "127.0.0.1", port: 22_121 }, backlog: 512 }],
        hash: "fnv1a_64",
        hashTag: "{}",
        distribution: { name: "ketama" },
        ...each(400),
        connections: 1,
        preconnect: false,
        servers: [
          { endpoint: { kind: "tcp", host: "127.0.0.1", port: 6_379 }, weight: 1 },
          { endpoint: { kind: "tcp", host: "127.0.0.1", port: 6_380 }, weight: 3, name: "server2" },
        ],
      },
      {
        name: "beta",
        listeners: [{ endpoint: { kind: "unix", path: "/tmp/beta.sock" }, mode: 0o777 }],
        hash: "murmur",
        distribution: { name: "modula" },
        ...each(DEFAULT_TIMEOUT_MS),
        servers: [
          { endpoint: { kind: "unix", path: "/tmp/memcached.sock" }, weight: 2, name: "local" },
          { endpoint: { kind: "tcp", host: "::1", port: 11_211 }, weight: 1 },
        ],
      },
    ],
  });
});

test("has twemproxy's defaults, but a timeout", () => {
  const { pools } = read("a: { listen: ':22121', servers: ['h:1:1'] }");
  expect(pools).toMatchObject([
    {
      listeners: [{ endpoint: { host: "0.0.0.0", port: 22_121 } }],
      hash: "fnv1a_64",
      distribution: { name: "ketama" },
      ...each(1_000),
    },
  ]);
  expect(pools[0]).not.toHaveProperty("hashTag");
});

test("reads JSON", () => {
  const pool = { listen: "h:1", servers: ["a:1:1"] };
  expect(read(JSON.stringify({ p: pool })).pools[0]).toMatchObject({ name: "p", ...each(1_000) });
});

test("takes numbers and truths in quotes, as twemproxy does", () => {
  const { pools } = read(
    "a: { listen: 'h:1', servers: ['a:1:1'], timeout: '400', redis: 'false', server_connections: '1' }",
  );
  expect(pools[0]?.replyTimeoutMs).toBe(400);
});

test("what twemproxy takes for without a bound, or for the least, is that here", () => {
  const { pools } = read(
    "a: { listen: 'h:1', servers: ['a:1:1'], timeout: 0, client_connections: 0, backlog: 0, reuse_port: true }",
  );
  expect(pools[0]).toMatchObject({ ...each(2_147_483_647), listeners: [{ backlog: 1, reusePort: true }] });
  expect(pools[0]).not.toHaveProperty("clientConnectionsMax");
});

test("an IPv6 address may stand without brackets, as twemproxy has it, and is on the ring without them", () => {
  const { pools } = read(`
a:
  listen: ::1:22121
  servers: ["::1:21281:1", "2001:db8::7:11211:3", "fe80::1%lo:11212:1", "::ffff:10.0.0.1:11212:2 cache-d", "[::2]:1:1"]
b: { listen: ":::22122", servers: ["h:1:1"] }
`);
  expect(pools.map(({ listeners }) => listeners[0]?.endpoint)).toEqual([
    { kind: "tcp", host: "::1", port: 22_121 },
    { kind: "tcp", host: "::", port: 22_122 },
  ]);
  expect(pools[0]?.servers).toMatchObject([
    { endpoint: { host: "::1", port: 21_281 }, weight: 1 },
    { endpoint: { host: "2001:db8::7", port: 11_211 }, weight: 3 },
    { endpoint: { host: "fe80::1%lo", port: 11_212 }, weight: 1 },
    { endpoint: { host: "::ffff:10.0.0.1", port: 11_212 }, weight: 2, name: "cache-d" },
    { endpoint: { host: "::2", port: 1 }, weight: 1 },
  ]);
  // As nutcracker 0.5 names them, whose keys lay where these are looked for.
  const names = pools[0]?.servers.map((server) => ringName(ringServer(server)));
  expect(names).toEqual(["::1:21281", "2001:db8::7", "fe80::1%lo:11212", "cache-d", "::2:1"]);
});

test("values of any size are the servers' to refuse, as with twemproxy; in a file of our own as they are bounded", () => {
  const pool = "a: { listen: 'h:1', servers: ['a:1:1'] }";
  const sizes = ({ requests, replies }: ProxyConfig): unknown => [
    requests.valueBytesMax,
    replies.valueBytesMax,
  ];
  expect(sizes(read(pool))).toEqual([2_147_483_647, 2_147_483_647]);
  expect(sizes(read(`pools: { ${pool} }`))).toEqual([undefined, undefined]);
});

test("silent clients are asked whether they are there, where that is anything to ask", () => {
  const asked = (listen: string): object | undefined =>
    read(`a: { listen: ${listen}, tcpkeepalive: true, servers: ['a:1:1'] }`).pools[0]?.listeners[0];
  expect(asked("h:1")).toHaveProperty("keepAlive", true);
  expect(asked("/run/a.sock")).not.toHaveProperty("keepAlive");
});

test("a server is ejected when, and for as long as, twemproxy would", () => {
  const pool = (lines: string): object =>
    read(`a: { listen: 'h:1', servers: ['a:1:1'], ${lines} }`).pools[0]?.health ?? {};
  const health = { whenDown: "rehash", retryJitter: 0, flapWindowMs: 0 };
  expect(pool("auto_eject_hosts: true")).toEqual({
    ...health,
    failuresMax: 2,
    retryMinMs: 30_000,
    retryMaxMs: 30_000,
  });
  expect(pool("auto_eject_hosts: true, server_failure_limit: 0, server_retry_timeout: 0")).toEqual({
    ...health,
    failuresMax: 1,
    retryMinMs: 1,
    retryMaxMs: 1,
  });
  expect(pool("server_failure_limit: 5")).toEqual({});
  // Such a server keeps its keys, and is found soon when it is back.
  expect(read("a: { listen: 'h:1', servers: ['a:1:1'] }").limits).toEqual({ retryMaxMs: 1_000 });
});

test("pools may have names that objects have", () => {
  const pool = "{ listen: 'h:0', servers: ['a:1:1'] }";
  const { pools } = read(`constructor: ${pool}\n__proto__: ${pool}\n1: ${pool}\n`);
  expect(pools.map(({ name }) => name).toSorted()).toEqual(["1", "__proto__", "constructor"]);
});

test("several pools may leave the port to the system", () => {
  const pool = "{ listen: '127.0.0.1:0', servers: ['a:1:1'] }";
  expect(read(`a: ${pool}\nb: ${pool}\n`).pools).toHaveLength(2);
});

test("several pools may have one port, at addresses of their own or where all share it", () => {
  const count = (...listens: readonly string[]): number =>
    read(listens.map((listen, i) => `p${i}: { listen: ${listen}, servers: ['a:1:1'] }`).join("\n")).pools
      .length;
  expect(count("127.0.0.1:5", "127.0.0.2:5", "'[::1]:5'", "localhost:5")).toBe(4);
  // All addresses of IPv4 are none of IPv6; and a name may stand for either.
  expect(count("0.0.0.0:5", "'[::1]:5'", "localhost:5")).toBe(3);
  expect(count("0.0.0.0:5, reuse_port: true", "127.0.0.1:5, reuse_port: true")).toBe(2);
});

test("any text gives a configuration or mistakes", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ..."a:|  |listen: |servers:|- |\n|\t|&x |*x |[|{|}|]|'|\"|? |: |<<: |--- |... |!!map |%YAML 9|h:1:1|null|~|>|#|@"
        .split("|")
        .concat("|"),
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const reading = readProxyConfig(pieces.join(""), "f");
      if (reading.ok) expect(reading.config.pools.length).toBeGreaterThan(0);
      else {
        expect(reading.mistakes.length).toBeGreaterThan(0);
        for (const { line, message } of reading.mistakes) {
          expect(line).toBeGreaterThan(0);
          expect(message).not.toMatch(/\n|^$/);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("any JSON gives a configuration or mistakes", () => {
  const key = fc.constantFrom("listen", "servers", "hash", "timeout", "redis", "hash_tag", "x", "__proto__");
  const pool = fc.dictionary(key, fc.jsonValue());
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), pool)), (value) => {
      expect(readProxyConfig(JSON.stringify(value), "f")).toHaveProperty("ok");
    }),
  );
});

const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,15}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const endpoint = fc.oneof(
  fc.record({ kind: fc.constant("tcp" as const), host: fc.oneof(word, fc.ipV4(), fc.ipV6()), port }),
  word.map((path) => ({ kind: "unix" as const, path: `/${path}` })),
);
const server = fc.record(
  { endpoint, weight: fc.integer({ min: 1, max: 2_147_483_647 }), name: word },
  { requiredKeys: ["endpoint", "weight"] },
);
const twemproxyHashes =
  "one_at_a_time md5 crc16 crc32 crc32a fnv1_64 fnv1a_64 fnv1_32 fnv1a_32 hsieh murmur jenkins".split(
    " ",
  ) as HashName[];
const pool = fc.record(
  {
    listeners: endpoint.map((at) => [{ endpoint: at }]),
    hash: fc.constantFrom(...twemproxyHashes),
    distribution: fc.constantFrom("ketama", "modula", "random").map((name) => ({ name })),
    hashTag: fc.stringMatching(/^[!-~]{2}$/),
    queuedTimeoutMs: fc.integer({ min: 1, max: 2_147_483_647 }),
    clientConnectionsMax: fc.integer({ min: 1, max: 1_000_000 }),
    servers: fc.uniqueArray(server, {
      minLength: 1,
      maxLength: 5,
      selector: (one) => ringName(ringServer(one)),
    }),
  },
  { requiredKeys: ["listeners", "hash", "distribution", "queuedTimeoutMs", "servers"] },
);
const pools = fc
  .uniqueArray(pool, {
    minLength: 1,
    maxLength: 3,
    selector: ({ listeners }) => addressOf(listeners[0]?.endpoint as Endpoint),
  })
  .map((list) => list.map((one, i) => ({ name: `pool-${i}`, ...one, ...each(one.queuedTimeoutMs) })))
  // A pool that is its own server is refused.
  .filter((list) =>
    list.every(({ listeners, servers }) =>
      servers.every((one) => addressOf(one.endpoint) !== addressOf(listeners[0]?.endpoint as Endpoint)),
    ),
  );

function addressOf(at: Endpoint): string {
  if (at.kind === "unix") return at.path;
  return `${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
}

/** The same as twemproxy has it, at every other port. */
function bareAddressOf(at: Endpoint): string {
  return at.kind === "tcp" && at.port % 2 === 1 ? `${at.host}:${at.port}` : addressOf(at);
}

/** Pools as twemproxy's file would have them. */
function write(list: readonly PoolConfig[]): string {
  const entries = list.map(({ name, listeners, hash, distribution, hashTag, servers, ...rest }) => [
    name,
    {
      hash,
      distribution: distribution.name,
      listen: bareAddressOf(listeners[0]?.endpoint as Endpoint),
      hash_tag: hashTag,
      timeout: rest.queuedTimeoutMs,
      client_connections: rest.clientConnectionsMax,
      servers: servers.map((one) =>
        [`${bareAddressOf(one.endpoint)}:${one.weight}`, one.name]
          .filter((part) => part !== undefined)
          .join(" "),
      ),
    },
  ]);
  return JSON.stringify(Object.fromEntries(entries), undefined, 1);
}

test("every name that is taken can stand in stats, and no other is refused", () => {
  const fits = /^[!-~]{1,200}$/;
  const name = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.stringMatching(/^[!-~]{190,210}$/),
    fc.stringMatching(/^[!-~]{1,9}$/),
  );
  const sound = fc.stringMatching(/^[!-~]{1,9}$/);
  fc.assert(
    fc.property(fc.oneof(fc.tuple(name, sound), fc.tuple(sound, name)), ([poolName, path]) => {
      const text = JSON.stringify({ [poolName]: { listen: "h:0", servers: [`/${path}:1`] } });
      const reading = readProxyConfig(text, "f");
      if (!reading.ok) {
        expect([poolName, `/${path}`].every((one) => fits.test(one))).toBe(false);
        return;
      }
      for (const { name: own, servers } of reading.config.pools) {
        for (const one of [own, ...servers.map((server) => server.name ?? addressOf(server.endpoint))]) {
          expect(one).toMatch(fits);
        }
      }
    }),
  );
});

test("what was written is read back, and the router takes it", () => {
  fc.assert(
    fc.property(pools, (given) => {
      expect(read(write(given))).toEqual({ ...TWEMPROXY_LIMITS, pools: given });
      for (const pool of given) createPlacement(pool, pool.servers, Math.random);
    }),
  );
});

test.each<[string, object]>([
  ["10.0.0.1:11211", { endpoint: { kind: "tcp", host: "10.0.0.1", port: 11_211 }, weight: 1 }],
  ["cache-1:11211:3", { endpoint: { kind: "tcp", host: "cache-1", port: 11_211 }, weight: 3 }],
  ["[::1]:11211", { endpoint: { kind: "tcp", host: "::1", port: 11_211 }, weight: 1 }],
  ["[fe80::1%eth0]:11211:2", { endpoint: { kind: "tcp", host: "fe80::1%eth0", port: 11_211 }, weight: 2 }],
  ["/run/a.sock", { endpoint: { kind: "unix", path: "/run/a.sock" }, weight: 1 }],
  ["/run/a.sock:4", { endpoint: { kind: "unix", path: "/run/a.sock" }, weight: 4 }],
])("parseBackend reads %s", (text, wanted) => {
  expect(parseBackend(text)).toEqual(wanted);
});

test.each<[string, string]>([
  ["10.0.0.1", 'must be host:port[:weight] or /path[:weight], got "10.0.0.1"'],
  ["", 'must be host:port[:weight] or /path[:weight], got ""'],
  ["./a:1", 'must be host:port[:weight] or /path[:weight], got "./a:1"'],
  ["unix:/run/a.sock", 'must be host:port[:weight] or /path[:weight], got "unix:/run/a.sock"'],
  ["a b:1", 'must be host:port[:weight] or /path[:weight], got "a b:1"'],
  [
    "/run/a b.sock",
    'address must be 1 to 200 printable ASCII characters without blanks, got "/run/a b.sock"',
  ],
  ["h:x", 'port must be a whole number from 1 to 65535, got "x"'],
  ["h:1:x", 'weight must be a whole number from 1, got "x"'],
  ["/run/a.sock:x", 'weight must be a whole number from 1, got "x"'],
  ["::1:11211", 'must be an IPv6 address in brackets, such as [::1]:11211:1, got "::1:11211"'],
])("parseBackend refuses %j", (text, message) => {
  expect(() => parseBackend(text)).toThrow(new RangeError(message));
});

test.each<[string, object]>([
  ["127.0.0.1:0", { kind: "tcp", host: "127.0.0.1", port: 0 }],
  [":22121", { kind: "tcp", host: "0.0.0.0", port: 22_121 }],
  ["[::1]:22121", { kind: "tcp", host: "::1", port: 22_121 }],
  ["[fe80::1%eth0]:22121", { kind: "tcp", host: "fe80::1%eth0", port: 22_121 }],
  ["unix:22121", { kind: "tcp", host: "unix", port: 22_121 }],
  ["/run/a.sock:22121", { kind: "unix", path: "/run/a.sock:22121" }],
])("parseListen reads %s", (text, endpoint) => {
  expect(parseListen(text)).toEqual({ endpoint });
});

test("only what starts with / is a unix socket", () => {
  const text = fc.array(fc.constantFrom("/", "unix:", ":", "a", "22121", ".", "[::1]", " "), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(text, (parts) => {
      const address = parts.join("");
      for (const parse of [parseListen, parseBackend]) {
        try {
          expect(parse(address).endpoint.kind).toBe(address.startsWith("/") ? "unix" : "tcp");
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }),
  );
});

test("says where a file has what is found out later, at the first place", () => {
  const text = `pools:
  alpha:
    listen:
      - :1
      - address: :2
        tls: &tls
          cert: proxy.pem
          key: proxy.key
    servers: [h:1]
  beta:
    listen: { address: ":3", tls: *tls }
    servers: [i:1]
    server_tls: { ca: proxy.pem }
  gamma:
    listen: { address: ":4", tls: { cert: other.pem, key: proxy.key } }
    servers: [j:1]
`;
  const reading = readProxyConfig(text, "f");
  if (!reading.ok) throw new Error("it is not good");
  const { placeOf } = reading;
  expect(placeOf("cert", "proxy.pem")).toEqual({
    file: "f",
    line: 7,
    path: "pools.alpha.listen[1].tls.cert",
  });
  expect(placeOf("ca", "proxy.pem")).toEqual({ file: "f", line: 13, path: "pools.beta.server_tls.ca" });
  expect(placeOf("key", "proxy.pem")).toBeUndefined();
  const keyOf = (pem: string): string | undefined =>
    placeOf("key", "proxy.key", ({ cert }) => cert === pem)?.path;
  expect(keyOf("proxy.pem")).toBe("pools.alpha.listen[1].tls.key");
  expect(keyOf("other.pem")).toBe("pools.gamma.listen.tls.key");
  expect(keyOf("proxy.key")).toBeUndefined();
});
