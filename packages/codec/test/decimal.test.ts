// Decimal numbers against BigInt, over the whole range.

import fc from "fast-check";
import { expect, test } from "vitest";
import { latin1Bytes, latin1Text, toBigint, toHalves } from "@memwire/codec";
import { readDecimal, readDecimal64, writeDigits, writeDigits64 } from "../src/decimal.ts";
import { unsigned64 } from "./arbitraries.ts";

const MAX = 2n ** 64n - 1n;

/** Around the places where the arithmetic changes: powers of ten and two, and 2^53. */
const edges = [...Array(20).keys()]
  .flatMap((i) => [10n ** BigInt(i), 2n ** BigInt(i * 3 + 7), 2n ** 53n, MAX])
  .flatMap((edge) => [edge - 1n, edge, edge + 1n])
  .filter((edge) => edge >= 0n && edge <= MAX);

const numbers = fc.oneof(unsigned64, fc.constantFrom(...edges));

function read64(text: string): bigint | undefined {
  const into = { high: 0, low: 0 };
  const bytes = latin1Bytes(`x${text}1`);
  return readDecimal64(bytes, 1, bytes.length - 1, into) ? toBigint(into.high, into.low) : undefined;
}

function written64(value: bigint): string {
  const { high, low } = toHalves(value);
  const into = new Uint8Array(22).fill(0x78);
  const end = writeDigits64(into, 1, high, low);
  expect([into[0], into[end]]).toEqual([0x78, 0x78]);
  return latin1Text(into, 1, end);
}

test("an unsigned 64-bit number is written as BigInt writes it", () => {
  for (const edge of edges) expect(written64(edge)).toBe(String(edge));
  fc.assert(
    fc.property(numbers, (value) => {
      expect(written64(value)).toBe(String(value));
    }),
  );
});

test("an unsigned 64-bit number is read as BigInt reads it, with any zeros in front", () => {
  for (const edge of edges) expect(read64(String(edge))).toBe(edge);
  fc.assert(
    fc.property(numbers, fc.nat(30), (value, zeros) => {
      expect(read64("0".repeat(zeros) + String(value))).toBe(value);
    }),
  );
});

test("a number above 2^64 - 1 is none", () => {
  expect(read64(String(MAX + 1n))).toBeUndefined();
  expect(read64("99999999999999999999")).toBeUndefined();
  fc.assert(
    fc.property(fc.bigInt({ min: MAX + 1n, max: MAX ** 3n }), (value) => {
      expect(read64(String(value))).toBeUndefined();
    }),
  );
});

test("only digits are a number, at least one of them", () => {
  for (const text of [
    "",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x1",
    " 1",
    "1 ",
    "a",
    "/",
    ":",
    "1".repeat(19) + "a",
    "0:",
  ]) {
    expect(read64(text), text).toBeUndefined();
    expect(readDecimal(latin1Bytes(text), 0, text.length, Infinity), text).toBe(-1);
  }
  fc.assert(
    fc.property(
      fc.string({ maxLength: 25, unit: fc.constantFrom("0", "1", "5", "9", "/", ":", "-") }),
      (text) => {
        const value = /^\d+$/.test(text) && BigInt(text) <= MAX ? BigInt(text) : undefined;
        expect(read64(text)).toBe(value);
      },
    ),
  );
});

test("a number that is none leaves what was read before", () => {
  const into = { high: 7, low: 9 };
  for (const text of ["", "x", "99999999999999999999", "1234567890123456789x"]) {
    expect(readDecimal64(latin1Bytes(text), 0, text.length, into)).toBe(false);
  }
  expect(into).toEqual({ high: 7, low: 9 });
});

test("a number up to 2^53 is read and written as Number does, within its bound", () => {
  const small = fc.oneof(
    fc.maxSafeInteger().map(Math.abs),
    fc.integer({ min: 0, max: 100_000 }),
    fc.constantFrom(0, 999_999_999, 1_000_000_000, 999_999_999_999_999, Number.MAX_SAFE_INTEGER),
  );
  fc.assert(
    fc.property(small, (value) => {
      const into = new Uint8Array(16);
      const end = writeDigits(into, 0, value);
      expect(latin1Text(into, 0, end)).toBe(String(value));
      expect(readDecimal(into, 0, end, Number.MAX_SAFE_INTEGER)).toBe(value);
      expect(readDecimal(into, 0, end, value)).toBe(value);
      expect(readDecimal(into, 0, end, value - 1)).toBe(-1);
    }),
  );
});

test("halves outside 64 bits are refused with the number that was given", () => {
  expect(() => toHalves(5 as never)).toThrow(new TypeError("a 64-bit number must be a bigint, got number"));
  expect(() => toHalves(-1n)).toThrow("a 64-bit number must be from 0 to 18446744073709551615, got -1");
  expect(() => toHalves(MAX + 1n)).toThrow(RangeError);
  fc.assert(
    fc.property(unsigned64, (value) => {
      const { high, low } = toHalves(value);
      expect(toBigint(high, low)).toBe(value);
    }),
  );
});
