// Whether received bytes are what a scenario expects, so far.

import { type Part, partsOf } from "./scenario.ts";

const CAS_BYTES = 8;

/** `partial`: right so far, more must come. */
export type Match = "whole" | "partial" | "wrong";

/**
 * @param cas Cas uniques by the names they were seen under. Those seen here are added, if the match is whole.
 */
export function match(received: string, expected: string | readonly Part[], cas: Map<string, string>): Match {
  const seen = new Map(cas);
  let at = 0;
  for (const part of partsOf(expected)) {
    if (typeof part === "string" || "rep" in part) {
      const wanted = typeof part === "string" ? part : part.rep.repeat(part.n);
      const got = received.slice(at, at + wanted.length);
      if (!wanted.startsWith(got)) return "wrong";
      if (got.length < wanted.length) return "partial";
      at += wanted.length;
      continue;
    }
    if ("cas8" in part) {
      const got = received.slice(at, at + CAS_BYTES);
      if (got.length < CAS_BYTES) return "partial";
      if (!note(seen, part.cas8, got)) return "wrong";
      at += CAS_BYTES;
      continue;
    }
    const open = "version" in part ? /[^\r\n]*/y : /[0-9]*/y;
    open.lastIndex = at;
    const [got = ""] = open.exec(received) ?? [];
    at += got.length;
    if (at === received.length) return "partial"; // more of it may come
    if (got === "") return "wrong";
    if ("num" in part && (Number(got) < part.num[0] || Number(got) > part.num[1])) return "wrong";
    if ("cas" in part && !note(seen, part.cas, got)) return "wrong";
  }
  if (at < received.length) return "wrong";
  for (const [name, value] of seen) cas.set(name, value);
  return "whole";
}

/** Notes a cas unique under its name. @returns whether it can be that one */
function note(seen: Map<string, string>, name: string, cas: string): boolean {
  const before = seen.get(name);
  if (before !== undefined) return before === cas;
  if ([...seen.values()].includes(cas)) return false;
  seen.set(name, cas);
  return true;
}

/** How many bytes an answer that is whole has at least. */
export function bytesAtLeast(expected: string | readonly Part[]): number {
  return partsOf(expected).reduce(
    (sum, part) => sum + (typeof part === "string" ? part.length : "rep" in part ? part.n : 1),
    0,
  );
}
