// The three CRC hashes of twemproxy, and what others make of a CRC. Hot path: one table look-up a byte.
// Source: https://reveng.sourceforge.io/crc-catalogue/ (CRC-32/ISO-HDLC, CRC-16/XMODEM)

import type { WordHash } from "./word-hash.ts";

const table32 = tableOf(
  (byte) => byte,
  (crc) => (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0),
);
const table16 = tableOf(
  (byte) => byte << 8,
  (crc) => ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff,
);

/** CRC-32 as everyone has it. */
export const crc32a: WordHash = (bytes, start, end) => ~remainder32(bytes, start, end);

/** libmemcached's "crc": bits 16 to 30 of the CRC-32, so that no hash is above 32767. */
export const crc32: WordHash = (bytes, start, end) => (~remainder32(bytes, start, end) >>> 16) & 0x7fff;

/** mcrouter's Crc32: without the highest bit. */
export const crc32Mcrouter: WordHash = (bytes, start, end) => ~remainder32(bytes, start, end) & 0x7fffffff;

/** python-memcached's: libmemcached's, and 1 for 0. */
export const crc32NotZero: WordHash = (bytes, start, end) => crc32(bytes, start, end) || 1;

/** twemproxy's "crc16": CRC-16/XMODEM, but the bits shifted out are kept, so that hashes have 32 bits. */
export const crc16: WordHash = (bytes, start, end) => {
  let crc = 0;
  for (let i = start; i < end; i++) {
    crc = (crc << 8) ^ (table16[((crc >>> 8) ^ (bytes[i] as number)) & 0xff] as number);
  }
  return crc;
};

function remainder32(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  for (let i = start; i < end; i++) {
    crc = (crc >>> 8) ^ (table32[(crc ^ (bytes[i] as number)) & 0xff] as number);
  }
  return crc;
}

function tableOf(start: (byte: number) => number, shift: (crc: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = start(byte);
    for (let bit = 0; bit < 8; bit++) crc = shift(crc);
    return crc;
  });
}
