// Every hash is what they compute who have it.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Murmur3Many } from "../src/hash/murmur3-many.ts";
import { sha1 } from "../src/hash/sha1.ts";
import { spooky32 } from "../src/hash/spooky.ts";
import { memjs, npmMemcache } from "../src/hash/text-hashes.ts";
import { xxh3 } from "../src/hash/xxh3.ts";
import { hashes, type HashName } from "../src/mod.ts";
import { bytesOf, read } from "./vectors.ts";

const hash = fc.constantFrom(...(Object.keys(hashes) as HashName[]));
const bytes = fc.uint8Array({ maxLength: 300 });

test("hashes are those of libmemcached", () => {
  const { columns, values } = read<{ columns: string[]; values: (string | number)[][] }>("hash-values");
  // libmemcached calls "crc" what twemproxy calls crc32.
  const names = columns.slice(1).map((column) => (column.startsWith("crc ") ? "crc32" : column) as HashName);
  expect(names).toHaveLength(10);
  for (const [text, ...wanted] of values) {
    const key = bytesOf(text as string);
    for (const [i, name] of names.entries()) {
      expect(hashes[name](key, 0, key.length), `${name} of ${text}`).toBe(wanted[i]);
    }
  }
});

test.each<[HashName, string, number]>([
  ["fnv1a_64", "", 2216829733],
  ["fnv1a_64", "foo", 4275688823],
  ["fnv1a_64", "hello", 2158673163],
  ["md5", "", 3649838548],
  ["md5", "foo", 3675831724],
  ["md5", "hello", 708854109],
  ["one_at_a_time", "foo", 596015325],
  ["one_at_a_time", "hello", 3372029979],
  ["crc32", "foo", 3187],
  ["crc32", "hello", 13840],
  ["crc32a", "foo", 2356372769],
  ["crc32a", "hello", 907060870],
  ["fnv1_64", "foo", 1805727027],
  ["fnv1_64", "hello", 3183334599],
  ["fnv1_32", "foo", 1083137555],
  ["fnv1_32", "hello", 3069866343],
  ["fnv1a_32", "foo", 2851307223],
  ["fnv1a_32", "hello", 1335831723],
])("%s of %j is %i", (name, text, value) => {
  const key = bytesOf(text);
  expect(hashes[name](key, 0, key.length)).toBe(value);
});

test("a key is the same wherever it stands in the bytes", () => {
  fc.assert(
    fc.property(hash, bytes, bytes, bytes, (name, before, key, after) => {
      const around = Uint8Array.of(...before, ...key, ...after);
      const there = hashes[name](around, before.length, before.length + key.length);
      expect(there).toBe(hashes[name](key, 0, key.length));
      expect(there).toBe(there >>> 0);
    }),
  );
});

test("hashes that the runtime has too are the runtime's", () => {
  fc.assert(
    fc.property(bytes, (key) => {
      const digestOf = (name: string): number => createHash(name).update(key).digest().readUInt32LE(0);
      expect(hashes.md5(key, 0, key.length)).toBe(digestOf("md5"));
      expect(sha1(key, 0, key.length) >>> 0).toBe(digestOf("sha1"));
      expect(hashes.crc32a(key, 0, key.length)).toBe(crc32(key));
      expect(hashes.crc32(key, 0, key.length)).toBe((crc32(key) >>> 16) & 0x7fff);
      expect(hashes.crc32_mcrouter(key, 0, key.length)).toBe(crc32(key) & 0x7fffffff);
    }),
  );
});

test("XXH3 is that of libxxhash at all lengths that differ, under seeds of 64 bits", () => {
  const { lengths, values } = read<{ lengths: number[]; values: string[][] }>("xxh3");
  const halves = new Int32Array(2);
  for (const [seed, ...wanted] of values as [string, ...string[]][]) {
    const hashUnder = xxh3(halfOf(seed, 0), halfOf(seed, 1));
    for (const [i, length] of lengths.entries()) {
      const key = Uint8Array.from(
        { length: length + 3 },
        (_, at) => 7 * (at - 3) ** 2 + 31 * (at - 3) + length,
      );
      hashUnder(key, 3, length + 3, halves);
      const [low, high] = halves as unknown as [number, number];
      expect(hex(high) + hex(low), `${length} bytes, seed ${seed}`).toBe(wanted[i]);
    }
  }
});

test("SpookyHash is that of its author's own test, short and long", () => {
  const { from0, from192 } = read<{ from0: string[]; from192: string[] }>("spooky");
  const input = Uint8Array.from({ length: 256 }, (_, i) => i + 128);
  const hashesFrom = (length: number): string[] =>
    Array.from({ length: 64 }, (_, i) => hex(spooky32(input, 0, length + i, 0)));
  expect(hashesFrom(0)).toEqual(from0);
  expect(hashesFrom(192)).toEqual(from192);
});

test("the MurmurHash3 of many beginnings with one key is that of each with it as one text", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), bytes, bytes, (beginnings, key, before) => {
      const around = Uint8Array.of(...before, ...key, 0xee);
      const many = new Murmur3Many(beginnings);
      many.read(around, before.length, around.length - 1);
      const ours = beginnings.map((_, i) => many.hashOf(i));
      const one = new Murmur3Many(beginnings.map((beginning) => Uint8Array.of(...beginning, ...key)));
      one.read(around, 0, 0);
      expect(ours).toEqual(beginnings.map((_, i) => one.hashOf(i)));
    }),
  );
  // Published, as everyone's tests have it.
  const none = new Murmur3Many([bytesOf("")]);
  none.read(bytesOf("hello"), 0, 5);
  expect(none.hashOf(0)).toBe(0x248bfa47);
  none.read(new Uint8Array(1_000), 0, 1_000);
  expect(none.hashOf(0)).toBe(new Murmur3Many([new Uint8Array(1_000)]).hashOf(0));
});

test("Java's and JavaScript's clients hash the text, not its bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
      const key = bytesOf(text);
      expect(hashes.java_string(key, 0, key.length)).toBe(
        naive(text, 0, (sum, unit) => 31 * sum + unit) >>> 0,
      );
      expect(memjs(key, 0, key.length)).toBe(Math.abs(naive(text, 0, (sum, unit) => 31 * sum + unit)));
      const fnv = naive(text, 2_166_136_261, (sum, unit) => (sum ^ unit) * 16_777_619);
      expect(npmMemcache(key, 0, key.length)).toBe(fnv);
    }),
  );
});

/** As those clients write it. */
function naive(text: string, start: number, step: (sum: number, unit: number) => number): number {
  let sum = start | 0;
  for (let i = 0; i < text.length; i++) sum = step(sum, text.charCodeAt(i)) | 0;
  return sum;
}

function halfOf(seed: string, half: 0 | 1): number {
  const digits = seed.padStart(16, "0");
  return Number.parseInt(half === 0 ? digits.slice(8) : digits.slice(0, 8), 16) | 0;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
