// What a caller is told who asks for a distribution that cannot be.

import { expect, test } from "vitest";
import {
  createDistribution,
  ringName,
  WEIGHT_MAX,
  type DistributionOptions,
  type Server,
} from "../src/mod.ts";

const host = (name: string, more: object = {}): Server => ({ host: name, port: 11_211, ...more });

test.each<[object, string]>([
  [{ servers: [host("a", { weight: 0 })] }, "weight of a must be a whole number from 1 to 2147483647, got 0"],
  [
    { servers: [host("a", { weight: 1.5 })] },
    "weight of a must be a whole number from 1 to 2147483647, got 1.5",
  ],
  [
    { servers: [host("a", { weight: WEIGHT_MAX + 1 })] },
    "weight of a must be a whole number from 1 to 2147483647, got 2147483648",
  ],
  ...[NaN, -1, 1.5, 65_536, "11211", undefined].map((port): [object, string] => [
    { servers: [host("a", { port })] },
    `port of a must be a whole number from 0 to 65535, got ${port}`,
  ]),
  ...["", undefined, 5].map((word): [object, string] => [
    { servers: [{ host: word, port: 1 }] },
    `host of a server must be text that is not empty, got ${JSON.stringify(word)}`,
  ]),
  [{ servers: [{ path: "" }] }, 'path of a server must be text that is not empty, got ""'],
  [{ servers: [host("a"), host("b", { wieght: 2 })] }, "servers[1] has no wieght: there are host, name, pa"],
  [
    { hash_tag: "{}" },
    "a distribution has no hash_tag: there are algorithm, compatibility, distribution, emptyHashTag, hash, hashStop, " +
      "hashTag, ketamaPoints, order, placement, random, ring, salt, seed, servers",
  ],
  [{ distribution: "random", random: Math.random, weights: [] }, "a distribution has no weights: there are "],
  [{ ring: { nameing: "evcache" } }, "ring has no nameing: there are naming, points"],
  [{ distribution: "consistent", ring: { points: 1 } }, "ring of consistent has no points: there are naming"],
  [{ distribution: "random" }, "random must be a function such as Math.random, got undefined"],
  [{ servers: [host("a"), host("b"), host("a")] }, "two servers are a on the ring: name them"],
  [{ servers: Array.from({ length: 65_537 }, (_, i) => host(`${i}`)) }, "at most 65536 servers, got 65537"],
  [{ hashTag: "{" }, 'a hash tag must be two ASCII characters, such as {}, got "{"'],
  [{ hashTag: "{é" }, 'a hash tag must be two ASCII characters, such as {}, got "{é"'],
  [
    { hash: "sha1" },
    "hash must be one of one_at_a_time, md5, crc16, crc32, crc32a, fnv1_64, fnv1a_64, fnv1_32, fnv1a_32, hsieh, murmur, jenkins, murmur3, xxh3, crc32_mcrouter, java_string, got sha1",
  ],
  [{ hash: "toString" }, "got toString"],
  [
    { distribution: "maglev" },
    "distribution must be one of ketama, modula, random, consistent, jump, ch3, weighted-ch3, rendezvous, weighted-rendezvous, pymemcache, python-memcached, dalli, gomemcache, memjs, cache-memcached-fast, npm-memcached, npm-hashring, npm-memcache, got maglev",
  ],
  [
    { ring: { naming: "ketama" } },
    "naming must be one of twemproxy, libmemcached, spymemcached, evcache, memcached-proxy, memcached-proxy-ketama, memcached-proxy-twemproxy, got ketama",
  ],
  [
    { distribution: "consistent", ring: { naming: "twemproxy" } },
    "naming must be one of libmemcached, libmemcached-spy, got twemproxy",
  ],
  [{ ring: { points: 0 } }, "points must be a whole number from 1 to 4096, got 0"],
  [{ ring: { points: 3 } }, "no server has a point on the ring: give each of them more points"],
  [{ ring: { points: 4_097 } }, "points must be a whole number from 1 to 4096, got 4097"],
  [{ distribution: "modula", order: "reversed" }, "order must be one of sorted, listed, got reversed"],
  [{ order: "listed" }, "order is for modula: a ring has none, got listed"],
  [{ distribution: "modula", ring: {} }, "ring is for ketama: modula has none"],
  [{ distribution: "modula", seed: "a" }, "seed is for ketama and jump, got a for modula"],
  [{ seed: "a" }, "only the hash xxh3 has a seed, got a for md5"],
  [{ hashStop: "" }, 'a hash stop must be at least one character, such as |#|, got ""'],
  [{ hashStop: "|#|", hashTag: "{}" }, "a key has a hash tag or a hash stop, got both {} and |#|"],
  [{ hashTag: "{}", emptyHashTag: "none" }, "an empty hash tag must mean key or nothing, got none"],
  [
    { distribution: "jump", hash: "xxh3", servers: [host("a", { weight: 2 })] },
    "weight of a:11211 must be left out: this distribution has none, got 2",
  ],
  [
    { distribution: "weighted-ch3", servers: [host("a", { weight: 1.1 })] },
    "weight of a:11211 must be a number from 0 to 1, got 1.1",
  ],
  [
    { distribution: "cache-memcached-fast", ketamaPoints: 100, servers: [host("a", { weight: 200_000 })] },
    "a ring has at most 16777216 points: weigh a:11211 less",
  ],
  [
    { distribution: "cache-memcached-fast", ketamaPoints: -1 },
    "ketamaPoints must be a whole number from 1 to 4096, got -1",
  ],
  [{ distribution: "npm-memcached", algorithm: "crc32" }, "algorithm must be one of md5, sha1, got crc32"],
  [
    { distribution: "npm-hashring", compatibility: "x" },
    "compatibility must be one of ketama, hash_ring, got x",
  ],
  [{ distribution: "npm-memcache", placement: "x" }, "placement must be one of ketama, modula, got x"],
])("refuses %o", (wrong, message) => {
  const options = { distribution: "ketama", hash: "md5", servers: [host("a")], ...wrong };
  expect(() => createDistribution(options as DistributionOptions)).toThrow(RangeError);
  expect(() => createDistribution(options as DistributionOptions)).toThrow(message);
});

test("a list of servers that have an endpoint, as engines take them, is one", () => {
  const endpoint = { kind: "tcp", host: "a", port: 1 };
  const servers = [host("a", { endpoint }), host("b", { endpoint })];
  const distribution = createDistribution({ distribution: "ketama", hash: "md5", servers });
  expect(distribution.explain(Uint8Array.of(97)).name).toBe("a");
});

test.each<[servers: unknown, message: string]>([
  [undefined, 'servers must be an array such as [{ host: "127.0.0.1", port: 11211 }], got undefined'],
  ["a:1", 'servers must be an array such as [{ host: "127.0.0.1", port: 11211 }], got "a:1"'],
  [["a:1"], 'servers[0] must be { host: "127.0.0.1", port: 11211 }, or { path }, got "a:1"'],
  [[host("a"), null], 'servers[1] must be { host: "127.0.0.1", port: 11211 }, or { path }, got null'],
  [[["a", 1]], 'servers[0] must be { host: "127.0.0.1", port: 11211 }, or { path }, got Array'],
])("servers that are none are refused: %j", (servers, message) => {
  const options = { distribution: "ketama", hash: "md5", servers } as unknown as DistributionOptions;
  expect(() => createDistribution(options)).toThrow(new TypeError(message));
});

test.each([1, -0.1, NaN])("random must not answer %s", (draw) => {
  const servers = [host("a"), host("b")];
  const distribution = createDistribution({ distribution: "random", servers, random: () => draw });
  expect(() => distribution.owner(new Uint8Array(0), 0, 0)).toThrow(
    new RangeError(`random must answer a number from 0 up to, not including, 1, got ${draw}`),
  );
});

test.each<[Server, string]>([
  [{ host: "10.0.0.1", port: 11_211 }, "10.0.0.1"],
  [{ host: "10.0.0.1", port: 11_212 }, "10.0.0.1:11212"],
  [{ host: "::1", port: 11_212 }, "::1:11212"],
  [{ path: "/run/memcached.sock" }, "/run/memcached.sock:"],
  [{ host: "10.0.0.1", port: 11_212, name: "cache-a" }, "cache-a"],
])("%o stands on the ring as %s", (server, name) => {
  expect(ringName(server)).toBe(name);
});

test("a distribution made of nothing says what it is made of", () => {
  expect(() => createDistribution(undefined as never)).toThrow(
    new TypeError("a distribution takes an object of options, got undefined"),
  );
});
