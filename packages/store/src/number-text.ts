// Numbers in values: read as memcached reads them for `incr`, and written. Two unsigned 32-bit halves.

const TWO_32 = 4_294_967_296;
const ZERO = 0x30;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** Decimal digits of 2^64 - 1. */
export const NUMBER_BYTES_MAX = 20;

/** An unsigned 64-bit number. */
export interface Halves {
  high: number;
  low: number;
}

/**
 * Reads a value the way C's `strtoull` and memcached's check of it do: white space, a sign, digits; then white
 * space, NUL or the end of the value. A negative number counts modulo 2^64 unless that has its highest bit set.
 *
 * @returns false, and `into` as it was, if it is not a number, or not below 2^64
 */
export function readNumber(bytes: Uint8Array, start: number, end: number, into: Halves): boolean {
  let at = start;
  while (at < end && isSpace(bytes[at] as number)) at++;
  const negative = at < end && bytes[at] === MINUS;
  if (negative || (at < end && bytes[at] === PLUS)) at++;
  const digits = at;
  let high = 0;
  let low = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    const next = low * 10 + digit;
    low = next >>> 0;
    high = high * 10 + Math.floor(next / TWO_32);
    if (high >= TWO_32) return false;
  }
  if (at === digits) return false;
  if (at < end && bytes[at] !== 0 && !isSpace(bytes[at] as number)) return false;
  if (negative) {
    high = (low === 0 ? -high : ~high) >>> 0;
    low = -low >>> 0;
  }
  // memcached looks for a minus sign anywhere once the number looks negative to it.
  if (high >= 0x8000_0000 && hasMinus(bytes, start, end)) return false;
  into.high = high;
  into.low = low;
  return true;
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function hasMinus(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end && bytes[i] !== 0; i++) if (bytes[i] === MINUS) return true;
  return false;
}

/**
 * Writes a number in decimal, its last digit at `into[end - 1]`.
 *
 * @returns where its first digit is, at most `NUMBER_BYTES_MAX` before `end`
 */
export function writeNumber(into: Uint8Array, end: number, number: Readonly<Halves>): number {
  let { high, low } = number;
  let at = end;
  do {
    // Divides by ten; the remainder of the upper half goes on into the lower one.
    const carried = (high % 10) * TWO_32 + low;
    high = Math.floor(high / 10);
    low = Math.floor(carried / 10);
    into[--at] = ZERO + (carried % 10);
  } while (high > 0 || low > 0);
  return at;
}

/** Adds modulo 2^64. */
export function addTo(number: Halves, high: number, low: number): void {
  const sum = number.low + low;
  number.low = sum >>> 0;
  number.high = (number.high + high + (sum >= TWO_32 ? 1 : 0)) >>> 0;
}

/** Subtracts, down to 0 at most. */
export function subtractFrom(number: Halves, high: number, low: number): void {
  if (number.high < high || (number.high === high && number.low <= low)) {
    number.high = 0;
    number.low = 0;
    return;
  }
  const borrowed = number.low < low ? 1 : 0;
  number.low = (number.low - low) >>> 0;
  number.high = number.high - high - borrowed;
}
