import { expect, test } from "vitest";
import { expiryOf, flushTimeOf } from "../src/mod.ts";

const NOW = 1_800_000_000_500;

test.each([
  [0, Infinity],
  [-1, 0],
  [-2_147_483_648, 0],
  [1, NOW + 1_000],
  [2_592_000, NOW + 2_592_000_000],
  [2_592_001, 2_592_001_000],
  [1_900_000_000, 1_900_000_000_000],
  [2_147_483_647, 2_147_483_647_000],
  [2_147_483_648, 0],
  [4_294_967_296 + 5, NOW + 5_000],
])("exptime %i expires at %d", (exptime, at) => {
  expect(expiryOf(exptime, NOW)).toBe(at);
});

test.each([
  [0, 0],
  [-1, 0],
  [2, NOW + 2_000],
  [1_900_000_000, 1_900_000_000_000],
  [2_147_483_648, 0],
])("a flush_all %i takes place at %d", (exptime, at) => {
  expect(flushTimeOf(exptime, NOW)).toBe(at);
});
