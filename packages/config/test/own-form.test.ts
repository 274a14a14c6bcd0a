// memwire's own form of the proxy's file: what it means, and what is said about each mistake that twemproxy's has not.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createPlacement,
  defaultHashes,
  describeMistake,
  distributionNames,
  NO_LIMITS,
  proxyJsonSchema,
  readProxyConfig,
  type PoolConfig,
  type ProxyConfig,
} from "../src/mod.ts";

function read(text: string): ProxyConfig {
  const reading = readProxyConfig(text, "proxy.yml");
  if (!reading.ok) throw new Error(reading.mistakes.map(describeMistake).join("\n"));
  return reading.config;
}

const said = (text: string): string[] => {
  const reading = readProxyConfig(text, "proxy.yml");
  return reading.ok ? [] : reading.mistakes.map(describeMistake);
};

const tcp = (host: string, port: number): PoolConfig["servers"][number]["endpoint"] => ({
  kind: "tcp",
  host,
  port,
});

test("says everything that a pool may be", () => {
  const text = `
proxy:
  connections_max: 10000
  value_bytes_max: 2097152
  reply_value_bytes_max: 4194304
  drain_timeout: 2000
  deno_sockets: deno
pools:
  alpha:
    listen:
      - 127.0.0.1:22121
      - address: 0.0.0.0:22122
        tls: { cert: proxy.pem, key: proxy.key, ca: ca.pem, verify: require, min_version: TLSv1.3 }
        allow: [10.0.0.0/8]
        deny: [10.9.0.0/16]
        backlog: 1024
        reuse_port: true
        keepalive: true
      - /run/alpha.sock 0660
    client_connections: 500
    servers:
      - 10.0.0.1:11211
      - 10.0.0.2:11211:3 cache-b
      - unix:/run/memcached.sock:2
      - { address: 10.0.0.3:11211, weight: 2, name: cache-c, tls: false }
      - { address: cache.example:11211, tls: { servername: other.example } }
    server_tls: { ca: ca.pem }
    hash: md5
    distribution: modula
    hash_tag: "{}"
    timeout: 400
    reply_timeout: 250
    flush_all: true
    protocols: [text]
    connections: 4
    preconnect: true
    idle_timeout: 60000
    health: { failures: 5, when_down: miss, retry_min: 50, retry_max: 1000, fail_open_below: 0.5 }
    partial_results: miss
    rate_limit: { per_client: { per_second: 0.5, burst: 10 }, total: { per_second: "1000", burst: 2000 } }
    credentials: { user: me, password_file: /run/secrets/memcached }
  beta:
    listen: 127.0.0.1:22123
    users_file: /run/secrets/users
    servers: [10.0.0.9:11211]
`;
  expect(read(text)).toEqual({
    limits: { connectionsMax: 10_000 },
    requests: { valueBytesMax: 2_097_152 },
    replies: { valueBytesMax: 4_194_304 },
    drainTimeoutMs: 2_000,
    denoSockets: "deno",
    pools: [
      {
        name: "alpha",
        listeners: [
          { endpoint: tcp("127.0.0.1", 22_121) },
          {
            endpoint: tcp("0.0.0.0", 22_122),
            tls: {
              chainFile: "proxy.pem",
              keyFile: "proxy.key",
              caFile: "ca.pem",
              verify: "require",
              minVersion: "TLSv1.3",
            },
            allow: ["10.0.0.0/8"],
            deny: ["10.9.0.0/16"],
            backlog: 1_024,
            reusePort: true,
            keepAlive: true,
          },
          { endpoint: { kind: "unix", path: "/run/alpha.sock" }, mode: 0o660 },
        ],
        clientConnectionsMax: 500,
        servers: [
          { endpoint: tcp("10.0.0.1", 11_211), weight: 1, tls: { caFile: "ca.pem" } },
          { endpoint: tcp("10.0.0.2", 11_211), weight: 3, name: "cache-b", tls: { caFile: "ca.pem" } },
          { endpoint: { kind: "unix", path: "/run/memcached.sock" }, weight: 2, tls: { caFile: "ca.pem" } },
          { endpoint: tcp("10.0.0.3", 11_211), weight: 2, name: "cache-c" },
          { endpoint: tcp("cache.example", 11_211), weight: 1, tls: { servername: "other.example" } },
        ],
        hash: "md5",
        distribution: { name: "modula" },
        hashTag: "{}",
        queuedTimeoutMs: 400,
        connectTimeoutMs: 400,
        replyTimeoutMs: 250,
        flushEnabled: true,
        protocols: ["text"],
        connections: 4,
        preconnect: true,
        idleTimeoutMs: 60_000,
        health: { failuresMax: 5, whenDown: "miss", retryMinMs: 50, retryMaxMs: 1_000, failOpenBelow: 0.5 },
        partialResults: "miss",
        ratePerClient: { perSecond: 0.5, burst: 10 },
        rateTotal: { perSecond: 1_000, burst: 2_000 },
        credentials: { kind: "text", user: "me", password: { file: "/run/secrets/memcached" } },
      },
      {
        name: "beta",
        listeners: [{ endpoint: tcp("127.0.0.1", 22_123) }],
        usersFile: "/run/secrets/users",
        servers: [{ endpoint: tcp("10.0.0.9", 11_211), weight: 1 }],
        hash: "fnv1a_64",
        distribution: { name: "ketama" },
        queuedTimeoutMs: 1_000,
        connectTimeoutMs: 1_000,
        replyTimeoutMs: 1_000,
      },
    ],
  });
});

test("a pool with nothing but what is needed leaves the rest to the engine", () => {
  expect(read("pools: { a: { listen: ':1', servers: [h:1] } }")).toEqual({
    ...NO_LIMITS,
    pools: [
      {
        name: "a",
        listeners: [{ endpoint: tcp("0.0.0.0", 1) }],
        servers: [{ endpoint: tcp("h", 1), weight: 1 }],
        hash: "fnv1a_64",
        distribution: { name: "ketama" },
        queuedTimeoutMs: 1_000,
        connectTimeoutMs: 1_000,
        replyTimeoutMs: 1_000,
      },
    ],
  });
});

test.each<[string, Partial<PoolConfig>]>([
  ["distribution: jump", { distribution: { name: "jump" }, hash: "xxh3" }],
  ["distribution: consistent", { distribution: { name: "consistent" }, hash: "one_at_a_time" }],
  ["distribution: { name: modula, order: listed }", { distribution: { name: "modula", order: "listed" } }],
  [
    "distribution: { name: cache-memcached-fast, ketama_points: 150 }",
    { distribution: { name: "cache-memcached-fast", ketamaPoints: 150 } },
  ],
  [
    "distribution: { name: jump, seed: x }, hash_stop: '|#|', salt: y",
    { distribution: { name: "jump", seed: "x" }, hashStop: "|#|", salt: "y" },
  ],
  ["distribution: weighted-ch3", { servers: [{ endpoint: tcp("h", 1), weight: 0.5 }] }],
  ["distribution: rendezvous", { servers: [{ endpoint: tcp("h", 1), weight: 1 }] }],
])("keys are placed by %s", (lines, wanted) => {
  const { pools } = read(`pools: { a: { listen: ':1', servers: [h:1], ${lines} } }`);
  expect(pools[0]).toMatchObject(wanted);
});

test.each(distributionNames)("every distribution can be asked for: %s", (name) => {
  const { pools } = read(`pools: { a: { listen: ':1', servers: [h:1, i:1], distribution: ${name} } }`);
  expect(pools[0]?.hash !== undefined).toBe(name in defaultHashes);
  const key = new TextEncoder().encode("key");
  const [pool] = pools as readonly [PoolConfig];
  expect([0, 1]).toContain(createPlacement(pool, pool.servers, () => 0.9).owner(key, 0, key.length));
});

test("twemproxy's pools may have the names of our keys", () => {
  const pool = "{ listen: 'h:0', servers: ['a:1:1'] }";
  const { pools } = read(`pools: ${pool}\nproxy: ${pool}\nroutes: ${pool}\n`);
  expect(pools.map(({ name }) => name)).toEqual(["pools", "proxy", "routes"]);
});

/** A pool whose first line is line 3, around some lines. */
const alpha = (lines: string): string => `pools:\n  alpha:\n${lines}\n`;
const listen = "    listen: 127.0.0.1:22121";
const servers = "    servers: [10.0.0.1:11211]";
const whole = `${listen}\n${servers}`;
const serverForm = "host:port[:weight] [name] or /path[:weight] [name]";

test.each<[string, string]>([
  ["pools:\n", "1 pools: must be pools by name, each with listen and servers, got none"],
  ["pools: []\n", "1 pools: must be pools by name, each with listen and servers, got a list"],
  ["proxy: {}\n", "1 pools: is missing: pools by name, each with listen and servers"],
  [`${alpha(whole)}pool: {}\n`, "5 pool: is no key of the file: pools?"],
  [`${alpha(whole)}routes: []\n`, "5 routes: must be taken out: routes are not supported yet"],
  [
    alpha(listen),
    `2 pools.alpha.servers: is missing: a list of at least one ${serverForm}, or mapping with address`,
  ],
  [
    alpha(servers),
    "2 pools.alpha.listen: is missing: host:port or /path [permissions], a mapping with address, or a list of these",
  ],
  [
    alpha(`    listen:\n${servers}`),
    "3 pools.alpha.listen: must be host:port or /path [permissions], got nothing",
  ],
  [
    alpha(`    listen: []\n${servers}`),
    "3 pools.alpha.listen: must be a list of at least one host:port or /path [permissions], or mapping with address, got none",
  ],
  [
    alpha(`    listen: { address: h:1, alow: [] }\n${servers}`),
    "3 pools.alpha.listen.alow: is no key of listen: allow?",
  ],
  [
    alpha(`    listen:\n      address: h:1\n      tls: { cert: a.pem, verify: request }\n${servers}`),
    '5 pools.alpha.listen.tls.verify: needs ca, the roots of the clients\' certificates, got "request" alone',
  ],
  [
    alpha(`    listen: { address: h:1, tls: { cert: "" } }\n${servers}`),
    '3 pools.alpha.listen.tls.cert: must be the name of a PEM file, got ""',
  ],
  [
    alpha(`    listen: { address: h:1, allow: [10.0.0.0/33] }\n${servers}`),
    '3 pools.alpha.listen.allow[0]: prefix length must be a whole number from 0 to 32, got "10.0.0.0/33"',
  ],
  [
    alpha(`    listen: { address: /run/a.sock, deny: [10.0.0.1] }\n${servers}`),
    "3 pools.alpha.listen.deny: must be taken out: who connects to a unix socket has no address, its permissions say who may",
  ],
  [
    alpha(`    listen: { address: /run/a.sock, reuse_port: true }\n${servers}`),
    "3 pools.alpha.listen.reuse_port: must be taken out: a unix socket has no port to share, got true",
  ],
  [
    alpha(`    listen: { address: /run/a.sock, keepalive: true }\n${servers}`),
    "3 pools.alpha.listen.keepalive: must be taken out: who is on this machine is not asked, got true",
  ],
  [
    alpha(`    listen: [h:1, h:1]\n${servers}`),
    "3 pools.alpha.listen[1]: is h:1 as pools.alpha.listen[0] is: choose another port or path",
  ],
  [
    alpha(`${listen}\n    servers: [127.0.0.1:22121]`),
    "4 pools.alpha.servers[0]: is where the pool itself listens: 127.0.0.1:22121",
  ],
  [
    alpha(`    listen: ::1:22121\n${servers}`),
    '3 pools.alpha.listen: must be an IPv6 address in brackets, such as [::1]:22121, got "::1:22121"',
  ],
  [
    alpha(`${listen}\n    servers: ["::1:11211:1"]`),
    '4 pools.alpha.servers[0]: must be an IPv6 address in brackets, such as [::1]:11211:1, got "::1:11211:1"',
  ],
  [alpha(`${listen}\n    servers: [a:1, b]`), `4 pools.alpha.servers[1]: must be ${serverForm}, got "b"`],
  [
    alpha(`${listen}\n    servers: [a:1:2:3]`),
    '4 pools.alpha.servers[0]: must be an IPv6 address in brackets, such as [::1]:11211:1, got "a:1:2:3"',
  ],
  [
    alpha(`${listen}\n    servers: [{ address: "a:1:2" }]`),
    '4 pools.alpha.servers[0].address: must be host:port or /path: the weight is a key of its own, got "a:1:2"',
  ],
  [
    alpha(`${listen}\n    servers: [{ address: a:1, name: a b }]`),
    '4 pools.alpha.servers[0].name: must be 1 to 200 printable ASCII characters without blanks, got "a b"',
  ],
  [
    alpha(`${listen}\n    servers: [{ address: a:1, tls: 5 }]`),
    "4 pools.alpha.servers[0].tls: must be true or false, got 5",
  ],
  [
    alpha(`${listen}\n    servers: [a:1, { address: a:1 }]`),
    "4 pools.alpha.servers[1]: is a:1 as servers[0] is: take one out, or give it another name",
  ],
  [
    alpha(`${listen}\n    servers: [a:1 x, { address: a:1, name: y, tls: true }]`),
    "4 pools.alpha.servers[1]: is a:1 as pools.alpha.servers[0] is, but not with the same tls: one connection may serve both",
  ],
  [
    alpha(`${whole}\n    hash: md5\n    distribution: dalli`),
    "5 pools.alpha.hash: must be taken out: dalli has a hash of its own",
  ],
  [
    alpha(`${whole}\n    distribution: { name: modula, points: 40 }`),
    "5 pools.alpha.distribution.points: must be taken out: it goes with ketama, not with modula",
  ],
  [
    alpha(`${whole}\n    distribution: { name: consistent, naming: evcache }`),
    "5 pools.alpha.distribution: does not go with consistent: naming must be one of libmemcached, libmemcached-spy, got evcache",
  ],
  [
    alpha(`${whole}\n    distribution: { name: jump, order: listed }`),
    "5 pools.alpha.distribution.order: must be taken out: it goes with modula, not with jump",
  ],
  [
    alpha(`${listen}\n    servers: [a:1:2]\n    distribution: jump`),
    "4 pools.alpha.servers: does not go with jump: weight of a:1 must be left out: this distribution has none, got 2",
  ],
  [
    alpha(`${listen}\n    servers: [{ address: a:1, weight: 0.5 }]`),
    "4 pools.alpha.servers: does not go with ketama: weight of a:1 must be a whole number from 1 to 2147483647, got 0.5",
  ],
  [
    alpha(`${whole}\n    credentials: { kind: SASL, user: me, password_env: SECRET }`),
    '5 pools.alpha.credentials.kind: must be one of text, sasl, got "SASL"',
  ],
  [
    alpha(`${whole}\n    users: { me: secret }`),
    "5 pools.alpha.users: is no key of a pool: users_file: ..., a file with a line name:password for each",
  ],
  [
    alpha(`${whole}\n    users_file: [me]`),
    "5 pools.alpha.users_file: must be the name of a file, got a list",
  ],
  [
    alpha(`${whole}\n    users_file: users.txt\n    protocols: [text]`),
    "6 pools.alpha.protocols: must have binary, which is how the users of users_file come in",
  ],
  [
    alpha(`${whole}\n    server_connections: 4`),
    "5 pools.alpha.server_connections: is no key of a pool: connections",
  ],
  [
    alpha(`${whole}\n    auto_eject_hosts: true`),
    "5 pools.alpha.auto_eject_hosts: is no key of a pool: health: { when_down: rehash }",
  ],
  [
    alpha(`${whole}\n    redis: true`),
    "5 pools.alpha.redis: is no key of a pool: this proxy speaks memcached's protocol only",
  ],
  [
    alpha(`${whole}\n    credentials: { user: me, password: secret }`),
    "5 pools.alpha.credentials.password: is no key of credentials: password_file or password_env says where it is",
  ],
  [
    alpha(`${whole}\n    credentials: { user: me }`),
    "5 pools.alpha.credentials: need the password: password_file or password_env says where it is",
  ],
  [
    alpha(`${whole}\n    credentials: { user: me, password_env: "p4ss word!" }`),
    "5 pools.alpha.credentials.password_env: must be the name of a variable, such as MEMCACHED_PASSWORD, not the password",
  ],
  [
    alpha(`${whole}\n    credentials: { user: me, password_env: A, password_file: b }`),
    "5 pools.alpha.credentials.password_env: cannot stand beside password_file: take one out",
  ],
  [
    alpha(`${whole}\n    health: { retry_min: 100, retry_max: 50 }`),
    "5 pools.alpha.health.retry_max: must be at least retry_min, 100, got 50",
  ],
  [
    alpha(`${whole}\n    health: { retry_min: 100, flap_max: 50 }`),
    "5 pools.alpha.health.flap_max: must be at least retry_min, 100, got 50",
  ],
  [
    alpha(`${whole}\n    hash_tag: "{}"\n    hash_stop: "|#|"`),
    "6 pools.alpha.hash_stop: cannot stand beside hash_tag: take one out",
  ],
  [
    alpha(`${whole}\n    distribution:\n      name: jump\n      seed: x\n    hash: md5`),
    "7 pools.alpha.distribution.seed: goes with hash: xxh3, which alone has a seed, not with md5",
  ],
  [
    alpha(`    listen: { address: h:1, allow: [] }\n${servers}`),
    "3 pools.alpha.listen.allow: must be a list of at least one IP address or range such as 10.0.0.0/8 or 2001:db8::/32, got none",
  ],
  [
    alpha(`${whole}\n    rate_limit: {}`),
    "5 pools.alpha.rate_limit: must be a mapping with per_client, total or both, got neither",
  ],
  [
    alpha(`${whole}\n    health: { fail_open_below: 50 }`),
    "5 pools.alpha.health.fail_open_below: must be a number from 0 to 1, got 50",
  ],
  [
    alpha(`${whole}\n    rate_limit: 1000`),
    "5 pools.alpha.rate_limit: must be a mapping with per_client, total or both, got 1000",
  ],
  [
    alpha(`${whole}\n    rate_limit: { per_address: {} }`),
    "5 pools.alpha.rate_limit.per_address: is no key of rate_limit: per_client, total",
  ],
  [
    alpha(`${whole}\n    rate_limit: { total: { per_second: 1000 } }`),
    "5 pools.alpha.rate_limit.total.burst: is missing: a whole number from 1 to 2147483647",
  ],
  [
    alpha(`${whole}\n    rate_limit: { total: { per_second: 0, burst: 1 } }`),
    "5 pools.alpha.rate_limit.total.per_second: must be a number above 0, got 0",
  ],
  [
    `${alpha(whole)}proxy: { unsent_bytes_pause: 10, unsent_bytes_max: 5 }\n`,
    "5 proxy.unsent_bytes_max: must be at least unsent_bytes_pause, 10, got 5",
  ],
  [
    `${alpha(whole)}proxy: { retrieval_line_bytes_max: 100 }\n`,
    "5 proxy.retrieval_line_bytes_max: must be at least line_bytes_max, 2048 by default, got 100",
  ],
  [
    `${alpha(whole)}proxy: { line_bytes_max: 2000000 }\n`,
    "5 proxy.line_bytes_max: must be at most retrieval_line_bytes_max, 1048576 by default, got 2000000",
  ],
  [
    `${alpha(whole)}proxy: { line_bytes_max: 200, retrieval_line_bytes_max: 100 }\n`,
    "5 proxy.retrieval_line_bytes_max: must be at least line_bytes_max, 200, got 100",
  ],
  [
    `${alpha(whole)}proxy: { pipeline_max: 0 }\n`,
    "5 proxy.pipeline_max: must be a whole number from 1 to 2147483647, got 0",
  ],
  [`${alpha(whole)}proxy: { pipelinemax: 5 }\n`, "5 proxy.pipelinemax: is no key of proxy: pipeline_max?"],
])("of %j says %s", (text, message) => {
  expect(said(text)).toEqual([`proxy.yml:${message}`]);
});

test("says no password that stands where none may", () => {
  const text = alpha(`${whole}\n    credentials: { user: me, password: hunter2, password_env: hunter-2 }`);
  expect(said(text)).toHaveLength(2);
  expect(said(text).join("\n")).not.toContain("hunter");
});

test("any JSON of this form gives a configuration or mistakes", () => {
  const properties = (at: object): string[] => Object.keys((at as { properties: object }).properties);
  const schema = proxyJsonSchema("memwire") as unknown as {
    properties: { pools: { additionalProperties: object }; proxy: object };
  };
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<fc.JsonValue>(":1", "h:1", "/a:2 b", "jump", 5, true, "{}", {
      address: "h:1",
      weight: 0.5,
    }),
    fc.dictionary(
      fc.constantFrom("address", "tls", "name", "user", "failures", "cert", "__proto__"),
      fc.jsonValue(),
    ),
  );
  const list = fc.oneof(value, fc.array(value, { maxLength: 3 }));
  const pool = fc.dictionary(
    fc.constantFrom(...properties(schema.properties.pools.additionalProperties)),
    list,
  );
  const good = fc.constant<fc.JsonValue>({ listen: ":1", servers: ["h:1"] });
  const merged = fc.tuple(good, pool).map(([known, other]) => Object.assign({}, known, other));
  const file = fc.record({
    pools: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.oneof(pool, merged, fc.jsonValue())),
    proxy: fc.dictionary(fc.constantFrom(...properties(schema.properties.proxy)), value),
  });
  fc.assert(
    fc.property(file, (given) => {
      const reading = readProxyConfig(JSON.stringify(given), "f");
      if (reading.ok) expect(reading.config.pools.length).toBeGreaterThan(0);
      else for (const { message } of reading.mistakes) expect(message).not.toMatch(/\n|^$/);
    }),
  );
});
