// The binary protocol's storage commands: set, add, replace, append, prepend, each also quiet. Hot path.
//
// With a cas unique any of the first three is a compare-and-store, and the last two look at it, too.

import type { BinaryRequestDecoder, BinaryStatus, SendBuffer } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import type { Stored } from "@memwire/store";
import { binaryExpiryOf } from "./binary-exptime.ts";
import { setTerms } from "./binary-items.ts";
import { writeBinaryOk, writeBinaryStatus } from "./binary-replies.ts";
import type { Context } from "./context.ts";

export function storeBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  mode: "set" | "add" | "replace",
  now: Millis,
): void {
  const { store, counters } = context;
  const { bytes, keyStart, keyEnd, cas } = decoder;
  const compares = cas.high !== 0 || cas.low !== 0;
  const stored = compares ? compareAndStore(context, decoder, now) : carryOut(context, decoder, mode, now);
  const isRefused = stored === "too-large" || stored === "out-of-memory";
  if (!isRefused) counters.cmdSet++;
  // What was there is no longer what was last set.
  else if (compares && mode === "set") store.delete(bytes, keyStart, keyEnd, now);
  answer(context, decoder, output, stored, statusOfVain(mode));
}

export function extendBinary(
  context: Context,
  decoder: BinaryRequestDecoder,
  output: SendBuffer,
  inFront: boolean,
  now: Millis,
): void {
  const stored = extend(context, decoder, inFront, now);
  if (stored !== "too-large") context.counters.cmdSet++;
  answer(context, decoder, output, stored, "not-stored");
}

function extend(
  { store, terms }: Context,
  decoder: BinaryRequestDecoder,
  inFront: boolean,
  now: Millis,
): Stored {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = decoder;
  if (!setTerms(terms, decoder)) {
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
  if (opcode === "set" || opcode === "setq") context.store.delete(bytes, keyStart, keyEnd, now);
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

function compareAndStore({ store, counters }: Context, decoder: BinaryRequestDecoder, now: Millis): Stored {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, flags, cas } = decoder;
  const expiresAt = binaryExpiryOf(decoder.exptime, now);
  const stored = store.cas(
    bytes,
    keyStart,
    keyEnd,
    bytes,
    valueStart,
    valueEnd,
    flags,
    expiresAt,
    cas.high,
    cas.low,
    now,
  );
  if (stored === "stored") counters.casHits++;
  else if (stored === "exists") counters.casBadval++;
  else if (stored === "not-found") counters.casMisses++;
  return stored;
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
