// The binary protocol's commands on one item: get, touch, gat and their kin, delete, incr, decr. Hot path.
//
// A quiet retrieval keeps silent about a miss, any other quiet command about what went well.

import type { BinaryRequestDecoder, SendBuffer } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import {
  type CountedOn,
  DECR_HITS,
  DELETE_HITS,
  type DeletedOn,
  INCR_HITS,
  type Store,
  type Terms,
  TOUCH_HITS,
} from "@memwire/store";
import { binaryExpiryOf } from "./binary-exptime.ts";
import { writeBinaryHead, writeBinaryOk, writeBinaryStatus } from "./binary-replies.ts";
import type { Context } from "../context.ts";
import type { Replies } from "../replies.ts";
import { logFetch, noteFetch, noteLookUp, noteStored } from "../admin/observation.ts";

/** The exptime of `incr` and `decr` that says: nothing is to be created. */
const NO_INITIAL = 0xffff_ffff;
const NUMBER_BYTES = 8;
const FLAGS_BYTES = 4;

/** `get` and `gat` in all their forms, `touch`. */
export function retrieveBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: Replies,
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
    if (found) {
      counters.touchHits++;
      store.countCommand(store.slabClass, TOUCH_HITS);
    } else counters.touchMisses++;
  } else {
    found = store.find(bytes, keyStart, keyEnd, now);
    counters.cmdGet++;
    if (found) counters.getHits++;
    else counters.getMisses++;
  }
  if (context.observed) noteFetch(context, bytes, keyStart, keyEnd, found, now);
  if (found) return writeItem(context, decoder, output, withKey, withValue);
  if (decoder.quiet) return;
  if (!withKey) return writeBinaryStatus(output, decoder, "not-found");
  writeBinaryHead(output, decoder, 0x01, 0, keyEnd - keyStart, 0, 0, 0);
  output.copy(bytes, keyStart, keyEnd);
}

/** Says that there is no memory to write the reply. */
export function tellNoRoom({ counters }: Context, decoder: BinaryRequestDecoder, output: Replies): void {
  counters.repliesRefused++;
  writeBinaryStatus(output, decoder, "out-of-memory");
}

function writeItem(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: Replies,
  withKey: boolean,
  withValue: boolean,
): void {
  const { store, lentBytesLeast } = context;
  if (withValue && !output.admits(lentBytesLeast)) return tellNoRoom(context, decoder, output);
  const { bytes, keyStart, keyEnd } = decoder;
  const keyBytes = withKey ? keyEnd - keyStart : 0;
  const valueBytes = withValue ? store.valueLength : 0;
  writeBinaryHead(output, decoder, 0, FLAGS_BYTES, keyBytes, valueBytes, store.casHigh, store.casLow);
  output.uint32(store.flags);
  if (withKey) output.copy(bytes, keyStart, keyEnd);
  if (!withValue) return;
  output.value(lentBytesLeast);
}

export function deleteBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { counters, store } = context;
  if (context.observed) noteDeletionInBinary(context, decoder, now);
  const deleted = deleteItem(context, decoder, now);
  switch (deleted) {
    case "done":
      counters.deleteHits++;
      store.countCommand(store.slabClass, DELETE_HITS);
      return decoder.quiet ? undefined : writeBinaryOk(output, decoder, 0, 0);
    case "exists":
      return writeBinaryStatus(output, decoder, deleted);
    case "not-found":
      counters.deleteMisses++;
      return writeBinaryStatus(output, decoder, deleted);
    default:
      return unreachable(deleted);
  }
}

/** memcached has no line for a deletion in the binary protocol, only for looking the key up. */
function noteDeletionInBinary(
  context: Context,
  { bytes, keyStart, keyEnd }: BinaryRequestDecoder,
  now: Millis,
): void {
  const { prefixes } = context;
  if (prefixes.counting) prefixes.countDelete(bytes, keyStart, keyEnd);
  noteLookUp(context, bytes, keyStart, keyEnd, now);
}

function deleteItem({ store, terms }: Context, decoder: BinaryRequestDecoder, now: Millis): DeletedOn {
  const { bytes, keyStart, keyEnd } = decoder;
  if (setTerms(terms, decoder)) return store.deleteOn(terms, bytes, keyStart, keyEnd, now);
  return store.delete(bytes, keyStart, keyEnd, now) ? "done" : "not-found";
}

export function countBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  up: boolean,
  now: Millis,
): void {
  const { counters, store } = context;
  if (context.observed) noteLookUp(context, decoder.bytes, decoder.keyStart, decoder.keyEnd, now);
  const counted = countItem(context, decoder, up, now);
  switch (counted) {
    case "counted":
      if (up) counters.incrHits++;
      else counters.decrHits++;
      store.countCommand(store.slabClass, up ? INCR_HITS : DECR_HITS);
      return writeNumber(store, decoder, output);
    case "created":
      if (context.observed) noteCreation(context, decoder, now);
      return writeNumber(store, decoder, output);
    case "not-found":
      if (up) counters.incrMisses++;
      else counters.decrMisses++;
      return writeBinaryStatus(output, decoder, counted);
    case "exists":
    case "non-numeric":
      return writeBinaryStatus(output, decoder, counted);
    case "out-of-memory": {
      const isThere = store.inspect(decoder.bytes, decoder.keyStart, decoder.keyEnd, now);
      const text = isThere ? "Out of memory incrementing value" : "Out of memory allocating new item";
      return writeBinaryStatus(output, decoder, counted, text);
    }
    default:
      return unreachable(counted);
  }
}

function countItem(
  { store, terms }: Context,
  decoder: BinaryRequestDecoder,
  up: boolean,
  now: Millis,
): CountedOn {
  const { bytes, keyStart, keyEnd, delta, initial, exptime } = decoder;
  const vivifies = exptime !== NO_INITIAL;
  if (!setTerms(terms, decoder) && !vivifies) {
    return up
      ? store.incr(bytes, keyStart, keyEnd, delta.high, delta.low, now)
      : store.decr(bytes, keyStart, keyEnd, delta.high, delta.low, now);
  }
  terms.vivifies = vivifies;
  terms.initialHigh = initial.high;
  terms.initialLow = initial.low;
  terms.vivifiedUntil = binaryExpiryOf(exptime, now);
  return store.countOn(terms, bytes, keyStart, keyEnd, delta.high, delta.low, up, now);
}

/** memcached adds what is not there as `add` does, which looks the key up once more. */
function noteCreation(
  context: Context,
  { bytes, keyStart, keyEnd, exptime }: BinaryRequestDecoder,
  now: Millis,
): void {
  const expiresAt = binaryExpiryOf(exptime, now);
  const { valueLength } = context.store;
  logFetch(context, bytes, keyStart, keyEnd, false, now);
  noteStored(context, "add", "stored", bytes, keyStart, keyEnd, valueLength, 0, expiresAt, now);
}

/** Not the item's value: that may have blanks behind the number. */
function writeNumber(store: Store, decoder: BinaryRequestDecoder, output: SendBuffer): void {
  if (decoder.quiet) return;
  writeBinaryHead(output, decoder, 0, 0, 0, NUMBER_BYTES, store.casHigh, store.casLow);
  output.uint32(store.numberHigh);
  output.uint32(store.numberLow);
}

/** The terms of a request that has no others than its cas unique. @returns whether it has one */
export function setTerms(terms: Terms, { cas }: BinaryRequestDecoder): boolean {
  terms.clear();
  terms.compares = cas.high !== 0 || cas.low !== 0;
  terms.casHigh = cas.high;
  terms.casLow = cas.low;
  return terms.compares;
}
