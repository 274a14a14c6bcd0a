// delete, touch, incr, decr. Hot path.

import { latin1Bytes, REPLY_BYTES, type TextRequestDecoder, type SendBuffer } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { DECR_HITS, DELETE_HITS, expiryOf, INCR_HITS, TOUCH_HITS } from "@memwire/store";
import type { Context } from "../context.ts";
import { noteDeletion, noteLookUp } from "../admin/observation.ts";

const NON_NUMERIC = latin1Bytes("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
const OUT_OF_MEMORY = latin1Bytes("SERVER_ERROR out of memory\r\n");
const { deleted: DELETED, touched: TOUCHED, "not-found": NOT_FOUND } = REPLY_BYTES;

export function deleteItem(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { store, counters } = context;
  const { bytes, keyStart, keyEnd } = decoder;
  if (context.observed) noteDeletion(context, bytes, keyStart, keyEnd, now);
  const deleted = store.delete(bytes, keyStart, keyEnd, now);
  if (deleted) {
    counters.deleteHits++;
    store.countCommand(store.slabClass, DELETE_HITS);
  } else counters.deleteMisses++;
  if (!decoder.noreply) reply(output, deleted ? DELETED : NOT_FOUND);
}

export function touchItem(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { store, counters } = context;
  const expiresAt = expiryOf(decoder.exptime, now);
  const { bytes, keyStart, keyEnd } = decoder;
  if (context.observed) noteLookUp(context, bytes, keyStart, keyEnd, now);
  const touched = store.touch(bytes, keyStart, keyEnd, expiresAt, now);
  counters.cmdTouch++;
  if (touched) {
    counters.touchHits++;
    store.countCommand(store.slabClass, TOUCH_HITS);
  } else counters.touchMisses++;
  if (!decoder.noreply) reply(output, touched ? TOUCHED : NOT_FOUND);
}

export function countItem(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { store, counters } = context;
  const { bytes, keyStart, keyEnd, delta, noreply } = decoder;
  const up = decoder.command === "incr";
  if (context.observed) noteLookUp(context, bytes, keyStart, keyEnd, now);
  const counted = up
    ? store.incr(bytes, keyStart, keyEnd, delta.high, delta.low, now)
    : store.decr(bytes, keyStart, keyEnd, delta.high, delta.low, now);
  switch (counted) {
    case "counted":
      if (up) counters.incrHits++;
      else counters.decrHits++;
      store.countCommand(store.slabClass, up ? INCR_HITS : DECR_HITS);
      if (noreply) return;
      output.decimal64(store.numberHigh, store.numberLow);
      return output.latin1("\r\n");
    case "not-found":
      if (up) counters.incrMisses++;
      else counters.decrMisses++;
      return noreply ? undefined : reply(output, NOT_FOUND);
    case "non-numeric":
      return noreply ? undefined : reply(output, NON_NUMERIC);
    case "out-of-memory":
      return noreply ? undefined : reply(output, OUT_OF_MEMORY);
    default:
      return unreachable(counted);
  }
}

function reply(output: SendBuffer, bytes: Uint8Array): void {
  output.copy(bytes, 0, bytes.length);
}
