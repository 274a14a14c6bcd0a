// md: deletes an item, or marks it stale (I), or leaves it without its value (x). Hot path without C, I and x.

import { latin1Bytes, type SendBuffer, type TextRequestDecoder } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { DELETE_HITS, type DeletedOn, expiryOf } from "@memwire/store";
import type { Context } from "../context.ts";
import { CHOOSE_CAS, COMPARE, EMPTY, INVALIDATE, TOUCH } from "./meta-letters.ts";
import { answer, EX, HD, NF } from "./meta-reply.ts";
import { logDeletion, noteLookUp } from "../admin/observation.ts";

const OUT_OF_MEMORY = latin1Bytes("SERVER_ERROR out of memory\r\n");
const NOTHING = new Uint8Array(0);

export function metaDelete(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { counters, key, store } = context;
  const { lower, upper } = decoder.meta;
  key.read(decoder);
  if (context.observed) noteMetaDeletion(context, decoder, now);
  let done: DeletedOn | "out-of-memory";
  if ((lower & EMPTY) === 0 && (upper & (COMPARE | INVALIDATE)) === 0) {
    done = store.delete(key.bytes, key.start, key.end, now) ? "done" : "not-found";
  } else done = deleteOnTerms(context, decoder, now);
  switch (done) {
    case "done":
      // What is only marked is still there.
      if ((upper & INVALIDATE) === 0) {
        counters.deleteHits++;
        store.countCommand(store.slabClass, DELETE_HITS);
      }
      return decoder.quiet ? undefined : answer(context, decoder, output, HD);
    case "exists":
      counters.deleteMisses++;
      return answer(context, decoder, output, EX);
    case "not-found":
      counters.deleteMisses++;
      return answer(context, decoder, output, NF);
    case "out-of-memory":
      return output.copy(OUT_OF_MEMORY, 0, OUT_OF_MEMORY.length);
    default:
      return unreachable(done);
  }
}

/** Who watches deletions is told of those that leave nothing behind. */
function noteMetaDeletion(context: Context, decoder: TextRequestDecoder, now: Millis): void {
  const { key, store } = context;
  const { cas, meta } = decoder;
  if (!noteLookUp(context, key.bytes, key.start, key.end, now)) return;
  if ((meta.lower & EMPTY) !== 0 || (meta.upper & INVALIDATE) !== 0) return;
  const another = store.casHigh !== cas.high || store.casLow !== cas.low;
  if ((meta.upper & COMPARE) !== 0 && another) return;
  logDeletion(context, "md", key.bytes, key.start, key.end, now);
}

function deleteOnTerms(
  { key, store, terms }: Context,
  decoder: TextRequestDecoder,
  now: Millis,
): DeletedOn | "out-of-memory" {
  const { cas, meta, newCas } = decoder;
  const { upper } = meta;
  const { bytes, start, end } = key;
  terms.clear();
  terms.compares = (upper & COMPARE) !== 0;
  terms.casHigh = cas.high;
  terms.casLow = cas.low;
  terms.choosesCas = (upper & CHOOSE_CAS) !== 0;
  terms.newCasHigh = newCas.high;
  terms.newCasLow = newCas.low;
  const invalidates = (upper & INVALIDATE) !== 0;
  const expiresAt = expiryOf(decoder.exptime, now);
  if ((meta.lower & EMPTY) === 0) {
    if (!invalidates) return store.deleteOn(terms, bytes, start, end, now);
    terms.touches = (upper & TOUCH) !== 0;
    terms.expiresAt = expiresAt;
    return store.markStale(terms, bytes, start, end, now);
  }
  // An empty item in place of the other, with the flags and the time of the request, and all else as it was.
  terms.mode = "replace";
  terms.stale = invalidates;
  terms.keepsCas = !invalidates;
  const emptied = store.storeOn(terms, bytes, start, end, NOTHING, 0, 0, decoder.flags, expiresAt, now);
  if (emptied === "stored") return "done";
  if (emptied === "exists") return emptied;
  return emptied === "not-stored" || emptied === "not-found" ? "not-found" : "out-of-memory";
}
