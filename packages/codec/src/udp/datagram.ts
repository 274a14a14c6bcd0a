// What UDP puts around the other protocols: eight bytes before the data, all numbers big-endian.
//
//     0          2          4         6          8
//     | request  | sequence | total   | reserved | data ...
//
// A request is one datagram of a total of 1. Its replies carry its id; one that does not fit is cut into `total`
// datagrams with a sequence from 0. Text, meta or binary: the data's first byte decides, for every datagram anew.

import { readUint16 } from "../big-endian.ts";
import type { SendBuffer } from "../send-buffer.ts";

/** Where the data of a datagram starts. */
export const DATAGRAM_HEADER_BYTES = 8;

/** Bytes of a reply datagram, its header counted, as memcached sends them: they fit an Ethernet frame. */
export const DATAGRAM_BYTES_MAX = 1_400;

/** Why a server takes no notice of a datagram, as memcached does. */
export type RequestDatagramFault = "short" | "empty" | "multi-datagram";

/**
 * Whether a server is to read this datagram. Then the request is what is behind `DATAGRAM_HEADER_BYTES`, whole:
 * what of it is unfinished at the end of the datagram will never come. Sequence and reserved bytes mean nothing.
 */
export function datagramRequest(datagram: Uint8Array): "request" | RequestDatagramFault {
  if (datagram.length < DATAGRAM_HEADER_BYTES) return "short";
  if (datagram.length === DATAGRAM_HEADER_BYTES) return "empty";
  return readUint16(datagram, 4) === 1 ? "request" : "multi-datagram";
}

/** The id in a datagram that has a header. */
export function requestIdOf(datagram: Uint8Array): number {
  return readUint16(datagram, 0);
}

/**
 * Writes a header; the data is to follow. A request has no more than the id.
 *
 * @throws RangeError, with nothing written, if a number is not unsigned 16-bit
 */
export function writeDatagramHeader(out: SendBuffer, requestId: number, sequence = 0, total = 1): void {
  check16("request id", requestId);
  check16("sequence", sequence);
  check16("total", total);
  write16(out, requestId);
  write16(out, sequence);
  write16(out, total);
  write16(out, 0);
}

function write16(out: SendBuffer, value: number): void {
  out.byte(value >> 8);
  out.byte(value & 0xff);
}

/** @throws RangeError for a number that is not unsigned 16-bit */
export function check16(name: string, value: number): void {
  if ((value & 0xffff) === value) return;
  throw new RangeError(`a ${name} must be a whole number from 0 to 65535, got ${value}`);
}
