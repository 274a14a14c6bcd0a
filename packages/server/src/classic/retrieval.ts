// get, gets, gat, gats.
//
// One line may ask for more than fits in memory: values are written as long as the client takes them, and no more than
// `KEYS_PER_TURN` in one go. What is left of the line waits as a `Retrieval` of its own. Hot path.

import { REPLY_BYTES, type TextRequestDecoder, writeValueLine } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { expiryOf, type KeyPrefetch, TOUCH_HITS } from "@memwire/store";
import type { Context } from "../context.ts";
import { noteFetch } from "../admin/observation.ts";
import type { Replies } from "../replies.ts";

/** Keys of one line that are looked up in one go: below a millisecond, whatever is asked for. */
const KEYS_PER_TURN = 2_000;
/** No key. */
const REFUSED = -1;

/** What is left of a retrieval command. Owns its bytes: a line's worth. */
export interface Retrieval {
  readonly bytes: Uint8Array;
  /** Start and end of key i at `2 * i` and `2 * i + 1`. */
  readonly offsets: Uint32Array;
  readonly count: number;
  /** The next key to be looked up. */
  next: number;
  readonly withCas: boolean;
  readonly touches: boolean;
  /** From when on the items expire if it touches them. */
  readonly expiresAt: Millis;
}

const { end: END } = REPLY_BYTES;
/**
 * Says so in place of the reply, or of what is left of the line; memcached takes back the values before it as well.
 *
 * @param what As memcached calls it.
 */
export function tellNoRoom(
  { counters }: Context,
  output: Replies,
  what: "get response" | "stats" = "get response",
): void {
  counters.repliesRefused++;
  output.latin1(`SERVER_ERROR out of memory writing ${what}\r\n`);
}

/** Answers the decoder's current request. @returns what has to wait, if anything */
export function retrieve(
  context: Context,
  decoder: TextRequestDecoder,
  output: Replies,
  now: Millis,
): Retrieval | undefined {
  const { command, bytes, keyOffsets, keyCount } = decoder;
  const withCas = command === "gets" || command === "gats";
  const touches = command === "gat" || command === "gats";
  const expiresAt = touches ? expiryOf(decoder.exptime, now) : 0;
  const next = writeValues(context, output, bytes, keyOffsets, 0, keyCount, withCas, touches, expiresAt, now);
  if (next === keyCount) output.copy(END, 0, END.length);
  if (next === keyCount || next === REFUSED) return undefined;
  const start = keyOffsets[next * 2] as number;
  const offsets = keyOffsets.slice(next * 2, keyCount * 2).map((offset) => offset - start);
  const rest = bytes.slice(start, keyOffsets[keyCount * 2 - 1]);
  return { bytes: rest, offsets, count: keyCount - next, next: 0, withCas, touches, expiresAt };
}

/** Goes on with a retrieval that waited. @returns whether it is answered */
export function goOn(context: Context, rest: Retrieval, output: Replies, now: Millis): boolean {
  const { bytes, offsets, count, withCas, touches, expiresAt } = rest;
  rest.next = writeValues(
    context,
    output,
    bytes,
    offsets,
    rest.next,
    count,
    withCas,
    touches,
    expiresAt,
    now,
  );
  if (rest.next === count) output.copy(END, 0, END.length);
  return rest.next === count || rest.next === REFUSED;
}

/**
 * Writes the values of the keys from `from` on.
 *
 * @returns the first key that has to wait; `count` if none has to, `REFUSED` if there is no room for a value: that ends
 * the line
 */
function writeValues(
  context: Context,
  output: Replies,
  bytes: Uint8Array,
  offsets: Uint32Array,
  from: number,
  count: number,
  withCas: boolean,
  touches: boolean,
  expiresAt: Millis,
  now: Millis,
): number {
  const { store, counters, unsentBytesMax } = context;
  const stop = from + KEYS_PER_TURN;
  // Where one value at a time is written, as into datagrams, all that was asked for would be asked for again.
  const looksAhead = count - from > 1 && unsentBytesMax > 0;
  let noted = from;
  for (let i = from; i < count; i++) {
    if (output.length > unsentBytesMax || i === stop) return i;
    if (i === noted && looksAhead) noted = fetchAhead(store.prefetch, bytes, offsets, i, count);
    const keyStart = offsets[i * 2] as number;
    const keyEnd = offsets[i * 2 + 1] as number;
    const found = touches
      ? store.findAndTouch(bytes, keyStart, keyEnd, expiresAt, now)
      : store.find(bytes, keyStart, keyEnd, now);
    if (touches) {
      counters.cmdTouch++;
      if (found) {
        counters.touchHits++;
        store.countCommand(store.slabClass, TOUCH_HITS);
      } else counters.touchMisses++;
    } else {
      counters.cmdGet++;
      if (found) counters.getHits++;
      else counters.getMisses++;
    }
    if (context.observed) noteFetch(context, bytes, keyStart, keyEnd, found, now);
    if (!found) continue;
    if (!output.admits(context.lentBytesLeast)) {
      tellNoRoom(context, output);
      return REFUSED;
    }
    writeValueLine(output, bytes, keyStart, keyEnd, store.flags, store.valueLength);
    if (withCas) {
      output.byte(32);
      output.decimal64(store.casHigh, store.casLow);
    }
    output.latin1("\r\n");
    output.value(context.lentBytesLeast);
    output.latin1("\r\n");
  }
  return count;
}

/** The store asks for what the keys from `from` on need. @returns the first key that is not among them */
function fetchAhead(
  prefetch: KeyPrefetch,
  bytes: Uint8Array,
  offsets: Uint32Array,
  from: number,
  count: number,
): number {
  if (!prefetch.isWorthwhile) return count;
  const end = Math.min(count, from + prefetch.room);
  for (let i = from; i < end; i++) {
    prefetch.note(bytes, offsets[i * 2] as number, offsets[i * 2 + 1] as number);
  }
  prefetch.fetch();
  return end;
}
