// Seconds as the text protocol has them: digits, with a minus in front if they are negative. Hot path.

import { readDecimal, readDecimal64 } from "../decimal.ts";

/** Numbers of no more digits are read as doubles. */
const DIGITS_EXACT = 15;

// Exptimes are signed 64-bit numbers. One that a server of 1.6.18 refuses while we take it would leave its data
// block to be read as commands: the bound is exact.
const HIGH_END = 0x8000_0000;

const MINUS = 45;

/** @returns `bytes[start]` to `bytes[end - 1]` in seconds, exact to 2^53; NaN if that is no exptime */
export function readExptime(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const from = negative ? start + 1 : start;
  const seconds =
    end - from <= DIGITS_EXACT ? readDecimal(bytes, from, end, Infinity) : readLong(bytes, from, end);
  if (seconds < 0) return Number.NaN;
  return negative ? -seconds : seconds;
}

/** An exptime is never so long: this may allocate. */
function readLong(bytes: Uint8Array, start: number, end: number): number {
  const halves = { high: 0, low: 0 };
  if (!readDecimal64(bytes, start, end, halves) || halves.high >= HIGH_END) return -1;
  return halves.high * 4_294_967_296 + halves.low;
}
