// The header that every binary message begins with, 24 bytes, big-endian. Hot path: no allocation a message.
//
//      0 magic | 1 opcode | 2 key length | 4 extras length | 5 data type | 6 vbucket or status
//      8 body length: of extras, key and value | 12 opaque | 16 cas | 24 extras, key, value

import type { SendBuffer } from "../send-buffer.ts";

export const HEADER_BYTES = 24;
export const REQUEST_MAGIC = 0x80;
export const REPLY_MAGIC = 0x81;

/** Where in a message its header's fields are, for saying what was wrong. */
export const FIELD_AT = {
  magic: 0,
  opcode: 1,
  keyLength: 2,
  extrasLength: 4,
  status: 6,
  bodyLength: 8,
} as const;

/** Writes the header of a message of these lengths; extras, key and value are the caller's to write behind it. */
export function writeBinaryHeader(
  out: SendBuffer,
  magic: number,
  code: number,
  keyBytes: number,
  extrasBytes: number,
  dataType: number,
  vbucketOrStatus: number,
  valueBytes: number,
  opaque: number,
  casHigh: number,
  casLow: number,
): void {
  out.uint32((magic << 24) | (code << 16) | keyBytes);
  out.uint32((extrasBytes << 24) | (dataType << 16) | vbucketOrStatus);
  out.uint32(extrasBytes + keyBytes + valueBytes);
  out.uint32(opaque);
  out.uint32(casHigh);
  out.uint32(casLow);
}
