// lru_crawler and lru: looking for items that expired, going through the keys, and what the lists of items are to be.

import type { SendBuffer, TextRequestDecoder } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Store } from "@memwire/store";
import { answer, integerOf, numberOf, wholeOf, wordsOf } from "./command-words.ts";
import type { Connection } from "../connection.ts";
import { type Context, remember } from "../context.ts";
import type { ItemWalk } from "./item-walk.ts";
import { metadump, mgdump } from "./key-dumps.ts";

const CLASSES_MAX = 63;
const UINT32_MAX = 0xffff_ffff;
const INT32_MAX = 0x7fff_ffff;
const SLEEP_MICROSECONDS_MAX = 1_000_000;
const SEGMENTS_PERCENT_MAX = 80;

const BAD_FORMAT = "CLIENT_ERROR bad command line format";
const BAD_CLASS = "BADCLASS invalid class id";

/** @returns what goes through the items, if it was asked for */
export function crawl(context: Context, connection: Connection, now: Millis): ItemWalk | undefined {
  const { output } = connection;
  const decoder = connection.decoder.text;
  const [what = "", word, ...more] = wordsOf(decoder);
  if (more.length > 0) {
    answer(decoder, output, "ERROR");
    return undefined;
  }
  if (word !== undefined && (what === "metadump" || what === "mgdump")) {
    return dump(context, connection, what, word);
  }
  answer(decoder, output, word === undefined ? switchCrawler(context, what) : tune(context, what, word, now));
  return undefined;
}

function dump(
  context: Context,
  { output, decoder: { text: decoder } }: Connection,
  what: "metadump" | "mgdump",
  word: string,
): ItemWalk | undefined {
  const { settings, store } = context;
  const classes = word === "all" || word === "hash" ? undefined : classesOf(word);
  let refusal: string | undefined;
  if (!store.setup.crawler) refusal = "CLIENT_ERROR lru crawler disabled";
  else if (!settings.dumpEnabled) {
    refusal = what === "metadump" ? "ERROR metadump not allowed" : "ERROR key dump not allowed";
  } else if (output.length > 0) refusal = `ERROR cannot pipeline other commands before ${what}`;
  else if (classes === "none") refusal = BAD_CLASS;
  if (refusal !== undefined || classes === "none") {
    answer(decoder, output, refusal ?? BAD_CLASS);
    return undefined;
  }
  // Nobody would read it.
  if (decoder.noreply) return undefined;
  if (what === "mgdump") return mgdump(store, classes);
  answer(decoder, output, "OK");
  return metadump(store, classes);
}

function switchCrawler({ store }: Context, what: string): string {
  switch (what) {
    case "enable":
      if (store.setup.crawler) return "ERROR failed to start lru crawler thread";
      store.tune({ crawler: true });
      return "OK";
    case "disable":
      // Also where it is off: in memcached as well a thread that does not run has been stopped.
      store.tune({ crawler: false });
      return "OK";
    default:
      return "ERROR";
  }
}

function tune(context: Context, what: string, word: string, now: Millis): string {
  switch (what) {
    case "crawl": {
      if (!context.store.setup.crawler) return "CLIENT_ERROR lru crawler disabled";
      if (word === "hash") return "ERROR an unknown error happened";
      if (word !== "all" && classesOf(word) === "none") return BAD_CLASS;
      // It goes through all classes: those that were not named lose nothing but what has expired.
      context.store.crawl(now);
      return "OK";
    }
    case "sleep": {
      const microseconds = wholeOf(word, UINT32_MAX);
      if (microseconds === undefined) return BAD_FORMAT;
      if (microseconds > SLEEP_MICROSECONDS_MAX) return "CLIENT_ERROR sleep must be one second or less";
      remember(context, { crawlerSleep: microseconds });
      return "OK";
    }
    case "tocrawl": {
      const items = wholeOf(word, UINT32_MAX);
      if (items === undefined) return BAD_FORMAT;
      remember(context, { crawlerItems: items });
      return "OK";
    }
    default:
      return "ERROR";
  }
}

/** Slab classes with commas between them. */
function classesOf(word: string): ReadonlySet<number> | "none" {
  const classes = word.split(",").map((each) => wholeOf(each, CLASSES_MAX));
  const known = classes.filter((each) => each !== undefined && each > 0) as number[];
  return known.length === classes.length ? new Set(known) : "none";
}

/** `lru` */
export function tuneLists(context: Context, decoder: TextRequestDecoder, output: SendBuffer): void {
  const [what, ...words] = wordsOf(decoder);
  answer(decoder, output, setLists(context, what, words));
}

function setLists({ store }: Context, what: string | undefined, words: readonly string[]): string {
  switch (what) {
    case "tune":
      return setSegments(store, words);
    case "mode":
      if (!store.setup.maintainer) return "ERROR";
      if (words[0] !== "flat" && words[0] !== "segmented") return "ERROR";
      store.tune({ segmented: words[0] === "segmented" });
      return "OK";
    case "temp_ttl": {
      const seconds = store.setup.maintainer ? integerOf(words[0]) : undefined;
      if (seconds === undefined || Math.abs(seconds) > INT32_MAX) return "ERROR";
      store.tune({ temporaryTtlMs: Math.max(0, seconds) * 1_000 });
      return "OK";
    }
    default:
      return "ERROR";
  }
}

function setSegments(store: Store, [hot, warm, hotFactor, warmFactor]: readonly string[]): string {
  const hotPercent = wholeOf(hot, UINT32_MAX);
  const warmPercent = wholeOf(warm, UINT32_MAX);
  const hotAgeFactor = numberOf(hotFactor);
  const warmAgeFactor = numberOf(warmFactor);
  if (hotPercent === undefined || warmPercent === undefined) return "ERROR";
  if (hotAgeFactor === undefined || warmAgeFactor === undefined) return "ERROR";
  if (hotPercent + warmPercent > SEGMENTS_PERCENT_MAX) return "ERROR hot and warm pcts must not exceed 80";
  const positive = hotAgeFactor > 0 && warmAgeFactor > 0;
  if (!positive || hotAgeFactor === Infinity || warmAgeFactor === Infinity) {
    return "ERROR hot/warm age factors must be greater than 0";
  }
  store.tune({ hotPercent, warmPercent, hotAgeFactor, warmAgeFactor });
  return "OK";
}
