// ma: counts up or down, from a first number on if N says so. Hot path without C, E, N and T.

import { latin1Bytes, type SendBuffer, type TextRequestDecoder, writeDigits64 } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { type CountedOn, DECR_HITS, expiryOf, INCR_HITS } from "@memwire/store";
import type { Context } from "../context.ts";
import { bitsOf, CHOOSE_CAS, COMPARE, TOUCH, VALUE, VIVIFY } from "./meta-letters.ts";
import { answer, beginStatus, beginValue, endLine, EX, HD, NF } from "./meta-reply.ts";
import { writeItemFlags } from "./meta-item-flags.ts";
import { logCreated, noteLookUp } from "../admin/observation.ts";

/** What it tells of an item, if it is asked for. */
const TELLS = bitsOf("kct");

const NON_NUMERIC = latin1Bytes("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
const OUT_OF_MEMORY = latin1Bytes("SERVER_ERROR out of memory\r\n");
const OUT_OF_MEMORY_CREATING = latin1Bytes("SERVER_ERROR Out of memory allocating new item\r\n");

export function metaArithmetic(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { counters, key, store } = context;
  const up = decoder.mode === "I";
  key.read(decoder);
  if (context.observed) noteLookUp(context, key.bytes, key.start, key.end, now);
  const counted = count(context, decoder, up, now);
  switch (counted) {
    case "counted":
      if (up) counters.incrHits++;
      else counters.decrHits++;
      store.countCommand(store.slabClass, up ? INCR_HITS : DECR_HITS);
      return decoder.quiet ? undefined : tellNumber(context, decoder, output, false, now);
    case "created":
      if (context.observed) logCreated(context, key.bytes, key.start, key.end, now);
      return decoder.quiet ? undefined : tellNumber(context, decoder, output, true, now);
    case "not-found":
      if (up) counters.incrMisses++;
      else counters.decrMisses++;
      return answer(context, decoder, output, NF);
    case "exists":
      return answer(context, decoder, output, EX);
    case "non-numeric":
      return output.copy(NON_NUMERIC, 0, NON_NUMERIC.length);
    case "out-of-memory": {
      const reply = store.inspect(key.bytes, key.start, key.end, now)
        ? OUT_OF_MEMORY
        : OUT_OF_MEMORY_CREATING;
      return output.copy(reply, 0, reply.length);
    }
    default:
      return unreachable(counted);
  }
}

function count(
  { key, store, terms }: Context,
  decoder: TextRequestDecoder,
  up: boolean,
  now: Millis,
): CountedOn {
  const { cas, delta, initial, meta, newCas } = decoder;
  const { upper } = meta;
  const { bytes, start, end } = key;
  if ((upper & (COMPARE | CHOOSE_CAS | TOUCH | VIVIFY)) === 0) {
    return up
      ? store.incr(bytes, start, end, delta.high, delta.low, now)
      : store.decr(bytes, start, end, delta.high, delta.low, now);
  }
  terms.clear();
  // 0 compares with nothing.
  terms.compares = (upper & COMPARE) !== 0 && (cas.high !== 0 || cas.low !== 0);
  terms.casHigh = cas.high;
  terms.casLow = cas.low;
  terms.choosesCas = (upper & CHOOSE_CAS) !== 0;
  terms.newCasHigh = newCas.high;
  terms.newCasLow = newCas.low;
  terms.touches = (upper & TOUCH) !== 0;
  terms.expiresAt = expiryOf(decoder.exptime, now);
  terms.vivifies = (upper & VIVIFY) !== 0;
  terms.initialHigh = initial.high;
  terms.initialLow = initial.low;
  // Of two times memcached takes what stands last.
  const last = meta.indexOf("N") > meta.indexOf("T") ? decoder.vivifyExptime : decoder.exptime;
  terms.vivifiedUntil = expiryOf(last, now);
  return store.countOn(terms, bytes, start, end, delta.high, delta.low, up, now);
}

/** The number, if v asks for it, and what else the request asks for, in its order. */
function tellNumber(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  created: boolean,
  now: Millis,
): void {
  const { digits, key, store } = context;
  const withValue = (decoder.meta.lower & VALUE) !== 0;
  // Not the item's value: that may have blanks behind the number.
  const valueBytes = withValue ? writeDigits64(digits, 0, store.numberHigh, store.numberLow) : 0;
  if (withValue) beginValue(output, valueBytes);
  else beginStatus(output, HD);
  writeItemFlags(context, decoder, output, TELLS, key.inBase64, created, now);
  endLine(output);
  if (!withValue) return;
  output.copy(digits, 0, valueBytes);
  endLine(output);
}
