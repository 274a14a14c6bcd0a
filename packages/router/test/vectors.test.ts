// Every key lands where those put it whom the vectors were recorded of: every list, hash and distribution of theirs.

import { expect, test } from "vitest";
import type { HashName, Server } from "../src/mod.ts";
import { bytesOf, bytesOfHex, mapOf, read, type ServerList, type Unplaced, type Vector } from "./vectors.ts";

const { keys: texts } = read<{ keys: string[] }>("keys");
const keys = texts.map(bytesOf);
const { lists } = read<{ lists: ServerList[] }>("lists");
const serversOf = (id: string, among: readonly ServerList[] = lists): readonly Server[] =>
  (among.find((list) => list.id === id) as ServerList).servers;

/** Who was recorded: what we call that which a vector says was configured, and what they know of servers. */
interface Recorded {
  readonly file: string;
  readonly knows: readonly ("names" | "weights")[];
  readonly optionsOf: (vector: Vector) => Unplaced;
}

const libmemcachedHash = (said: unknown): HashName => {
  if (said === "default(one_at_a_time)") return "one_at_a_time";
  return said === "crc" ? "crc32" : (said as HashName);
};

const spymemcachedHashes: Readonly<Record<string, HashName>> = {
  KETAMA_HASH: "md5",
  NATIVE_HASH: "java_string",
  CRC_HASH: "crc32",
  FNV1_64_HASH: "fnv1_64",
  FNV1A_64_HASH: "fnv1a_64",
};

const proxyRing = (naming: "ketama" | "twemproxy"): Unplaced => ({
  distribution: "ketama",
  hash: "md5",
  ring: { naming: `memcached-proxy-${naming}` },
});
const md5Hash = "obuckets=160 hash=dist_ring_hash.hash (md5)";
const memcachedProxy: Readonly<Record<string, Unplaced>> = {
  "jump_hash+xxhash": { distribution: "jump" },
  "ring_hash omode=default": { distribution: "ketama", hash: "xxh3", ring: { naming: "memcached-proxy" } },
  [`ring_hash omode=ketama ${md5Hash}`]: proxyRing("ketama"),
  [`ring_hash omode=twemproxy ${md5Hash}`]: proxyRing("twemproxy"),
  [`ring_hash omode=evcache ${md5Hash}`]: {
    distribution: "ketama",
    hash: "md5",
    ring: { naming: "evcache" },
  },
};

const recorded: readonly Recorded[] = [
  {
    file: "twemproxy",
    knows: ["names", "weights"],
    optionsOf: ({ distribution, hash, hash_tag }) => ({
      distribution: distribution as "ketama" | "modula",
      hash: hash as HashName,
      ...(hash_tag === undefined ? {} : { hashTag: hash_tag as string }),
    }),
  },
  {
    file: "libmemcached",
    knows: ["weights"],
    optionsOf: ({ behaviour, hash }) =>
      behaviour === "DISTRIBUTION_CONSISTENT"
        ? { distribution: "consistent", hash: libmemcachedHash(hash) }
        : { distribution: "ketama", hash: "md5", ring: { naming: "libmemcached" } },
  },
  {
    file: "libmemcached-modula",
    knows: [],
    optionsOf: ({ hash }) => ({ distribution: "modula", hash: libmemcachedHash(hash), order: "listed" }),
  },
  {
    file: "libmemcached-spy",
    knows: ["weights"],
    optionsOf: ({ hash }) => ({
      distribution: "consistent",
      hash: libmemcachedHash(hash),
      ring: { naming: "libmemcached-spy" },
    }),
  },
  {
    file: "memcached-proxy",
    knows: [],
    optionsOf: ({ distribution }) => memcachedProxy[distribution as string] as Unplaced,
  },
  {
    file: "spymemcached",
    knows: [],
    optionsOf: ({ locator, hash }) =>
      locator === "CONSISTENT"
        ? { distribution: "ketama", hash: "md5", ring: { naming: "spymemcached" } }
        : { distribution: "modula", hash: spymemcachedHashes[hash as string] as HashName, order: "listed" },
  },
  {
    file: "npm-memcached",
    knows: ["weights"],
    optionsOf: ({ algorithm }) => ({ distribution: "npm-memcached", algorithm: algorithm as "md5" | "sha1" }),
  },
  {
    file: "npm-hashring",
    knows: ["weights"],
    optionsOf: ({ algorithm, compatibility }) => ({
      distribution: "npm-hashring",
      algorithm: algorithm as "md5" | "sha1",
      compatibility: compatibility === "hash_ring" ? "hash_ring" : "ketama",
    }),
  },
  {
    // "sha1" in these vectors is a name only: without an argument that client takes its own FNV-1a.
    file: "npm-memcache",
    knows: ["weights"],
    optionsOf: ({ distribution }) => ({
      distribution: "npm-memcache",
      placement: distribution === "ModulaHash (sha1)" ? "modula" : "ketama",
    }),
  },
  {
    file: "cache-memcached-fast",
    knows: ["weights"],
    optionsOf: ({ ketama_points }) => ({
      distribution: "cache-memcached-fast",
      ketamaPoints: ketama_points as number,
    }),
  },
  { file: "dalli", knows: ["weights"], optionsOf: () => ({ distribution: "dalli" }) },
  { file: "python-memcached", knows: ["weights"], optionsOf: () => ({ distribution: "python-memcached" }) },
  { file: "pymemcache", knows: [], optionsOf: () => ({ distribution: "pymemcache" }) },
  { file: "gomemcache", knows: [], optionsOf: () => ({ distribution: "gomemcache" }) },
  { file: "memjs", knows: [], optionsOf: () => ({ distribution: "memjs" }) },
];

/** The servers as their clients see them: who knows no names goes by addresses. */
function known(servers: readonly Server[], knows: Recorded["knows"]): readonly Server[] {
  return servers.map((server) => {
    const { name, weight, ...address } = server as Server & { host: string; port: number };
    return {
      ...address,
      ...(knows.includes("names") && name !== undefined ? { name } : {}),
      ...(knows.includes("weights") && weight !== undefined ? { weight } : {}),
    };
  });
}

for (const { file, knows, optionsOf } of recorded) {
  const { vectors } = read<{ vectors: Vector[] }>(file);
  for (const [list, group] of Map.groupBy(vectors, (vector) => vector.list)) {
    test(`agrees with ${file} on ${group.length} maps of ${list}`, () => {
      for (const vector of group) {
        const { list: _list, map, keys: its, ...said } = vector;
        const own = Array.isArray(its) ? (its as string[]).map(bytesOf) : keys;
        const ours = mapOf(optionsOf(vector), known(serversOf(list), knows), own, map);
        expect(ours, JSON.stringify(said)).toBe(map);
      }
    });
  }
}

test("every map of every file is compared", () => {
  const counts = recorded.map(({ file }) => [file, read<{ vectors: Vector[] }>(file).vectors.length]);
  expect(Object.fromEntries(counts)).toEqual({
    twemproxy: 200,
    libmemcached: 72,
    "libmemcached-modula": 64,
    "libmemcached-spy": 16,
    "memcached-proxy": 30,
    spymemcached: 48,
    "npm-memcached": 16,
    "npm-hashring": 32,
    "npm-memcache": 16,
    "cache-memcached-fast": 16,
    dalli: 8,
    "python-memcached": 8,
    pymemcache: 8,
    gomemcache: 8,
    memjs: 8,
  });
});

test("agrees with twemproxy on keys of any bytes, odd weights, odd names, unix sockets and hash tags", () => {
  const odd = read<{ lists: ServerList[]; keys: Record<string, string[]>; vectors: Vector[] }>(
    "twemproxy-bytes",
  );
  for (const vector of odd.vectors) {
    const own = (odd.keys[vector.keys as string] as string[]).map(bytesOfHex);
    const [twemproxy] = recorded as [Recorded];
    const said = mapOf(twemproxy.optionsOf(vector), serversOf(vector.list, odd.lists), own, vector.map);
    expect(said, JSON.stringify({ ...vector, map: undefined })).toBe(vector.map);
  }
});
