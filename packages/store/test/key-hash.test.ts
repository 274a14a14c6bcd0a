import { expect, test } from "vitest";
import { hashOf } from "../src/key-hash.ts";
import { encodeUtf8 } from "../src/mod.ts";

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
  expect(hashOf(bytes, 1, bytes.length - 1, seed) >>> 0).toBe(hash);
});
