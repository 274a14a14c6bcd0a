// What a meta reply tells of the item that the store shows: the flags of the request that ask for something, in their
// order. Hot path.

import type { SendBuffer, TextRequestDecoder } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { expiryOf } from "@memwire/store";
import type { Context } from "../context.ts";
import {
  LETTER_C,
  LETTER_F,
  LETTER_H,
  LETTER_K,
  LETTER_L,
  LETTER_S,
  LETTER_T,
  LETTER_UPPER_N,
  LETTER_UPPER_O,
  LETTER_UPPER_T,
} from "./meta-letters.ts";
import { beginFlag, writeOpaque, writeRemaining } from "./meta-reply.ts";

/**
 * Writes the flags. A time is told as it is when its turn comes: behind a T or N of the line it is that one.
 *
 * @param tells The lower case letters that the command answers, as bits; to others it says nothing.
 * @param created Whether the item was not there before the request.
 */
export function writeItemFlags(
  { key, store }: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  tells: number,
  keyInBase64: boolean,
  created: boolean,
  now: Millis,
): void {
  const { bytes, meta } = decoder;
  const { offsets } = meta;
  let expiresAt = created ? Infinity : store.expiresAt;
  for (let at = 0, end = meta.count * 2; at < end; at += 2) {
    const start = offsets[at] as number;
    const letter = bytes[start] as number;
    switch (letter) {
      case LETTER_UPPER_O:
        writeOpaque(output, bytes, start, offsets[at + 1] as number);
        continue;
      case LETTER_UPPER_T:
        expiresAt = expiryOf(decoder.exptime, now);
        continue;
      case LETTER_UPPER_N:
        if (created) expiresAt = expiryOf(decoder.vivifyExptime, now);
        continue;
      default:
        if (letter < LETTER_C || (tells & (1 << (letter & 31))) === 0) continue;
    }
    if (letter === LETTER_K) {
      key.writeFlag(output, keyInBase64);
      continue;
    }
    beginFlag(output, letter);
    switch (letter) {
      case LETTER_S:
        output.decimal(store.valueLength);
        break;
      case LETTER_F:
        output.decimal(store.flags);
        break;
      case LETTER_C:
        output.decimal64(store.casHigh, store.casLow);
        break;
      case LETTER_T:
        writeRemaining(output, expiresAt, now);
        break;
      case LETTER_H:
        output.byte(store.fetched && !created ? 49 : 48);
        break;
      case LETTER_L:
        output.decimal(Math.max(0, Math.floor((now - store.usedAt) / 1_000)));
        break;
      default: // `tells` has no others
    }
  }
}
