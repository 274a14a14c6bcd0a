// The binary protocol's commands on one item: get, touch, gat and their kin, delete, incr, decr. Hot path.
//
// A quiet retrieval keeps silent about a miss, any other quiet command about what went well.

import { type BinaryRequestDecoder, type SendBuffer, writeDigits64 } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import type { Store } from "@memwire/store";
import { binaryExpiryOf } from "./binary-exptime.ts";
import { writeBinaryHead, writeBinaryOk, writeBinaryStatus } from "./binary-replies.ts";
import type { Context } from "./context.ts";

/** The exptime of `incr` and `decr` that says: nothing is to be created. */
const NO_INITIAL = 0xffff_ffff;
const NUMBER_BYTES = 8;
const FLAGS_BYTES = 4;

/** `get` and `gat` in all their forms, `touch`. */
export function retrieveBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  touches: boolean,
  withKey: boolean,
  withValue: boolean,
  now: Millis,
): void {
  const { store, counters } = context;
  const { bytes, keyStart, keyEnd } = decoder;
  let found: boolean;
  if (touches) {
    const expiresAt = binaryExpiryOf(decoder.exptime, now);
    found = withValue
      ? store.findAndTouch(bytes, keyStart, keyEnd, expiresAt, now)
      : store.touch(bytes, keyStart, keyEnd, expiresAt, now);
    counters.cmdTouch++;
    if (found) counters.touchHits++;
    else counters.touchMisses++;
  } else {
    found = store.find(bytes, keyStart, keyEnd, now);
    counters.cmdGet++;
    if (found) counters.getHits++;
    else counters.getMisses++;
  }
  if (found) return writeItem(store, decoder, output, withKey, withValue);
  if (decoder.quiet) return;
  if (!withKey) return writeBinaryStatus(output, decoder, "not-found");
  writeBinaryHead(output, decoder, 0x01, 0, keyEnd - keyStart, 0, 0, 0);
  output.copy(bytes, keyStart, keyEnd);
}

function writeItem(
  store: Store,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  withKey: boolean,
  withValue: boolean,
): void {
  const { bytes, keyStart, keyEnd } = decoder;
  const keyBytes = withKey ? keyEnd - keyStart : 0;
  const valueBytes = withValue ? store.valueLength : 0;
  writeBinaryHead(output, decoder, 0, FLAGS_BYTES, keyBytes, valueBytes, store.casHigh, store.casLow);
  output.uint32(store.flags);
  if (withKey) output.copy(bytes, keyStart, keyEnd);
  if (!withValue) return;
  do output.copy(store.valueBytes, store.valueStart, store.valueEnd);
  while (store.nextPiece());
}

export function deleteBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { store, counters } = context;
  if (isAnother(store, decoder, now)) return writeBinaryStatus(output, decoder, "exists");
  if (store.delete(decoder.bytes, decoder.keyStart, decoder.keyEnd, now)) {
    counters.deleteHits++;
    if (!decoder.quiet) writeBinaryOk(output, decoder, 0, 0);
    return;
  }
  counters.deleteMisses++;
  writeBinaryStatus(output, decoder, "not-found");
}

export function countBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  up: boolean,
  now: Millis,
): void {
  const { store, counters } = context;
  const { bytes, keyStart, keyEnd, delta } = decoder;
  if (isAnother(store, decoder, now)) return writeBinaryStatus(output, decoder, "exists");
  const counted = up
    ? store.incr(bytes, keyStart, keyEnd, delta.high, delta.low, now)
    : store.decr(bytes, keyStart, keyEnd, delta.high, delta.low, now);
  switch (counted) {
    case "counted":
      if (up) counters.incrHits++;
      else counters.decrHits++;
      return writeNumber(store, decoder, output, store.numberHigh, store.numberLow);
    case "not-found":
      if (decoder.exptime !== NO_INITIAL) return createNumber(context, decoder, output, now);
      if (up) counters.incrMisses++;
      else counters.decrMisses++;
      return writeBinaryStatus(output, decoder, "not-found");
    case "non-numeric":
      return writeBinaryStatus(output, decoder, "non-numeric");
    case "out-of-memory":
      return writeBinaryStatus(output, decoder, "out-of-memory", "Out of memory incrementing value");
    default:
      return unreachable(counted);
  }
}

/** What is to be counted is not there, and begins with a number that the client says. */
function createNumber(
  { store, digits }: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { bytes, keyStart, keyEnd, initial } = decoder;
  const expiresAt = binaryExpiryOf(decoder.exptime, now);
  const end = writeDigits64(digits, 0, initial.high, initial.low);
  const stored = store.add(bytes, keyStart, keyEnd, digits, 0, end, 0, expiresAt, now);
  if (stored === "stored") return writeNumber(store, decoder, output, initial.high, initial.low);
  if (stored === "not-stored") return writeBinaryStatus(output, decoder, "not-stored");
  writeBinaryStatus(output, decoder, "out-of-memory", "Out of memory allocating new item");
}

function writeNumber(
  store: Store,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  high: number,
  low: number,
): void {
  if (decoder.quiet) return;
  writeBinaryHead(output, decoder, 0, 0, 0, NUMBER_BYTES, store.casHigh, store.casLow);
  output.uint32(high);
  output.uint32(low);
}

/** Whether the client means an item by its cas unique, and the key has another one by now. */
export function isAnother(
  store: Store,
  { cas, bytes, keyStart, keyEnd }: BinaryRequestDecoder,
  now: Millis,
): boolean {
  if (cas.high === 0 && cas.low === 0) return false;
  return (
    store.inspect(bytes, keyStart, keyEnd, now) && (store.casHigh !== cas.high || store.casLow !== cas.low)
  );
}
