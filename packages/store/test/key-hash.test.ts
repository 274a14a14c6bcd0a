import { expect, test } from "vitest";
import { halfSipHash } from "../src/half-sip-hash.ts";
import { hashOf } from "../src/key-hash.ts";
import { encodeUtf8 } from "../src/mod.ts";
import { murmurHash3 } from "../src/murmur-hash.ts";

// From the reference implementation of MurmurHash3_x86_32.
test.for([
  ["", 0, 0x0000_0000],
  ["", 1, 0x514e_28b7],
  ["", 0xffff_ffff, 0x81f1_6f39],
  ["test", 0, 0xba6b_d213],
  ["test", 0x9747_b28c, 0x704b_81dc],
  ["Hello, world!", 0, 0xc036_3e43],
  ["Hello, world!", 0x9747_b28c, 0x2488_4cba],
  ["The quick brown fox jumps over the lazy dog", 0, 0x2e4f_f723],
  ["The quick brown fox jumps over the lazy dog", 0x9747_b28c, 0x2fa8_26cd],
  ["a", 0x9747_b28c, 0x7fa0_9ea6],
  ["aa", 0x9747_b28c, 0x5d21_1726],
  ["aaa", 0x9747_b28c, 0x283e_0130],
] as const)('hashes "%s" under seed %i as MurmurHash3 does', ([text, seed, hash]) => {
  const bytes = encodeUtf8(`<${text}>`);
  expect(murmurHash3(bytes, 1, bytes.length - 1, seed) >>> 0).toBe(hash);
});

// From Linux, lib/tests/siphash_kunit.c: of the bytes 0, 1, 2 and so on, as many as are said.
test.for([
  [0, 0x5814_c896],
  [1, 0xe7e8_64ca],
  [2, 0xbc4b_0e30],
  [3, 0x0153_9939],
  [4, 0x7e05_9ea6],
  [5, 0x88e3_d89b],
  [6, 0xa008_0b65],
  [7, 0x9d38_d9d6],
] as const)("hashes %i bytes as HalfSipHash-1-3 does: %i", ([length, hash]) => {
  const bytes = Uint8Array.from({ length: length + 2 }, (_, i) => i - 1);
  expect(halfSipHash(bytes, 1, length + 1, 0x0302_0100, 0x0706_0504) >>> 0).toBe(hash);
});

/** Eight bytes each, which MurmurHash3 takes for one another behind whatever and under whatever seed. */
const ALIKE = [
  [232, 237, 114, 225, 75, 109, 240, 104],
  [64, 143, 147, 214, 75, 109, 161, 164],
] as const;

/** Ten times one or the other of them. */
function floodKey(number: number): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: 10 }, (_, bit) => ALIKE[((number >> bit) & 1) as 0 | 1]).flat(),
  );
}

test("a thousand keys of one hash, which MurmurHash3 gives them under any seed, are told apart with a seed", () => {
  const keys = Array.from({ length: 1_024 }, (_, number) => floodKey(number));
  const hashesBy = (hash: (key: Uint8Array) => number): number => new Set(keys.map(hash)).size;
  for (const seed of [1, 0x9747_b28c]) {
    expect(hashesBy((key) => murmurHash3(key, 0, key.length, seed))).toBe(1);
    expect(hashesBy((key) => hashOf(key, 0, key.length, seed))).toBe(keys.length);
  }
});
