// stats: which group is asked for, and how it is told.
//
// A group is names and values, which go to a sink one by one: lines of text here, replies of their own in the binary
// protocol. What is told in other words than `STAT` (dumps, switches) is of the text protocol.

import { refusalReply, REPLY_BYTES } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { wholeOf, wordsOf } from "../admin/command-words.ts";
import { type Connection, NOBODY } from "../connection.ts";
import { type Context, remember, resetCounters } from "../context.ts";
import type { ItemWalk } from "../admin/item-walk.ts";
import { cachedump, sizes } from "../admin/key-dumps.ts";
import { countByPrefix, observe } from "../admin/observation.ts";
import { tellNoRoom } from "../classic/retrieval.ts";
import type { Replies } from "../replies.ts";
import { SurveyReply, type WriteSurvey } from "./connection-survey.ts";
import { itemStats, slabStats } from "./stats-classes.ts";
import { connectionStats } from "./stats-connections.ts";
import { GENERAL_ORDER, generalStats } from "./stats-general.ts";
import { SETTINGS_ORDER, settingsStats } from "./stats-settings.ts";

export type StatsValues = Readonly<Record<string, string | number>>;

/** Where statistics go, one by one: lines of text, or binary replies. */
export type StatsSink = (name: string, value: string | number) => void;

const UINT32_MAX = 0xffff_ffff;
/** Classes that memcached can tell apart. */
const CLASS_IDS = 64;

/** Answers `stats`. @returns what is to go on: a walk through the items, or a reply that waits for other workers */
export function tellStats(
  context: Context,
  connection: Connection,
  now: Millis,
): ItemWalk | SurveyReply | undefined {
  const { output, decoder } = connection;
  const words = wordsOf(decoder.text);
  switch (words[0]) {
    case "detail":
      tellDetail(context, words[1], output);
      return undefined;
    case "cachedump":
      return dumpClass(context, words, output);
    case "sizes":
      if (context.remembered.sizesEnabled) return sizes(context.store);
      break;
    case "sizes_enable":
    case "sizes_disable":
      remember(context, { sizesEnabled: words[0] === "sizes_enable" });
      output.latin1(`STAT sizes_status ${context.remembered.sizesEnabled ? "enabled" : "disabled"}\r\n`);
      return undefined;
    default:
  }
  const sink: StatsSink = (name, value) => output.latin1(`STAT ${name} ${value}\r\n`);
  if (words[0] === "conns") {
    return tellConnections(context, connection, now, (elsewhere, at) => {
      if (!output.hasRoom) return tellNoRoom(context, output, "stats");
      tell(sink, undefined, connectionStats(context, elsewhere, at));
      output.copy(REPLY_BYTES.end, 0, REPLY_BYTES.end.length);
    });
  }
  const told = sendStats(context, words[0] ?? "", sink, now);
  const reply = told === "unknown" ? refusalReply("unknown-command") : REPLY_BYTES[told];
  output.copy(reply, 0, reply.length);
  return undefined;
}

/**
 * Has the connections told: when other workers have said which theirs are, or at once, as to a datagram.
 *
 * @returns what waits for the others
 */
export function tellConnections(
  context: Context,
  connection: Connection,
  now: Millis,
  write: WriteSurvey,
): SurveyReply | undefined {
  if (context.survey.hasOthers && connection.port.id !== NOBODY) return new SurveyReply(connection, write);
  write([], now);
  return undefined;
}

/** Sends one group of statistics, "" for the general ones. "reset" is a group, too, in which nothing is told. */
export function sendStats(
  context: Context,
  group: string,
  sink: StatsSink,
  now: Millis,
): "end" | "reset" | "unknown" {
  switch (group) {
    case "":
      return tell(sink, GENERAL_ORDER, generalStats(context, now));
    case "settings":
      return tell(sink, SETTINGS_ORDER, settingsStats(context));
    case "items":
      return tell(sink, undefined, itemStats(context, now));
    case "slabs":
      return tell(sink, undefined, slabStats(context, now));
    case "sizes":
      return tell(sink, undefined, {
        sizes_status: context.remembered.sizesEnabled ? "enabled" : "disabled",
      });
    case "extstore":
    case "proxy":
    case "proxyfuncs":
    case "proxybe":
      // There is nothing on disk, and no proxy in here.
      return "end";
    case "reset":
      reset(context);
      return "reset";
    default:
      return "unknown";
  }
}

/** Sets to 0 what counts events; what there is now stays. */
function reset(context: Context): void {
  resetCounters(context);
  context.prefixes.clear();
  context.relay.tell({ kind: "cleared" });
  observe(context);
}

function tellDetail(context: Context, word: string | undefined, output: Replies): void {
  const { prefixes } = context;
  switch (word) {
    case "on":
    case "off":
      countByPrefix(context, word === "on");
      return output.latin1("OK\r\n");
    case "dump":
      if (!output.hasRoom) return tellNoRoom(context, output, "stats");
      for (const line of prefixes.lines()) output.latin1(line);
      return output.latin1("END\r\n");
    default:
      return output.latin1("CLIENT_ERROR usage: stats detail on|off|dump\r\n");
  }
}

function dumpClass(
  { settings, store }: Context,
  words: readonly string[],
  output: Replies,
): ItemWalk | undefined {
  const slabClass = wholeOf(words[1], UINT32_MAX);
  const itemsMax = wholeOf(words[2], UINT32_MAX);
  let refusal = "CLIENT_ERROR bad command line format";
  if (!settings.dumpEnabled) refusal = "CLIENT_ERROR stats cachedump not allowed";
  else if (words.length < 3) refusal = "CLIENT_ERROR bad command line";
  else if (slabClass !== undefined && itemsMax !== undefined) {
    if (slabClass < CLASS_IDS) return cachedump(store, slabClass, itemsMax);
    refusal = "CLIENT_ERROR Illegal slab id";
  }
  output.latin1(`${refusal}\r\n`);
  return undefined;
}

export function tell(sink: StatsSink, order: readonly string[] | undefined, values: StatsValues): "end" {
  for (const name of order ?? Object.keys(values)) {
    const value = values[name];
    if (value !== undefined) sink(name, value);
  }
  return "end";
}
