// Where 1.6.18 answers otherwise than the codec, which follows 1.6.45. Each difference has the name that the table of
// docs/protocol.md explains it under, and a rule as narrow as can be that says where it shows.

import type { Decision } from "./codec-answers.ts";

/** Where codec and memcached part. */
export interface Parting {
  /** The command line, without its end. */
  readonly line: string;
  readonly decided: Decision | "nothing more";
  /** The line that memcached answered there; empty if it answered nothing more. */
  readonly answered: string;
  /** All that was sent, and whether a line or a data block at its end is not whole. */
  readonly request: string;
  readonly isUnfinished: boolean;
  /** The line before that had a data block or wanted one, if there is one. */
  readonly blockBefore: string | undefined;
}

const FORMAT = "CLIENT_ERROR bad command line format\r\n";
const STORAGE = ["set", "add", "replace", "append", "prepend", "cas"];
/** The fewest and the most words of a line that 1.6.18 takes. */
const WORDS: Readonly<Record<string, readonly [fewest: number, most: number]>> = {
  ...Object.fromEntries(STORAGE.map((command) => [command, command === "cas" ? [6, 7] : [5, 6]])),
  get: [2, Infinity],
  gets: [2, Infinity],
  gat: [3, Infinity],
  gats: [3, Infinity],
  incr: [3, 4],
  decr: [3, 4],
  touch: [3, 4],
  delete: [2, 4],
  verbosity: [2, 3],
  flush_all: [1, 3],
  mg: [2, Infinity],
  md: [2, Infinity],
  ma: [2, Infinity],
  ms: [2, Infinity],
};
const OPERATED = new Set([
  "lru_crawler",
  "slabs",
  "refresh_certs",
  "debugtime",
  "cache_memlimit",
  "lru",
  "extstore",
]);

interface Difference {
  readonly name: string;
  readonly shows: (parting: Parting, words: readonly string[], refusal: string | undefined) => boolean;
}

const isStorage = ([command = ""]: readonly string[]): boolean =>
  STORAGE.includes(command) || command === "ms";
const flagsOf = ([command, ...rest]: readonly string[]): readonly string[] =>
  rest.slice(command === "ms" ? 2 : 1);
const hasFlag = (words: readonly string[], letters: string): boolean =>
  flagsOf(words).some((word) => letters.includes(word.charAt(0)));
const isMeta = ([command = ""]: readonly string[]): boolean => /^m[a-z]$/.test(command);
const isFlagError = (answered: string): boolean =>
  /^CLIENT_ERROR (?:invalid|duplicate|bad token|error decoding|incorrect|opaque|options|bad command)/.test(
    answered,
  );

/**
 * A storage command whose length only C's strtol reads: 1.6.18 takes what comes behind it for the block, and holds back
 * the answers to what came before.
 */
const STRTOL_LENGTH = /^(?:set|add|replace|append|prepend|cas) \S+ \S+ \S+ \+?\d+[\t\v\f\r](?!\n)/m;

/** The first that shows is the reason. */
export const differences: readonly Difference[] = [
  {
    name: "a NUL in a line",
    shows: ({ line, decided, request, blockBefore = "" }) =>
      `${line}${blockBefore}${decided !== "nothing more" && decided.kind === "closed" ? request : ""}`.includes(
        "\0",
      ),
  },
  {
    name: "an empty line, one byte",
    shows: ({ line, answered }, _words, refusal) =>
      refusal === FORMAT && line.length < 3 && answered === "ERROR\r\n",
  },
  {
    name: "too few words",
    shows: ({ answered }, words, refusal) =>
      refusal === FORMAT &&
      !isMeta(words) &&
      answered === "ERROR\r\n" &&
      words.length < (WORDS[words[0] ?? ""]?.[0] ?? 0),
  },
  {
    name: "`mg`, `ms`, `md`, `ma` without a key or a length",
    shows: ({ answered }, words, refusal) =>
      refusal === FORMAT && isMeta(words) && answered === "ERROR\r\n" && words.length < 3,
  },
  {
    name: "`gat 0`",
    shows: ({ answered }, words, refusal) =>
      refusal === FORMAT &&
      /^gats?$/.test(words[0] ?? "") &&
      words.length === 2 &&
      /^(?:END|CLIENT_ERROR invalid exptime argument)\r/.test(answered),
  },
  {
    name: "`set` with words too many",
    shows: ({ answered }, words) =>
      answered === "ERROR\r\n" &&
      STORAGE.includes(words[0] ?? "") &&
      words.length > (WORDS[words[0] ?? ""]?.[1] ?? 0),
  },
  {
    name: "`touch`, `incr`, `verbosity` with words too many",
    shows: ({ answered }, words) =>
      answered === "ERROR\r\n" &&
      /^(?:touch|incr|decr|verbosity|flush_all)$/.test(words[0] ?? "") &&
      words.length > (WORDS[words[0] ?? ""]?.[1] ?? 0),
  },
  {
    name: "a storage command that is refused when its length is known",
    shows: ({ blockBefore = "" }) => isStorage(blockBefore.split(" ")),
  },
  {
    name: "the answer to a storage command that is refused",
    shows: ({ answered }, words, refusal) => refusal !== undefined && isStorage(words) && answered === "",
  },
  {
    name: "flags of 2^32 and above",
    shows: (_parting, words, refusal) =>
      refusal === FORMAT && STORAGE.includes(words[0] ?? "") && isBeyond32Bits(words[2]),
  },
  {
    name: "a number that only C's strtol reads, as `+1` or `-0`",
    shows: ({ answered, request }, words, refusal) =>
      (refusal !== undefined && words.slice(1).some((word) => ODD.test(word))) ||
      (answered === "" && STRTOL_LENGTH.test(request)),
  },
  {
    name: "a number below -2^63 where none is negative, an exptime of -2^63",
    shows: (_parting, words, refusal) =>
      refusal !== undefined &&
      words.some(
        (word) => /^[A-Z]?-\d{19,}$/.test(word) && BigInt(word.replace(/^[A-Z]/, "")) <= -(2n ** 63n),
      ),
  },
  {
    name: "`verbosity` of 2^32 and above",
    shows: (_parting, words, refusal) =>
      refusal === FORMAT && words[0] === "verbosity" && isBeyond32Bits(words[1]),
  },
  {
    name: "` get a` (a blank in front)",
    shows: ({ line, request }) => /^ +\S/m.test(`${line}\n${request}`),
  },
  {
    name: "a key above 250 bytes behind other commands",
    shows: ({ request }) => /\n[^\n]*[^ \n]{251}/.test(request),
  },
  {
    name: "`lru_crawler metadump` or `watch` behind a storage command or `mg` in one packet",
    shows: ({ request }) => request.includes("lru_crawler metadump"),
  },
  {
    name: "an unknown command before `HTTP/` that is short, or begins as a known one",
    shows: ({ decided, answered }) =>
      decided !== "nothing more" &&
      decided.kind === "closed" &&
      decided.why === "http" &&
      answered === "ERROR\r\n",
  },
  {
    name: "a connection that ends within a data block, behind other commands",
    shows: ({ answered, isUnfinished }) => isUnfinished && answered === "",
  },
  {
    name: "a line that ends in `HTTP/...` behind other commands",
    shows: ({ request, answered }) => answered === "" && request.includes("HTTP/"),
  },
  {
    name: "`me <key> b` of a key with a line end",
    shows: ({ request }) => /^me AAEgc3ANCv8= +b/m.test(request),
  },
  {
    name: "a line above 2,048 bytes that came whole",
    shows: ({ decided }) =>
      decided !== "nothing more" && decided.kind === "closed" && decided.why === "line-too-long",
  },
  {
    name: "a length of 2^32 and above",
    shows: (_parting, words, refusal) =>
      refusal === FORMAT && isStorage(words) && isBeyond32Bits(words[words[0] === "ms" ? 2 : 4]),
  },
  {
    name: "`bget`",
    shows: (_parting, words, refusal) => refusal === "ERROR\r\n" && words[0] === "bget",
  },
  {
    name: "`mn` and LF, without CR",
    shows: ({ line, answered }, _words, refusal) =>
      refusal === FORMAT && line === "mn" && answered === "MN\r\n",
  },
  {
    name: "a meta line of 20 words",
    shows: ({ answered }, words) =>
      isMeta(words) && words.length >= 20 && /^CLIENT_ERROR options flags (?:are )?too long/.test(answered),
  },
  {
    name: "meta flag `E`; `x`",
    shows: ({ answered }, words) => isMeta(words) && hasFlag(words, "Ex") && isFlagError(answered),
  },
  {
    name: "meta flag `F` of 2^32 and above",
    shows: (_parting, words, refusal) =>
      refusal !== undefined &&
      isMeta(words) &&
      flagsOf(words).some((word) => word.startsWith("F") && isBeyond32Bits(word.slice(1))),
  },
  {
    name: "meta flag `M` of more or less than one byte",
    shows: ({ answered }, words) =>
      isMeta(words) && flagsOf(words).some((word) => /^M(?:$|[^]{2})/.test(word)) && isFlagError(answered),
  },
  {
    name: "`md` with flags that are wrong",
    shows: ({ answered }, words, refusal) =>
      refusal !== undefined && words[0] === "md" && answered === "CLIENT_ERROR invalid or duplicate flag\r\n",
  },
  {
    name: "`ma` with a key above 250 bytes",
    shows: ({ answered }, words) => words[0] === "ma" && (words[1] ?? "").length > 250 && answered === FORMAT,
  },
  {
    name: "`ma` with an opaque too long",
    shows: (_parting, words, refusal) =>
      refusal === "CLIENT_ERROR opaque token too long\r\n" && words[0] === "ma" && hasFlag(words, "O"),
  },
  {
    name: "`ms` with a value too large and an opaque too long",
    shows: ({ answered }, words) =>
      words[0] === "ms" && hasFlag(words, "O") && answered === "CLIENT_ERROR opaque token too long\r\n",
  },
  {
    name: "a last `noreply` of `lru_crawler`, `slabs reassign`, `refresh_certs`, `debugtime`",
    shows: (_parting, words) => OPERATED.has(words[0] ?? "") && words.at(-1) === "noreply",
  },
];

/** A sign where only digits are read, or white space that is no blank. */
const ODD = /^[A-Z]?(?:\+|-0*$)|[\t\v\f\r]/;

const isBeyond32Bits = (word = ""): boolean => /^-?\d+$/.test(word) && BigInt(word) > 0xffff_ffffn;

/** Why codec and memcached part, by the name that docs/protocol.md has for it; `undefined` if there is no reason. */
export function differenceOf(parting: Parting): string | undefined {
  const words = parting.line.split(" ").filter((word) => word !== "");
  const { decided } = parting;
  const refusal = decided !== "nothing more" && decided.kind === "refused" ? decided.text : undefined;
  return differences.find(({ shows }) => shows(parting, words, refusal))?.name;
}
