// set, add, replace, append, prepend, cas. Hot path.

import {
  latin1Bytes,
  REPLY_BYTES,
  refusalReply,
  type TextRequestDecoder,
  type SendBuffer,
} from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { expiryOf, SETS, type Stored } from "@memwire/store";
import { compareAndStore } from "../compare-and-store.ts";
import { countStored } from "../stats/class-counts.ts";
import type { Context } from "../context.ts";
import { noteLookUp, noteStored, noteStoring, type StoreCommand } from "../admin/observation.ts";

const OUT_OF_MEMORY = latin1Bytes("SERVER_ERROR out of memory storing object\r\n");

/** Carries out the decoder's current request, a storage command. */
export function storeValue(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const stored = context.observed ? carryOutObserved(context, decoder, now) : carryOut(context, decoder, now);
  const { bytes, keyStart, keyEnd, valueBytes, flags } = decoder;
  const compares = decoder.command === "cas";
  // memcached has no place for such a value, and so no command to count.
  if (stored !== "too-large" && stored !== "out-of-memory") {
    context.counters.cmdSet++;
    countStored(context.store, stored, compares, bytes, keyStart, keyEnd, valueBytes, flags, now);
  }
  if (decoder.noreply) return;
  const reply = replyTo(stored);
  output.copy(reply, 0, reply.length);
}

/**
 * A storage command was refused before its value came. `set` and `ms` take the old value with it, as failed ones do.
 */
export function refuseValue(context: Context, decoder: TextRequestDecoder, now: Millis): void {
  const { counters, key, store } = context;
  counters.tooLarge++;
  const { command, bytes, keyStart, keyEnd } = decoder;
  if (context.observed) noteTooLarge(context, decoder, now);
  if (command === "set") store.delete(bytes, keyStart, keyEnd, now);
  else if (command === "ms") {
    key.read(decoder);
    store.delete(key.bytes, key.start, key.end, now);
  }
}

/** A value had no line end behind it. memcached had a place for it by then, and so a command to count. */
export function refuseChunk({ counters, key, store }: Context, decoder: TextRequestDecoder): void {
  const { command, keyStart, keyEnd, valueBytes, flags } = decoder;
  let keyBytes = keyEnd - keyStart;
  if (command === "ms") {
    key.read(decoder);
    keyBytes = key.end - key.start;
  }
  counters.cmdSet++;
  store.countCommand(store.slabClassFor(keyBytes, valueBytes, flags), SETS);
}

function noteTooLarge(context: Context, decoder: TextRequestDecoder, now: Millis): void {
  const { key, prefixes } = context;
  const { command, bytes, keyStart, keyEnd } = decoder;
  if (command === "ms") {
    key.read(decoder);
    noteStored(context, "set", "too-large", key.bytes, key.start, key.end, 0, 0, Infinity, now);
    noteLookUp(context, key.bytes, key.start, key.end, now);
    return;
  }
  if (prefixes.counting) prefixes.countSet(bytes, keyStart, keyEnd);
  noteStored(context, command as StoreCommand, "too-large", bytes, keyStart, keyEnd, 0, 0, Infinity, now);
  if (command === "set") noteLookUp(context, bytes, keyStart, keyEnd, now);
}

/** While somebody wants to know: says what was there before, and what came of it. */
function carryOutObserved(context: Context, decoder: TextRequestDecoder, now: Millis): Stored {
  const { command, bytes, keyStart, keyEnd, valueBytes, flags } = decoder;
  noteStoring(context, bytes, keyStart, keyEnd, now);
  const stored = carryOut(context, decoder, now);
  const expiresAt = expiryOf(decoder.exptime, now);
  const name = command as StoreCommand;
  noteStored(context, name, stored, bytes, keyStart, keyEnd, valueBytes, flags, expiresAt, now);
  return stored;
}

function carryOut(context: Context, decoder: TextRequestDecoder, now: Millis): Stored {
  const { store } = context;
  const { command, bytes, keyStart, keyEnd, valueStart, valueEnd, flags } = decoder;
  const expiresAt = expiryOf(decoder.exptime, now);
  switch (command) {
    case "set":
      return store.set(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, flags, expiresAt, now);
    case "add":
      return store.add(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, flags, expiresAt, now);
    case "replace":
      return store.replace(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, flags, expiresAt, now);
    case "append":
      return store.append(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, now);
    case "prepend":
      return store.prepend(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd, now);
    default:
      return compareAndStore(context, decoder, expiresAt, now);
  }
}

function replyTo(stored: Stored): Uint8Array {
  switch (stored) {
    case "stored":
    case "not-stored":
    case "exists":
    case "not-found":
      return REPLY_BYTES[stored];
    case "too-large":
      return refusalReply("too-large");
    case "out-of-memory":
      return OUT_OF_MEMORY;
    default:
      return unreachable(stored);
  }
}
