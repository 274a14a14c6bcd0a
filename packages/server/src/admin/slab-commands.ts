// slabs and cache_memlimit: where the memory goes, and how much of it there is.

import type { SendBuffer, TextRequestDecoder } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { answer, integerOf, numberOf, wholeOf, wordsOf } from "./command-words.ts";
import { type Context, remember } from "../context.ts";
import { SYSTEM_EVENTS } from "./watchers.ts";

const MEBIBYTE = 1_048_576;
const UINT32_MAX = 0xffff_ffff;
const MEBIBYTES_LEAST = 8;
/** Above it memcached takes it for bytes. */
const MEBIBYTES_MOST = 1_000_000_000;
const AUTOMOVE_LEVEL_MAX = 2;

const DISABLED = "CLIENT_ERROR slab reassignment disabled";
const BAD_FORMAT = "CLIENT_ERROR bad command line format";

/** `slabs` */
export function movePages(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const words = wordsOf(decoder);
  answer(decoder, output, carryOut(context, words, now));
}

function carryOut(context: Context, [what, ...words]: readonly string[], now: Millis): string {
  if (what === "reassign" && words.length === 2) return reassign(context, words, now);
  if (what === "automove" && words.length > 0) return setAutomove(context, words);
  return "ERROR";
}

function reassign(context: Context, words: readonly string[], now: Millis): string {
  const { store, watchers } = context;
  if (!store.setup.automove) return DISABLED;
  const [from, to] = words.map(integerOf);
  if (from === undefined || to === undefined) return BAD_FORMAT;
  const moved = store.movePage(from, to, now);
  switch (moved) {
    case "started":
      if ((watchers.kinds & SYSTEM_EVENTS) !== 0) {
        watchers.note(SYSTEM_EVENTS, `type=slab_move src=${from} dst=${to}`, now);
      }
      return "OK";
    case "busy":
      return "BUSY currently processing reassign request";
    case "bad-class":
      return "BADCLASS invalid src or dst class id";
    case "no-spare":
      return "NOSPARE source class has no spare pages";
    case "disabled":
      return DISABLED;
    case "same-class":
      return "SAME src and dst class are identical";
    default:
      return unreachable(moved);
  }
}

/** Ratios and the window are remembered alone: the store weighs what it sees by its own. */
function setAutomove(context: Context, [what, word]: readonly string[]): string {
  switch (what) {
    case "ratio":
    case "freeratio": {
      const ratio = numberOf(word);
      if (ratio === undefined) return "ERROR";
      remember(context, what === "ratio" ? { automoveRatio: ratio } : { automoveFreeRatio: ratio });
      return "OK";
    }
    case "window": {
      const window = wholeOf(word, UINT32_MAX);
      if (window === undefined) return BAD_FORMAT;
      remember(context, { automoveWindow: window });
      return "OK";
    }
    default: {
      const level = wholeOf(what, UINT32_MAX);
      if (level === undefined) return BAD_FORMAT;
      if (level > AUTOMOVE_LEVEL_MAX) return "ERROR";
      context.store.tune({ automoveLevel: level });
      return "OK";
    }
  }
}

/** `cache_memlimit`. One word behind the number means nothing, as in memcached; a `noreply` is that word. */
export function limitMemory({ store }: Context, decoder: TextRequestDecoder, output: SendBuffer): void {
  const [word, ...more] = wordsOf(decoder);
  const mebibytes = wholeOf(word, UINT32_MAX);
  const wordsBehind = more.length + (decoder.noreply ? 1 : 0);
  if (wordsBehind > 1 || !/^[0-9]+$/.test(word ?? "")) return answer(decoder, output, "ERROR");
  if (mebibytes === undefined || mebibytes > MEBIBYTES_MOST) {
    return answer(decoder, output, "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes");
  }
  if (mebibytes < MEBIBYTES_LEAST) {
    return answer(decoder, output, "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m");
  }
  const bytesMax = mebibytes * MEBIBYTE;
  if (bytesMax > store.setup.bytesMost) {
    return answer(decoder, output, "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust");
  }
  store.tune({ bytesMax });
  answer(decoder, output, "OK");
}
