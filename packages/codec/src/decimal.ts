// Decimal numbers as the protocol writes them. 64-bit numbers are two unsigned 32-bit halves. Hot path.

const ZERO = 0x30;
const TWO_32 = 4_294_967_296;
const BILLION = 1_000_000_000;

/** The largest number of digits of an unsigned 64-bit number, leading zeros not counted. */
const DIGITS_64 = 20;

/**
 * Reads digits only, `bytes[start]` to `bytes[end - 1]`.
 *
 * @returns the number, exact up to 2^53; -1 if empty, not all digits, or above `max`
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > max ? -1 : value;
}

/** Where `readDecimal64` leaves its answer: one object, reused. */
export interface Halves {
  high: number;
  low: number;
}

/**
 * Reads digits only into two unsigned halves.
 *
 * @returns false, and `into` as it was, if empty, not all digits, or above 2^64 - 1
 */
export function readDecimal64(bytes: Uint8Array, start: number, end: number, into: Halves): boolean {
  let from = start;
  while (from < end - 1 && bytes[from] === ZERO) from++;
  if (end - from <= 15) {
    const value = readDecimal(bytes, from, end, Number.MAX_SAFE_INTEGER);
    if (value < 0) return false;
    into.high = Math.floor(value / TWO_32);
    into.low = value >>> 0;
    return true;
  }
  if (end - from > DIGITS_64) return false;
  let high = 0;
  let low = 0;
  for (let i = from; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
    const next = low * 10 + digit;
    low = next >>> 0;
    high = high * 10 + Math.floor(next / TWO_32);
  }
  if (high >= TWO_32) return false;
  into.high = high;
  into.low = low;
  return true;
}

/** Writes 0 to 2^53 - 1 at `at` (16 bytes of room). @returns where the digits end */
export function writeDigits(into: Uint8Array, at: number, value: number): number {
  if (value < BILLION) return writeSmall(into, at, value);
  const upper = Math.floor(value / BILLION);
  const end = writeSmall(into, at, upper);
  return writePadded(into, end, value - upper * BILLION, 9);
}

/** Writes an unsigned 64-bit number at `at` (20 bytes of room). @returns where the digits end */
export function writeDigits64(into: Uint8Array, at: number, high: number, low: number): number {
  if (high < 0x20_0000) return writeDigits(into, at, high * TWO_32 + low);
  // Long division by 10^4 on 16-bit limbs: every step stays a small integer. Three times, which leaves a number
  // that is not 0, so that no zero comes in front, and that fits the doubles.
  let a = high >>> 16;
  let b = high & 0xffff;
  let c = low >>> 16;
  let d = low & 0xffff;
  const groups: number[] = [];
  for (let group = 0; group < 3; group++) {
    let step = (a % 10_000) * 65_536 + b;
    a = Math.floor(a / 10_000);
    b = Math.floor(step / 10_000);
    step = (step % 10_000) * 65_536 + c;
    c = Math.floor(step / 10_000);
    step = (step % 10_000) * 65_536 + d;
    d = Math.floor(step / 10_000);
    groups.push(step % 10_000);
  }
  let end = writeDigits(into, at, (a * 65_536 + b) * TWO_32 + c * 65_536 + d);
  for (let group = 2; group >= 0; group--) end = writePadded(into, end, groups[group] as number, 4);
  return end;
}

function writeSmall(into: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return writePadded(into, at, value, digits);
}

function writePadded(into: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    into[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + digits;
}

/** Two unsigned halves as one number, for the edge of the public API. */
export function toBigint(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** @throws RangeError if the number is negative or above 2^64 - 1, TypeError if it is no bigint */
export function toHalves(value: bigint): Halves {
  if (typeof value !== "bigint") throw new TypeError(`a 64-bit number must be a bigint, got ${typeof value}`);
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw new RangeError(`a 64-bit number must be from 0 to 18446744073709551615, got ${value}`);
  }
  return { high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
}
