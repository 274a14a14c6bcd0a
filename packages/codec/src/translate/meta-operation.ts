// Meta requests as operations: what their flags mean in the words of the other formats.

import type { MetaRequest } from "../meta/meta-message.ts";
import type { StorageCommand } from "../text/request.ts";
import { isMetaKey, shownKey } from "./key.ts";
import { type Operation, type Untranslatable, untranslatable } from "./operation.ts";

/** Flags by command that others have words for. P and L mean nothing to memcached, q is for the answer. */
const KNOWN: Readonly<Record<"mg" | "ms" | "md" | "ma", string>> = {
  mg: "PLOkbqvfscT",
  ms: "PLOkbqcFTMC",
  md: "PLOkbqC",
  ma: "PLOkbqvcDJNMC",
};

const MODES: Readonly<Record<string, StorageCommand>> = {
  S: "set",
  E: "add",
  A: "append",
  P: "prepend",
  R: "replace",
};

const DIRECTIONS: Readonly<Record<string, "incr" | "decr">> = {
  I: "incr",
  "+": "incr",
  D: "decr",
  "-": "decr",
};

const UINT_32_MAX = 0xffff_ffffn;
const UINT_64_MAX = 0xffff_ffff_ffff_ffffn;

type Keyed = Exclude<MetaRequest, { readonly command: "mn" }>;

/** Token by letter. */
type Tokens = ReadonlyMap<string, string>;

export function metaOperation(request: MetaRequest): Operation | Untranslatable {
  const { command } = request;
  if (command === "mn") return { does: "nothing" };
  if (command === "me") return untranslatable("command", command);
  const tokens = tokensOf(request, KNOWN[command]);
  if (!(tokens instanceof Map)) return tokens;
  const { key } = request;
  if (!isMetaKey(key)) return untranslatable("key", shownKey(key));
  switch (command) {
    case "mg":
      return retrieval(key, tokens);
    case "ms":
      return storage(key, request.value, tokens);
    case "md": {
      const cas = unsigned(tokens, "C", UINT_64_MAX);
      if (cas === null) return malformed(tokens, "C");
      return { does: "delete", key, ...(cas !== undefined && { cas }) };
    }
    case "ma":
      return arithmetic(key, tokens);
  }
}

function tokensOf({ command, metaFlags }: Keyed, known: string): Map<string, string> | Untranslatable {
  const tokens = new Map<string, string>();
  for (const flag of metaFlags) {
    const letter = flag.charAt(0);
    if (letter === "" || tokens.has(letter)) return untranslatable("malformed", `flag "${flag}"`);
    if (!known.includes(letter)) return untranslatable("flag", `${letter} of ${command}`);
    tokens.set(letter, flag.slice(1));
  }
  return tokens;
}

function retrieval(key: Uint8Array, tokens: Tokens): Operation | Untranslatable {
  const exptime = seconds(tokens, "T");
  if (exptime === null) return malformed(tokens, "T");
  const wantsItem = ["v", "f", "s", "c"].some((letter) => tokens.has(letter));
  if (exptime !== undefined && !wantsItem) return { does: "touch", key, exptime, tellsItem: false };
  const tellsCas = tokens.has("c") ? "always" : "never";
  return { does: "retrieve", key, tellsCas, ...(exptime !== undefined && { exptime }) };
}

function storage(key: Uint8Array, value: Uint8Array, tokens: Tokens): Operation | Untranslatable {
  const mode = MODES[tokens.get("M")?.charAt(0) ?? "S"];
  if (mode === undefined) return malformed(tokens, "M");
  const flags = unsigned(tokens, "F", UINT_32_MAX);
  if (flags === null) return malformed(tokens, "F");
  const exptime = seconds(tokens, "T");
  if (exptime === null) return malformed(tokens, "T");
  const given = unsigned(tokens, "C", UINT_64_MAX);
  if (given === null) return malformed(tokens, "C");
  // With "add" a cas has no sense that others share: what is there is never replaced.
  if (given !== undefined && mode === "add") return untranslatable("cas", `add if the cas is ${given}`);
  const joins = mode === "append" || mode === "prepend";
  // To join with a cas of 0 is to join in any case; to set with one is never to set.
  const cas = joins && given === 0n ? undefined : given;
  const replaces = mode === "replace" && cas !== undefined;
  return {
    does: "store",
    mode: replaces ? "set" : mode,
    key,
    flags: joins ? 0 : Number(flags ?? 0n),
    exptime: joins ? 0 : (exptime ?? 0),
    value,
    ...(cas !== undefined && { cas }),
    tellsCas: tokens.has("c") ? "always" : "never",
  };
}

function arithmetic(key: Uint8Array, tokens: Tokens): Operation | Untranslatable {
  const by = DIRECTIONS[tokens.get("M")?.charAt(0) ?? "I"];
  if (by === undefined) return malformed(tokens, "M");
  const delta = unsigned(tokens, "D", UINT_64_MAX);
  if (delta === null) return malformed(tokens, "D");
  const initial = unsigned(tokens, "J", UINT_64_MAX);
  if (initial === null) return malformed(tokens, "J");
  const exptime = seconds(tokens, "N");
  if (exptime === null) return malformed(tokens, "N");
  const cas = unsigned(tokens, "C", UINT_64_MAX);
  if (cas === null) return malformed(tokens, "C");
  return {
    does: "count",
    by,
    key,
    delta: delta ?? 1n,
    ...(exptime !== undefined && { create: { initial: initial ?? 0n, exptime } }),
    // To count with a cas of 0 is to count in any case.
    ...(cas !== undefined && cas !== 0n && { cas }),
    tellsCas: tokens.has("c") ? "always" : "never",
  };
}

const malformed = (tokens: Tokens, letter: string): Untranslatable =>
  untranslatable("malformed", `flag "${letter}${tokens.get(letter) ?? ""}"`);

/** A number behind a letter; `undefined` if the letter is not there, null if it is none. */
function unsigned(tokens: Tokens, letter: string, max: bigint): bigint | undefined | null {
  const token = tokens.get(letter);
  if (token === undefined) return undefined;
  const value = /^\d{1,30}$/.test(token) ? BigInt(token) : -1n;
  return value >= 0n && value <= max ? value : null;
}

/** The same for seconds, which may be negative. */
function seconds(tokens: Tokens, letter: string): number | undefined | null {
  const token = tokens.get(letter);
  if (token === undefined) return undefined;
  const value = /^-?\d{1,30}$/.test(token) ? Number(token) : Number.NaN;
  return Number.isSafeInteger(value) ? value + 0 : null;
}
