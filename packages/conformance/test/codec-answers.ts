// Which answers a server may give to what was decided about a request, and how far they reach.

import type { CommandName, Refusal } from "@memwire/codec";

/** What was made of a request, or of something that is none. */
export type Decision =
  /** With these bytes; empty if the client wants no answer. */
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "taken"; readonly command: CommandName; readonly silent: "never" | "always" | "maybe" }
  | { readonly kind: "closed"; readonly why: Refusal | "quit" };

const NUMERIC = "CLIENT_ERROR cannot increment or decrement non-numeric value";
const STORED = "STORED|NOT_STORED|SERVER_ERROR out of memory storing object";
const LINE = /[^\r\n]*\r\n/y;
/** Of an operator's command: which words it takes, and what it makes of them, is the server's to say. */
const OPERATED =
  /(?:OK|(?:Error|ERROR|CLIENT_ERROR|SERVER_ERROR|BUSY|BADCLASS|NOSPARE|SAME|NOTSTARTED|MEMLIMIT_\w+)[^\r\n]*)\r\n/y;
const DUMPED = /(?:key=[^\n]*\n)*END\r\n/y;
const VALUE = /VALUE [^ ]+ \d+ (\d+)(?: \d+)?\r\n/y;

// A key may have any bytes in it: that of an item that was made on a miss is told as it is, though it came in base64.
const META_VALUE = /VA (\d+)(?: [^]*?)?\r\n/y;
const FLAGS = "(?: [^]*?)?";

const oneLine = (words: string): RegExp => new RegExp(`(?:${words})\\r\\n`, "y");

/** What each command is answered that is taken, but for retrievals. */
const answers: Partial<Record<CommandName, RegExp>> = {
  set: oneLine(STORED),
  add: oneLine(STORED),
  replace: oneLine(STORED),
  append: oneLine(STORED),
  prepend: oneLine(STORED),
  cas: oneLine("STORED|EXISTS|NOT_FOUND"),
  delete: oneLine("DELETED|NOT_FOUND"),
  incr: oneLine(`\\d+|NOT_FOUND|${NUMERIC}`),
  decr: oneLine(`\\d+ *|NOT_FOUND|${NUMERIC}`),
  touch: oneLine("TOUCHED|NOT_FOUND"),
  flush_all: oneLine("OK"),
  verbosity: oneLine("OK"),
  version: oneLine("VERSION \\S+"),
  stats: /(?:(?:STAT|ITEM|PREFIX) [^\r\n]*\r\n)*END\r\n|(?:RESET|OK|ERROR|CLIENT_ERROR [^\r\n]*)\r\n/y,
  shutdown: oneLine("ERROR: shutdown not enabled|CLIENT_ERROR invalid shutdown mode"),
  quit: /(?:)/y,
  md: oneLine(`(?:HD|NF|EX)${FLAGS}`),
  ms: oneLine(`(?:HD|NS|EX|NF)${FLAGS}|SERVER_ERROR out of memory storing object`),
  ma: oneLine(`(?:HD|NF|NS|EX)${FLAGS}|${NUMERIC}`),
  me: oneLine("EN|ME [^ ]+ [^\\r\\n]*"),
  mn: oneLine("MN"),
};

/** Commands whose answer, or one of them, has data blocks or many lines. */
const readers: Partial<Record<CommandName, (text: string, at: number) => number>> = {
  get: retrievalEnd,
  gets: retrievalEnd,
  gat: retrievalEnd,
  gats: retrievalEnd,
  mg: (text, at) => metaValueEnd(text, at, oneLine(`(?:HD|EN)${FLAGS}`)),
  ma: (text, at) => metaValueEnd(text, at, answers.ma),
  lru_crawler: (text, at) => Math.max(matchEnd(OPERATED, text, at), matchEnd(DUMPED, text, at)),
};

/**
 * Where the answer to `decision` ends that begins at `at`.
 *
 * @returns -1 if what stands there is no such answer
 */
export function answerEnd(decision: Decision, text: string, at: number): number {
  if (decision.kind === "closed") return at === text.length ? at : -1;
  if (decision.kind === "refused") return text.startsWith(decision.text, at) ? at + decision.text.length : -1;
  if (decision.silent === "always") return at;
  const { command } = decision;
  const end = readers[command]?.(text, at) ?? matchEnd(answers[command] ?? OPERATED, text, at);
  return end < 0 && decision.silent === "maybe" ? at : end;
}

function retrievalEnd(text: string, from: number): number {
  let at = from;
  while (!text.startsWith("END\r\n", at)) {
    VALUE.lastIndex = at;
    const value = VALUE.exec(text);
    if (value === null) return -1;
    at = VALUE.lastIndex + Number(value[1]) + 2;
  }
  return at + 5;
}

function metaValueEnd(text: string, at: number, orElse: RegExp | undefined): number {
  META_VALUE.lastIndex = at;
  const value = META_VALUE.exec(text);
  if (value !== null) return META_VALUE.lastIndex + Number(value[1]) + 2;
  return orElse === undefined ? -1 : matchEnd(orElse, text, at);
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The line that begins at `at`, for people. */
export function lineAt(text: string, at: number): string {
  LINE.lastIndex = at;
  return LINE.exec(text)?.[0] ?? text.slice(at);
}
