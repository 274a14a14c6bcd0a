// Pieces of the replies to meta commands. Hot path.

import { latin1Bytes, type SendBuffer, type TextRequestDecoder } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Context } from "../context.ts";
import { LETTER_K, LETTER_UPPER_O } from "./meta-letters.ts";

const BLANK = 32;
const VA: Uint8Array = latin1Bytes("VA ");

/** `VA <bytes>`, before its flags. */
export function beginValue(output: SendBuffer, valueBytes: number): void {
  output.copy(VA, 0, 3);
  output.decimal(valueBytes);
}

/** A status of two letters, before its flags. */
export function beginStatus(output: SendBuffer, status: Uint8Array): void {
  output.copy(status, 0, 2);
}

export function endLine(output: SendBuffer): void {
  output.byte(13);
  output.byte(10);
}

/** A whole answer that tells nothing of an item: the status, the opaque, the key. */
export function answer(
  { key }: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  status: Uint8Array,
): void {
  const { bytes, meta } = decoder;
  const { offsets } = meta;
  beginStatus(output, status);
  for (let at = 0, end = meta.count * 2; at < end; at += 2) {
    const start = offsets[at] as number;
    const letter = bytes[start];
    if (letter === LETTER_UPPER_O) writeOpaque(output, bytes, start, offsets[at + 1] as number);
    else if (letter === LETTER_K) key.writeFlag(output, key.inBase64);
  }
  endLine(output);
}

/** The opaque as it came, with the blank that is before it on the line. */
export function writeOpaque(output: SendBuffer, bytes: Uint8Array, start: number, end: number): void {
  output.copy(bytes, start - 1, end);
}

/** A flag's letter, before its token. */
export function beginFlag(output: SendBuffer, letter: number): void {
  output.byte(BLANK);
  output.byte(letter);
}

/**
 * How many seconds an item has still to live: -1 for ever. What has expired has none: memcached tells a number near
 * 2^32 of it.
 */
export function writeRemaining(output: SendBuffer, expiresAt: Millis, now: Millis): void {
  if (expiresAt === Infinity) {
    output.byte(45);
    output.byte(49);
  } else output.decimal(Math.max(0, Math.ceil((expiresAt - now) / 1_000)));
}

export const HD: Uint8Array = latin1Bytes("HD");
export const EN: Uint8Array = latin1Bytes("EN");
export const NF: Uint8Array = latin1Bytes("NF");
export const NS: Uint8Array = latin1Bytes("NS");
export const EX: Uint8Array = latin1Bytes("EX");
