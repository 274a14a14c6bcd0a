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
  [{ servers: [host("a"), host("b"), host("a")] }, "two servers are a on the ring: name them"],
  [{ servers: Array.from({ length: 65_537 }, (_, i) => host(`${i}`)) }, "at most 65536 servers, got 65537"],
  [{ hashTag: "{" }, 'a hash tag must be two ASCII characters, such as {}, got "{"'],
  [{ hashTag: "{é" }, 'a hash tag must be two ASCII characters, such as {}, got "{é"'],
  [
    { hash: "sha1" },
    "hash must be one of one_at_a_time, md5, crc16, crc32, crc32a, fnv1_64, fnv1a_64, fnv1_32, fnv1a_32, hsieh, murmur, jenkins, murmur3, xxh3, crc32_mcrouter, java_string, got sha1",
  ],
  [{ hash: "toString" }, "got toString"],
  [{ distribution: "rendezvous" }, "distribution must be ketama, modula or random, got rendezvous"],
])("refuses %o", (wrong, message) => {
  const options = { distribution: "ketama", hash: "md5", servers: [host("a")], ...wrong };
  expect(() => createDistribution(options as DistributionOptions)).toThrow(RangeError);
  expect(() => createDistribution(options as DistributionOptions)).toThrow(message);
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
