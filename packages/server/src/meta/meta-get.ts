// mg. Hot path: a request without T, N and u costs what a get does.
//
//     mg key t v O1 k  ->  VA 5 t30 O1 kkey W \r\n hello \r\n
//                               ^ in the order of the request, then Z, X, W

import type { TextRequestDecoder } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { expiryOf, type FoundOn, TOUCH_HITS } from "@memwire/store";
import { tellNoRoom } from "../classic/retrieval.ts";
import type { Context } from "../context.ts";
import { bitsOf, CHOOSE_CAS, COMPARE, NO_USE, RECACHE, TOUCH, VALUE, VIVIFY } from "./meta-letters.ts";
import { answer, beginFlag, beginStatus, beginValue, EN, endLine, HD } from "./meta-reply.ts";
import { writeItemFlags } from "./meta-item-flags.ts";
import { logFetch } from "../admin/observation.ts";
import type { Replies } from "../replies.ts";

/** What it tells of an item, if it is asked for. */
const TELLS = bitsOf("kcfhlst");

const LETTER_UPPER_W = 87;
const LETTER_UPPER_X = 88;
const LETTER_UPPER_Z = 90;

export function metaGet(context: Context, decoder: TextRequestDecoder, output: Replies, now: Millis): void {
  const { counters, key, store } = context;
  const { lower, upper } = decoder.meta;
  key.read(decoder);
  let created = false;
  let found: boolean;
  if ((upper & (TOUCH | VIVIFY)) !== 0 || (lower & NO_USE) !== 0) {
    const foundOn = findOnTerms(context, decoder, now);
    found = foundOn !== "not-found";
    created = foundOn === "created";
  } else found = store.find(key.bytes, key.start, key.end, now);
  if (context.observed) logFetch(context, key.bytes, key.start, key.end, found && !created, now);
  if (found && (upper & TOUCH) !== 0) {
    counters.cmdTouch++;
    counters.touchHits++;
    store.countCommand(store.slabClass, TOUCH_HITS);
  } else {
    counters.cmdGet++;
    if (found) counters.getHits++;
    else counters.getMisses++;
  }
  if (!found) {
    if (!decoder.quiet) answer(context, decoder, output, EN);
    return;
  }
  // Who has the value already, as its cas unique says, is not sent it again.
  const { cas } = decoder;
  const known = (upper & COMPARE) !== 0 && store.casHigh === cas.high && store.casLow === cas.low;
  const withValue = (lower & VALUE) !== 0 && !known;
  // Before it is claimed: who is refused will not renew the item.
  if (withValue && !output.admits(context.lentBytesLeast)) return tellNoRoom(context, output);
  const claimed = !created && store.claimed;
  const wins = !created && !claimed && (store.stale || isDue(context, decoder, now));
  const won = wins && store.claim(key.bytes, key.start, key.end, now);
  if (withValue) beginValue(output, store.valueLength);
  else beginStatus(output, HD);
  const keyInBase64 = key.goesInBase64(store.keyInBase64);
  writeItemFlags(context, decoder, output, TELLS, keyInBase64, created, now);
  // One that another claimed since it was found is as good as one that was claimed before.
  if (claimed || (wins && !won)) beginFlag(output, LETTER_UPPER_Z);
  if (store.stale) beginFlag(output, LETTER_UPPER_X);
  if (won || created) beginFlag(output, LETTER_UPPER_W);
  endLine(output);
  if (!withValue) return;
  output.value(context.lentBytesLeast);
  endLine(output);
}

function findOnTerms({ key, store, terms }: Context, decoder: TextRequestDecoder, now: Millis): FoundOn {
  const { meta, newCas } = decoder;
  const { upper } = meta;
  terms.clear();
  terms.uses = (meta.lower & NO_USE) === 0;
  terms.touches = (upper & TOUCH) !== 0;
  terms.expiresAt = expiryOf(decoder.exptime, now);
  terms.vivifies = (upper & VIVIFY) !== 0;
  // Of two times memcached takes what stands last.
  const last = meta.indexOf("N") > meta.indexOf("T") ? decoder.vivifyExptime : decoder.exptime;
  terms.vivifiedUntil = expiryOf(last, now);
  terms.choosesCas = (upper & CHOOSE_CAS) !== 0;
  terms.newCasHigh = newCas.high;
  terms.newCasLow = newCas.low;
  return store.findOn(terms, key.bytes, key.start, key.end, now);
}

/** Whether flag R says that it is time for somebody to renew the item. */
function isDue({ store }: Context, decoder: TextRequestDecoder, now: Millis): boolean {
  const { meta, recacheExptime } = decoder;
  if ((meta.upper & RECACHE) === 0 || recacheExptime === 0) return false;
  const touched = (meta.upper & TOUCH) !== 0 && meta.indexOf("T") < meta.indexOf("R");
  const expiresAt = touched ? expiryOf(decoder.exptime, now) : store.expiresAt;
  return expiresAt !== Infinity && expiresAt < expiryOf(recacheExptime, now);
}
