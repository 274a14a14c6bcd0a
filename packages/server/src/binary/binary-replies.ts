// Binary replies to the request that a decoder is at. Hot path.

import {
  BINARY_STATUSES,
  type BinaryRequestDecoder,
  type BinaryStatus,
  REPLY_MAGIC,
  type SendBuffer,
  writeBinaryHeader,
} from "@memwire/codec";

/** The header of a reply that tells something; extras, key and value are the caller's to write behind it. */
export function writeBinaryHead(
  output: SendBuffer,
  { code, opaque }: BinaryRequestDecoder,
  status: number,
  extrasBytes: number,
  keyBytes: number,
  valueBytes: number,
  casHigh: number,
  casLow: number,
): void {
  writeBinaryHeader(
    output,
    REPLY_MAGIC,
    code,
    keyBytes,
    extrasBytes,
    0,
    status,
    valueBytes,
    opaque,
    casHigh,
    casLow,
  );
}

/** It went well, and there is nothing else to say. */
export function writeBinaryOk(
  output: SendBuffer,
  decoder: BinaryRequestDecoder,
  casHigh: number,
  casLow: number,
): void {
  writeBinaryHead(output, decoder, 0, 0, 0, 0, casHigh, casLow);
}

/** It went well, and this is what there is to know. */
export function writeBinaryText(output: SendBuffer, decoder: BinaryRequestDecoder, text: string): void {
  writeBinaryHead(output, decoder, 0, 0, 0, text.length, 0, 0);
  output.latin1(text);
}

/** It did not go well: the status with its own text, or another. Told whether or not the request was a quiet one. */
export function writeBinaryStatus(
  output: SendBuffer,
  decoder: BinaryRequestDecoder,
  status: BinaryStatus,
  text: string = BINARY_STATUSES[status].text,
): void {
  writeBinaryHead(output, decoder, BINARY_STATUSES[status].code, 0, 0, text.length, 0, 0);
  output.latin1(text);
}
