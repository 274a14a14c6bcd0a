// ms. Hot path: a request without C, E, I, N and b costs what a set does.

import { latin1Bytes, refusalReply, type SendBuffer, type TextRequestDecoder } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { expiryOf, type Stored } from "@memwire/store";
import { countStored } from "../stats/class-counts.ts";
import type { Context } from "../context.ts";
import { countCompared } from "../counters.ts";
import {
  BASE64,
  bitsOf,
  CHOOSE_CAS,
  COMPARE,
  INVALIDATE,
  LETTER_C,
  LETTER_K,
  LETTER_S,
  LETTER_UPPER_O,
  VIVIFY,
} from "./meta-letters.ts";
import { writeItemFlags } from "./meta-item-flags.ts";
import { noteLookUp, noteStored } from "../admin/observation.ts";
import { beginFlag, beginStatus, endLine, EX, HD, NF, NS, writeOpaque } from "./meta-reply.ts";

/** What it tells of an item, if it is asked for. */
const TELLS = bitsOf("kcs");

const OUT_OF_MEMORY = latin1Bytes("SERVER_ERROR out of memory storing object\r\n");

export function metaStore(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { counters, key, store } = context;
  key.read(decoder);
  const { upper } = decoder.meta;
  const onTerms = (upper & (COMPARE | CHOOSE_CAS | VIVIFY)) !== 0 || (decoder.meta.lower & BASE64) !== 0;
  const stored = context.observed
    ? storeObserved(context, decoder, onTerms, now)
    : carryOut(context, decoder, onTerms, now);
  const { valueBytes, flags } = decoder;
  if (stored !== "too-large" && stored !== "out-of-memory") {
    counters.cmdSet++;
    countStored(store, stored, isCas(decoder), key.bytes, key.start, key.end, valueBytes, flags, now);
  }
  switch (stored) {
    case "stored":
      return decoder.quiet ? undefined : answerStored(context, decoder, output, now);
    case "not-stored":
      return answerUnstored(context, decoder, output, NS);
    case "exists":
      return answerUnstored(context, decoder, output, EX);
    case "not-found":
      return answerUnstored(context, decoder, output, NF);
    case "too-large":
    case "out-of-memory": {
      // As memcached: with what could not be stored, in whatever mode, goes what was there.
      store.delete(key.bytes, key.start, key.end, now);
      const reply = stored === "too-large" ? refusalReply(stored) : OUT_OF_MEMORY;
      return output.copy(reply, 0, reply.length);
    }
    default:
      return unreachable(stored);
  }
}

function carryOut(context: Context, decoder: TextRequestDecoder, onTerms: boolean, now: Millis): Stored {
  return onTerms ? storeOnTerms(context, decoder, now) : storePlainly(context, decoder, now);
}

/** While somebody watches: says what was there before, and what came of it. */
function storeObserved(context: Context, decoder: TextRequestDecoder, onTerms: boolean, now: Millis): Stored {
  const { key } = context;
  const { mode, valueBytes, flags } = decoder;
  noteLookUp(context, key.bytes, key.start, key.end, now);
  const stored = carryOut(context, decoder, onTerms, now);
  const command = isCas(decoder) ? "cas" : modeOf(mode);
  const expiresAt = expiryOf(decoder.exptime, now);
  noteStored(context, command, stored, key.bytes, key.start, key.end, valueBytes, flags, expiresAt, now);
  return stored;
}

/** Whether memcached counts and tells it as a `cas`. */
function isCas({ meta, mode }: TextRequestDecoder): boolean {
  return (meta.upper & COMPARE) !== 0 && (mode === "S" || mode === "R");
}

function storePlainly({ key, store }: Context, decoder: TextRequestDecoder, now: Millis): Stored {
  const { bytes, start, end } = key;
  const { bytes: value, flags, mode, valueStart, valueEnd } = decoder;
  switch (mode) {
    case "A":
      return store.append(bytes, start, end, value, valueStart, valueEnd, now);
    case "P":
      return store.prepend(bytes, start, end, value, valueStart, valueEnd, now);
    default: {
      const expiresAt = expiryOf(decoder.exptime, now);
      if (mode === "E") {
        return store.add(bytes, start, end, value, valueStart, valueEnd, flags, expiresAt, now);
      }
      if (mode === "R") {
        return store.replace(bytes, start, end, value, valueStart, valueEnd, flags, expiresAt, now);
      }
      return store.set(bytes, start, end, value, valueStart, valueEnd, flags, expiresAt, now);
    }
  }
}

function storeOnTerms(
  { counters, key, store, terms }: Context,
  decoder: TextRequestDecoder,
  now: Millis,
): Stored {
  const { cas, meta, mode, newCas } = decoder;
  const { upper } = meta;
  const replaces = mode === "S" || mode === "R";
  const compares = (upper & COMPARE) !== 0;
  terms.clear();
  terms.mode = modeOf(mode);
  terms.compares = compares && (replaces || cas.high !== 0 || cas.low !== 0);
  terms.casHigh = cas.high;
  terms.casLow = cas.low;
  terms.takesLate = (upper & INVALIDATE) !== 0;
  terms.choosesCas = (upper & CHOOSE_CAS) !== 0;
  terms.newCasHigh = newCas.high;
  terms.newCasLow = newCas.low;
  terms.vivifies = (upper & VIVIFY) !== 0;
  terms.keyInBase64 = key.inBase64;
  const { bytes, start, end } = key;
  const { bytes: value, flags, valueStart, valueEnd } = decoder;
  const exptime = terms.vivifies && (mode === "A" || mode === "P") ? decoder.vivifyExptime : decoder.exptime;
  const expiresAt = expiryOf(exptime, now);
  if (!compares || !replaces) {
    return store.storeOn(terms, bytes, start, end, value, valueStart, valueEnd, flags, expiresAt, now);
  }
  let stored: Stored;
  // No item has a cas unique of 0, not even one that was given it.
  if (cas.high === 0 && cas.low === 0)
    stored = store.inspect(bytes, start, end, now) ? "exists" : "not-found";
  else stored = store.storeOn(terms, bytes, start, end, value, valueStart, valueEnd, flags, expiresAt, now);
  countCompared(counters, stored);
  return stored;
}

function modeOf(mode: TextRequestDecoder["mode"]): "set" | "add" | "replace" | "append" | "prepend" {
  switch (mode) {
    case "E":
      return "add";
    case "A":
      return "append";
    case "P":
      return "prepend";
    case "R":
      return "replace";
    default:
      return "set";
  }
}

function answerStored(context: Context, decoder: TextRequestDecoder, output: SendBuffer, now: Millis): void {
  beginStatus(output, HD);
  writeItemFlags(context, decoder, output, TELLS, context.key.inBase64, false, now);
  endLine(output);
}

/** What was not stored has a cas unique of 0, and the size that it came with. */
function answerUnstored(
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
    const letter = bytes[start] as number;
    switch (letter) {
      case LETTER_UPPER_O:
        writeOpaque(output, bytes, start, offsets[at + 1] as number);
        break;
      case LETTER_K:
        key.writeFlag(output, key.inBase64);
        break;
      case LETTER_C:
        beginFlag(output, letter);
        output.byte(48);
        break;
      case LETTER_S:
        beginFlag(output, letter);
        output.decimal(decoder.valueBytes);
        break;
      default: // what asks for nothing that is told
    }
  }
  endLine(output);
}
