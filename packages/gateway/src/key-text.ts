// What stands in a URL to the bytes of a key that memcached's text protocol can carry, one to one.
//
//     /kv/a%20b%25   --decode-->  a b%   --escape-->  a%20b%25   --> get a%20b%25\r\n
//
// The bytes 0x00 to 0x20, 0x7f and `%` are escaped, in upper case, as nginx's memcached module escapes the first and
// the last of them. As `%` itself is escaped, two different texts are never one key.

import { badRequest, type Refusal, shown } from "./refusal.ts";

export const KEY_BYTES_MAX = 250;

const PERCENT = 0x25;
const PLUS = 0x2b;
const BLANK = 0x20;
const HEX = new TextEncoder().encode("0123456789ABCDEF");
const encoder = new TextEncoder();

/**
 * The key that a URL's text stands for.
 *
 * @param encoded Percent-encoded.
 * @param plusIsBlank As in queries.
 */
export function keyOf(encoded: string, plusIsBlank = false): Uint8Array | Refusal {
  const decoded = decode(encoded, plusIsBlank);
  return decoded === undefined ? badEncoding(encoded) : checked(escape(decoded));
}

/** The bytes as a key, if it has as many as a key may have. */
export function checked(key: Uint8Array): Uint8Array | Refusal {
  if (key.length >= 1 && key.length <= KEY_BYTES_MAX) return key;
  return badRequest(
    `a key must have 1 to ${KEY_BYTES_MAX} bytes, got ${key.length}` +
      (key.length > 0 ? " (a control character, a blank and a % count as three)" : ""),
  );
}

/**
 * A `%` without two hexadecimal digits is refused, not taken as it is: else `/kv/100%` and `/kv/100%25` were one key,
 * and whoever forgot to encode would find out only when a key happens to look like an escape. nginx refuses it too.
 */
export function badEncoding(encoded: string): Refusal {
  return badRequest(
    `a % must be followed by two hexadecimal digits, and be %25 itself, got ${shown(encoded)}`,
  );
}

/** Percent-decoded bytes; `undefined` for a `%` that two hexadecimal digits do not follow. */
export function decode(encoded: string, plusIsBlank = false): Uint8Array | undefined {
  const bytes = encoder.encode(encoded); // ASCII but for clients that do not encode what they should
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i] as number;
    if (byte === PERCENT) {
      const high = hexDigit(bytes[i + 1]);
      const low = hexDigit(bytes[i + 2]);
      if (high < 0 || low < 0) return undefined;
      byte = high * 16 + low;
      i += 2;
    } else if (plusIsBlank && byte === PLUS) {
      byte = BLANK;
    }
    bytes[length++] = byte; // never ahead of what is read
  }
  return bytes.subarray(0, length);
}

/** @param also Further bytes to escape. */
export function escape(bytes: Uint8Array, also: readonly number[] = []): Uint8Array {
  const needs = (byte: number): boolean =>
    byte <= BLANK || byte === 0x7f || byte === PERCENT || also.includes(byte);
  let escapes = 0;
  for (const byte of bytes) if (needs(byte)) escapes++;
  if (escapes === 0) return bytes;
  const escaped = new Uint8Array(bytes.length + 2 * escapes);
  let length = 0;
  for (const byte of bytes) {
    if (needs(byte)) {
      escaped[length++] = PERCENT;
      escaped[length++] = HEX[byte >> 4] as number;
      escaped[length++] = HEX[byte & 15] as number;
    } else {
      escaped[length++] = byte;
    }
  }
  return escaped;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
