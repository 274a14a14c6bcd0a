// Base64, in which a meta command has a key that the text protocol cannot carry. Hot path: no allocation.
//
// Read as memcached reads it: bytes outside of the alphabet are passed over, the others must be a multiple of four,
// and the key ends with the first four that have `=` among them.

import type { SendBuffer } from "./send-buffer.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 61;
const NONE = 0xff;

const codes: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** What a byte stands for; `NONE` if it is passed over. */
const values: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === PADDING ? 0 : ALPHABET.indexOf(String.fromCharCode(byte)),
);

/** How many bytes `bytes[start]` to `bytes[end - 1]` stand for; 0 if it is not base64, or none. */
export function base64Bytes(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  let padding = 0;
  /** Of those up to the four that end the key. */
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (values[byte] === NONE) continue;
    count++;
    if (length > 0) continue;
    if (byte === PADDING) padding++;
    if (padding === 0 || count % 4 !== 0) continue;
    if (padding > 2) return 0;
    length = (count / 4) * 3 - padding;
  }
  if (count % 4 !== 0) return 0;
  return length > 0 ? length : (count / 4) * 3;
}

/** Writes what `bytes[start]` to `bytes[end - 1]`, which is base64, stands for. @returns how many bytes that are */
export function decodeBase64(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let count = 0;
  let padding = 0;
  let four = 0;
  let at = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    const value = values[byte] as number;
    if (value === NONE) continue;
    if (byte === PADDING) padding++;
    four = (four << 6) | value;
    if (++count % 4 !== 0) continue;
    into[at] = four >> 16;
    into[at + 1] = four >> 8;
    into[at + 2] = four;
    at += 3;
    four = 0;
    if (padding > 0) return at - padding;
  }
  return at;
}

/** How many bytes so many are in base64. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** In base64, as memcached writes it. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const out = new Uint8Array(base64Length(length)).fill(PADDING);
  for (let i = 0, at = 0; i < length; i += 3, at += 4) {
    const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out[at] = codes[three >> 18] as number;
    out[at + 1] = codes[(three >> 12) & 63] as number;
    if (i + 1 < length) out[at + 2] = codes[(three >> 6) & 63] as number;
    if (i + 2 < length) out[at + 3] = codes[three & 63] as number;
  }
  return out;
}

/** Writes `bytes[0]` to `bytes[length - 1]` in base64. */
export function writeBase64(out: SendBuffer, bytes: Uint8Array, length: number): void {
  for (let i = 0; i < length; i += 3) {
    const second = i + 1 < length ? (bytes[i + 1] as number) : 0;
    const third = i + 2 < length ? (bytes[i + 2] as number) : 0;
    const three = ((bytes[i] as number) << 16) | (second << 8) | third;
    out.byte(codes[three >> 18] as number);
    out.byte(codes[(three >> 12) & 63] as number);
    out.byte(i + 1 < length ? (codes[(three >> 6) & 63] as number) : PADDING);
    out.byte(i + 2 < length ? (codes[three & 63] as number) : PADDING);
  }
}
