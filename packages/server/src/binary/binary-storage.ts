// The binary protocol's storage commands: set, add, replace, append, prepend, each also quiet. Hot path.
//
// With a cas unique any of the first three is a compare-and-store, and the last two look at it, too; where items have
// none (`-C`) it counts for nothing, as in memcached.

import type { BinaryRequestDecoder, BinaryStatus, SendBuffer } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { CAS_BADVAL, CAS_HITS, SETS, type Stored } from "@memwire/store";
import { binaryExpiryOf } from "./binary-exptime.ts";
import { setTerms } from "./binary-items.ts";
import { writeBinaryOk, writeBinaryStatus } from "./binary-replies.ts";
import { compareAndStore } from "../compare-and-store.ts";
import type { Context } from "../context.ts";
import { noteLookUp, noteStored, type StoreCommand } from "../admin/observation.ts";

export function storeBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  mode: "set" | "add" | "replace",
  now: Millis,
): void {
  const { store } = context;
  const { bytes, keyStart, keyEnd, cas } = decoder;
  const compares = (cas.high !== 0 || cas.low !== 0) && store.setup.casUniques;
  if (context.observed) noteBefore(context, decoder, now);
  const stored = compares
    ? compareAndStore(context, decoder, binaryExpiryOf(decoder.exptime, now), now)
    : carryOut(context, decoder, mode, now);
  if (context.observed) noteAfter(context, decoder, compares ? "cas" : mode, stored, now);
  countClass(context, decoder, stored, decoder.flags, compares, now);
  // What was there is no longer what was last set.
  const isRefused = stored === "too-large" || stored === "out-of-memory";
  if (isRefused && compares && mode === "set") store.delete(bytes, keyStart, keyEnd, now);
  answer(context, decoder, output, stored, statusOfVain(mode));
}

export function extendBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  inFront: boolean,
  now: Millis,
): void {
  if (context.observed) noteBefore(context, decoder, now);
  const stored = extend(context, decoder, inFront, now);
  if (context.observed) noteAfter(context, decoder, inFront ? "prepend" : "append", stored, now);
  countClass(context, decoder, stored, 0, false, now);
  answer(context, decoder, output, stored, "not-stored");
}

/** While somebody wants to know: looks at what is there. */
function noteBefore(context: Context, { bytes, keyStart, keyEnd }: BinaryRequestDecoder, now: Millis): void {
  const { prefixes } = context;
  if (prefixes.counting) prefixes.countSet(bytes, keyStart, keyEnd);
  noteLookUp(context, bytes, keyStart, keyEnd, now);
}

/** And says what came of it. */
function noteAfter(
  context: Context,
  decoder: BinaryRequestDecoder,
  command: StoreCommand,
  stored: Stored,
  now: Millis,
): void {
  const { store } = context;
  const { bytes, keyStart, keyEnd, valueBytes, flags } = decoder;
  const extending = command === "append" || command === "prepend";
  const isStored = stored === "stored";
  const length = isStored ? store.valueLength : valueBytes;
  // What is added to has its own time.
  let expiresAt = isStored ? store.expiresAt : Infinity;
  if (!extending) expiresAt = binaryExpiryOf(decoder.exptime, now);
  const itsFlags = extending ? 0 : flags;
  noteStored(context, command, stored, bytes, keyStart, keyEnd, length, itsFlags, expiresAt, now);
}

/** Counts a command whose value was taken, stored or not, in the class that this value belongs to. */
function countClass(
  { counters, store }: Context,
  decoder: BinaryRequestDecoder,
  stored: Stored,
  flags: number,
  compares: boolean,
  now: Millis,
): void {
  if (stored === "too-large" || stored === "out-of-memory") return;
  const { bytes, keyStart, keyEnd, valueBytes } = decoder;
  counters.cmdSet++;
  const slabClass = store.slabClassFor(keyEnd - keyStart, valueBytes, flags);
  store.countCommand(slabClass, SETS);
  if (!compares) return;
  if (stored === "stored") store.countCommand(slabClass, CAS_HITS);
  else if (stored === "exists" && store.inspect(bytes, keyStart, keyEnd, now)) {
    store.countCommand(store.slabClass, CAS_BADVAL);
  }
}

function extend(
  { store, terms }: Context,
  decoder: BinaryRequestDecoder,
  inFront: boolean,
  now: Millis,
): Stored {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = decoder;
  if (!setTerms(terms, decoder) || !store.setup.casUniques) {
    return inFront
      ? store.prepend(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, now)
      : store.append(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, now);
  }
  terms.mode = inFront ? "prepend" : "append";
  return store.storeOn(terms, bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, 0, Infinity, now);
}

/** A value was refused before it came. `set` takes the old one with it, as a failed one does. */
export function refuseBinaryValue(context: Context, decoder: BinaryRequestDecoder, now: Millis): void {
  const { opcode, bytes, keyStart, keyEnd } = decoder;
  context.counters.tooLarge++;
  if (context.observed) noteTooLarge(context, decoder, now);
  if (opcode === "set" || opcode === "setq") context.store.delete(bytes, keyStart, keyEnd, now);
}

function noteTooLarge(context: Context, decoder: BinaryRequestDecoder, now: Millis): void {
  const { prefixes } = context;
  const { opcode, bytes, keyStart, keyEnd } = decoder;
  const command = opcode.replace(/q$/, "") as StoreCommand;
  if (prefixes.counting) prefixes.countSet(bytes, keyStart, keyEnd);
  noteStored(context, command, "too-large", bytes, keyStart, keyEnd, 0, 0, Infinity, now);
  if (command === "set") noteLookUp(context, bytes, keyStart, keyEnd, now);
}

function carryOut(
  { store }: Context,
  decoder: BinaryRequestDecoder,
  mode: "set" | "add" | "replace",
  now: Millis,
): Stored {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, flags } = decoder;
  const expiresAt = binaryExpiryOf(decoder.exptime, now);
  switch (mode) {
    case "set":
      return store.set(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, flags, expiresAt, now);
    case "add":
      return store.add(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, flags, expiresAt, now);
    case "replace":
      return store.replace(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, flags, expiresAt, now);
    default:
      return unreachable(mode);
  }
}

/** What is answered where the condition of `mode` was not met. */
function statusOfVain(mode: "set" | "add" | "replace"): BinaryStatus {
  if (mode === "add") return "exists";
  return mode === "replace" ? "not-found" : "not-stored";
}

function answer(
  { store }: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  stored: Stored,
  vain: BinaryStatus,
): void {
  switch (stored) {
    case "stored":
      if (!decoder.quiet) writeBinaryOk(output, decoder, store.casHigh, store.casLow);
      return;
    case "exists":
    case "not-found":
    case "too-large":
      return writeBinaryStatus(output, decoder, stored);
    case "not-stored":
      return writeBinaryStatus(output, decoder, vain);
    case "out-of-memory":
      return writeBinaryStatus(output, decoder, stored, "Out of memory allocating item");
    default:
      return unreachable(stored);
  }
}
