// Random meta requests of a simulated client. None asks for what depends on the time, or for cas numbers, of which
// servers give out different ones.

import type { Chance } from "@memwire/adapter-memory";
import type { Request } from "./simulation-requests.ts";

const ASKED = [" v", " v f s", " k v", " s", " Oxyz v k", " v N3600", " f v T3600", ""] as const;
const MODES = ["", "", "", " ME", " MR", " MA", " MP", " MA N0"] as const;
const COUNTS = ["", " v", " N0 J13 v", " MD D3 v", " D1000 k v"] as const;

/** What binary has no words for: a number to begin with, but of `ma`, and an item that goes stale. */
const UNSAYABLE = /^(?!ma)m\w [^\r]* [NI]/;

/**
 * @param mayBeQuiet Only where nothing may fail: an error of a quiet one is an answer.
 * @param isSayable Only what can be said in binary.
 */
export function metaRequest(
  chance: Chance,
  key: string,
  value: string,
  mayBeQuiet: boolean,
  isSayable: boolean,
): Request {
  const quiet = mayBeQuiet && chance.happens(0.2) ? " q" : "";
  let text = textOf(chance, key, value, quiet);
  while (isSayable && UNSAYABLE.test(text)) text = textOf(chance, key, value, quiet);
  const changes = !text.startsWith("mn") && (!text.startsWith("mg") || / [NT]\d/.test(text));
  const keys = text.startsWith("mn") ? [] : [key];
  return { text, referenceText: text, keys, answer: "meta", changes };
}

function textOf(chance: Chance, key: string, value: string, quiet: string): string {
  switch (chance.oneOf(["mg", "mg", "mg", "ms", "ms", "md", "ma", "mn"])) {
    case "mg":
      return `mg ${key}${chance.oneOf(ASKED)}${quiet}\r\n`;
    case "ms": {
      const flags = `${chance.happens(0.5) ? ` F${chance.uint32()}` : ""}${chance.oneOf(MODES)}${quiet}`;
      return `ms ${key} ${value.length}${flags}${chance.happens(0.2) ? " k O1" : ""}\r\n${value}\r\n`;
    }
    case "md":
      return `md ${key}${chance.oneOf(["", " k", " I T3600"])}${quiet}\r\n`;
    case "ma":
      return `ma ${key}${chance.oneOf(COUNTS)}${quiet}\r\n`;
    default:
      return "mn\r\n";
  }
}

/** How many characters the first reply takes in `text`; 0 if it is not all there. */
export function metaReplyLength(text: string): number {
  const lineEnd = text.indexOf("\r\n");
  if (lineEnd < 0) return 0;
  if (!text.startsWith("VA ")) return lineEnd + 2;
  const end = lineEnd + 2 + Number(text.slice(3, lineEnd).split(" ")[0]) + 2;
  return text.length < end ? 0 : end;
}
