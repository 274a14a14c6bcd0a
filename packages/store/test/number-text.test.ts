import fc from "fast-check";
import { expect, test } from "vitest";
import { addTo, NUMBER_BYTES_MAX, readNumber, subtractFrom, writeNumber } from "../src/number-text.ts";
import { latin1 } from "./store-laws.ts";

const TWO_64 = 2n ** 64n;
const word = fc.oneof(
  fc.bigInt({ min: 0n, max: TWO_64 - 1n }),
  fc.bigInt({ min: 0n, max: 64n }).map((bits) => (bits === 64n ? TWO_64 - 1n : 2n ** bits)),
);
const halves = (value: bigint): { high: number; low: number } => ({
  high: Number(value >> 32n),
  low: Number(value & 0xffff_ffffn),
});
const whole = ({ high, low }: { high: number; low: number }): bigint => (BigInt(high) << 32n) | BigInt(low);

function read(text: string): bigint | undefined {
  const bytes = Uint8Array.from(`9${text}9`, (letter) => letter.charCodeAt(0));
  const into = { high: 1, low: 2 };
  if (readNumber(bytes, 1, bytes.length - 1, into)) return whole(into);
  expect(into).toEqual({ high: 1, low: 2 });
  return undefined;
}

test("a number reads back as it was written", () => {
  fc.assert(
    fc.property(word, (value) => {
      const bytes = new Uint8Array(NUMBER_BYTES_MAX);
      const first = writeNumber(bytes, NUMBER_BYTES_MAX, halves(value));
      const text = latin1(bytes.slice(first));
      expect(text).toBe(`${value}`);
      expect(read(text)).toBe(value);
    }),
  );
});

test("adds modulo 2^64 and subtracts down to 0", () => {
  fc.assert(
    fc.property(word, word, (a, b) => {
      const sum = halves(a);
      addTo(sum, halves(b).high, halves(b).low);
      expect(whole(sum)).toBe((a + b) % TWO_64);
      const difference = halves(a);
      subtractFrom(difference, halves(b).high, halves(b).low);
      expect(whole(difference)).toBe(a > b ? a - b : 0n);
    }),
  );
});

// What memcached 1.6.18 made of these values when asked to add 1 to them.
const values: readonly (readonly [value: string, number: bigint | undefined])[] = [
  ["12", 12n],
  ["12 ab", 12n],
  ["\t5", 5n],
  ["\n5", 5n],
  ["5\u000b", 5n],
  ["5\u0000abc", 5n],
  ["+5", 5n],
  ["007", 7n],
  ["-0", 0n],
  ["-18446744073709551615", 1n],
  ["9223372036854775808", 9_223_372_036_854_775_808n],
  ["18446744073709551615", TWO_64 - 1n],
  ["5 -", 5n],
  ["18446744073709551615 -", undefined],
  ["18446744073709551616", undefined],
  ["-5", undefined],
  ["", undefined],
  ["+", undefined],
  ["+ 5", undefined],
  ["5a", undefined],
  ["abc", undefined],
];

test.each(values)("reads %j as memcached does", (text, number) => {
  expect(read(text)).toBe(number);
});
