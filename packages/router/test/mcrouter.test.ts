// Keys land where mcrouter puts them, by the numbers that its own tests expect; and jump's by those of its definition.
//
// Source: mcrouter mcrouter/lib/test/Ch3HashTest.cpp, WeightedCh3HashFuncTest.cpp, RendezvousHashTest.cpp,
// WeightedRendezvousHashTest.cpp, Crc32HashTest.cpp

import { expect, test } from "vitest";
import { Ch3Walk } from "../src/ch3.ts";
import { jump } from "../src/jump.ts";
import { hashes, type Distribution, type McrouterOptions, type Server } from "../src/mod.ts";
import { bytesOf, place } from "./vectors.ts";

const up = Uint8Array.from({ length: 256 }, (_, i) => i - 128);
const down = up.toReversed();

const list = (length: number): Server[] =>
  Array.from({ length }, (_, i) => ({ name: `xxx.${i}.yy`, path: "/run/memcached.sock" }));
const weighted = (weights: readonly number[]): Server[] =>
  list(weights.length).map((server, i) => ({ ...server, weight: weights[i] as number }));
const made = (distribution: McrouterOptions["distribution"], servers: readonly Server[]): Distribution =>
  place({ distribution }, servers);
const ownerOf = (distribution: Distribution, key: string | Uint8Array): number => {
  const bytes = typeof key === "string" ? bytesOf(key) : key;
  return distribution.owner(bytes, 0, bytes.length);
};

/** How many of the keys `<prefix>0`, `<prefix>1`, ... each server has. */
function shares(distribution: Distribution, servers: number, prefix: string, keys: number): number[] {
  const counts = Array.from({ length: servers }, () => 0);
  for (let i = 0; i < keys; i++) (counts[ownerOf(distribution, `${prefix}${i}`)] as number)++;
  return counts;
}

test.each<[key: string | Uint8Array, servers: number, owner: number]>([
  ["sample", 100, 97],
  ["", 100, 72],
  ["sample", 1, 0],
  ["", 1, 0],
  ["", 2 ** 23, 6_173_600],
  ["sample", 2 ** 23, 5_167_780],
  [up, 99_999, 31_015],
  [down, 99_999, 67_101],
  ["foo", 10, 1],
  ["hello", 10, 9],
  ["user:42", 100, 25],
])("ch3 has %j, of %i servers, on %i", (key, servers, owner) => {
  const bytes = typeof key === "string" ? bytesOf(key) : key;
  expect(new Ch3Walk().bucket(bytes, 0, bytes.length, servers)).toBe(owner);
});

test("ch3 spreads keys as mcrouter does", () => {
  expect(shares(made("ch3", list(3)), 3, "", 1_000)).toEqual([307, 342, 351]);
  expect(shares(made("ch3", list(10)), 10, "", 10_000)).toEqual([
    995, 955, 1046, 968, 1032, 972, 1016, 1038, 1010, 968,
  ]);
});

test("weighted ch3 with weights of 1 is ch3, and with weights of 0 gives up where mcrouter does", () => {
  const full = made("weighted-ch3", weighted(Array.from({ length: 100 }, () => 1)));
  expect([ownerOf(full, "sample"), ownerOf(full, "")]).toEqual([97, 72]);
  const none = made("weighted-ch3", weighted(Array.from({ length: 100 }, () => 0)));
  expect([ownerOf(none, "sample"), ownerOf(none, "")]).toEqual([59, 45]);
  expect(ownerOf(made("weighted-ch3", weighted([0])), "sample")).toBe(0);
});

test("weighted ch3 spreads keys as mcrouter does", () => {
  expect(shares(made("weighted-ch3", weighted([1, 1, 0.7])), 3, "", 1_000)).toEqual([341, 371, 288]);
  const weights = [0.429, 0.541, 0.117, 0.998, 0.283, 0.065, 0.109, 0.042, 0.676, 0.943];
  expect(shares(made("weighted-ch3", weighted(weights)), 10, "", 10_000)).toEqual([
    1016, 1252, 288, 2354, 661, 195, 247, 122, 1668, 2197,
  ]);
});

test.each<[servers: number, key: string | Uint8Array, owner: number]>([
  [3, "sample", 1],
  [3, "", 1],
  [3, "mykey", 1],
  [3, up, 1],
  [343, up, 183],
  [343, "sample", 45],
  [343, "", 291],
  [343, "mykey", 132],
])("rendezvous over %i servers has %j on %i", (servers, key, owner) => {
  expect(ownerOf(made("rendezvous", list(servers)), key)).toBe(owner);
});

test("rendezvous spreads keys as mcrouter does", () => {
  expect(shares(made("rendezvous", list(3)), 3, "mykey:", 1_000)).toEqual([337, 353, 310]);
  expect(shares(made("rendezvous", list(10)), 10, "mykey:", 10_000)).toEqual([
    947, 1026, 1028, 981, 1016, 970, 1013, 939, 1023, 1057,
  ]);
});

test.each<[servers: number, key: string | Uint8Array, owner: number]>([
  [3, "sample", 0],
  [3, "", 2],
  [3, "mykey", 1],
  [3, up, 1],
  [343, up, 142],
  [343, "sample", 115],
  [343, "", 279],
  [343, "mykey", 302],
])("weighted rendezvous over %i servers of one weight has %j on %i", (servers, key, owner) => {
  const one = weighted(Array.from({ length: servers }, () => 1));
  expect(ownerOf(made("weighted-rendezvous", one), key)).toBe(owner);
});

test.each<[weights: number[], shares: number[]]>([
  [
    [1, 1, 1],
    [3409, 3360, 3231],
  ],
  [
    [1, 0.5, 0.1],
    [6292, 3118, 590],
  ],
  [
    [1, 0, 0.5],
    [6737, 0, 3263],
  ],
  [
    [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5],
    [1381, 1299, 1283, 1359, 1296, 667, 669, 665, 672, 709],
  ],
])("weighted rendezvous with weights %j spreads 10,000 keys as %j", (weights, wanted) => {
  expect(shares(made("weighted-rendezvous", weighted(weights)), weights.length, "mykey:", 10_000)).toEqual(
    wanted,
  );
});

test.each<[key: string | Uint8Array, servers: number, owner: number]>([
  ["sample", 100, 7],
  ["", 100, 0],
  ["sample", 2 ** 30 - 1, 822_834_884],
  [up, 99_999, 11_697],
  [down, 99_999, 97_630],
])("mcrouter's Crc32 has %j, of %i servers, on %i", (key, servers, owner) => {
  const bytes = typeof key === "string" ? bytesOf(key) : key;
  expect(hashes.crc32_mcrouter(bytes, 0, bytes.length) % servers).toBe(owner);
});

test("a key's hash stop ends what ch3 hashes, and a salt is put behind that", () => {
  const servers = list(100);
  const plain = made("ch3", servers);
  const stopped = place({ distribution: "ch3", hashStop: "|#|", salt: "7x" }, servers);
  for (const key of ["", "user:42", "a".repeat(300)]) {
    expect(ownerOf(stopped, `${key}|#|profile|#|2`)).toBe(ownerOf(plain, `${key}7x`));
    expect(ownerOf(stopped, `${key}|#|`)).toBe(ownerOf(plain, `${key}7x`));
    expect(ownerOf(stopped, `${key}|#`)).toBe(ownerOf(plain, `${key}|#7x`));
  }
});

test.each<[hash: bigint, buckets: number, bucket: number]>([
  [1n, 10, 6],
  [0xdeadbeefn, 10, 5],
  [2n ** 64n - 1n, 100, 92],
  [12345n, 7, 1],
  [0n, 0, -1],
])("jump has %i, of %i buckets, in %i", (hash, buckets, bucket) => {
  expect(jump(Number(hash & 0xffffffffn) | 0, Number(hash >> 32n) | 0, buckets)).toBe(bucket);
});

test("jump is that of its definition for every hash", () => {
  for (let i = 0n; i < 2_000n; i++) {
    const hash = (i * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    const buckets = 1 + Number(i);
    expect(jump(Number(hash & 0xffffffffn) | 0, Number(hash >> 32n) | 0, buckets)).toBe(
      defined(hash, buckets),
    );
  }
});

test("jump carries from the lower half of its state to the upper one", () => {
  // The hash that is followed by 2^63: the lower half wraps to 0, and without the carry the next bucket would be 2, not 1.
  let inverse = 1n;
  for (let i = 0; i < 6; i++)
    inverse = BigInt.asUintN(64, inverse * (2n - 2_862_933_555_777_941_757n * inverse));
  const hash = BigInt.asUintN(64, (2n ** 63n - 1n) * inverse);
  expect(jump(Number(hash & 0xffffffffn) | 0, Number(hash >> 32n) | 0, 2)).toBe(defined(hash, 2));
  expect(defined(hash, 2)).toBe(1);
});

/** As the paper has it, with numbers of 64 bits. */
function defined(hash: bigint, buckets: number): number {
  let state = hash;
  let bucket = -1;
  for (let next = 0; next < buckets;) {
    bucket = next;
    state = BigInt.asUintN(64, state * 2_862_933_555_777_941_757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / Number((state >> 33n) + 1n)));
  }
  return bucket;
}
