// Operations as meta requests, and what a meta client is told of outcomes.

import { encodeBase64 } from "../base64.ts";
import { latin1Text } from "../bytes.ts";
import type { BareMetaReplyKind, MetaReply, MetaRequest } from "../meta/meta-message.ts";
import type { StorageCommand } from "../text/request.ts";
import { isMetaKey, isWord, shownKey } from "./key.ts";
import { type Failure, type Operation, type Outcome, type Translated, untranslatable } from "./operation.ts";

const MODES: Readonly<Record<StorageCommand, string[]>> = {
  set: [],
  add: ["ME"],
  append: ["MA"],
  prepend: ["MP"],
  replace: ["MR"],
};

export function metaRequests(operation: Operation): Translated<MetaRequest> {
  if (!("key" in operation)) {
    if (operation.does === "nothing") return [{ command: "mn" }];
    return untranslatable("command", operation.does);
  }
  const { key } = operation;
  if (!isMetaKey(key)) return untranslatable("key", shownKey(key));
  const inBase64 = isWord(key) ? [] : ["b"];
  switch (operation.does) {
    case "retrieve": {
      const { exptime, tellsCas } = operation;
      const wanted = tellsCas === "never" ? ["v", "f"] : ["v", "f", "c"];
      const touch = exptime === undefined ? [] : [`T${exptime}`];
      return [{ command: "mg", key, metaFlags: [...wanted, ...touch, ...inBase64] }];
    }
    case "store": {
      const { mode, flags, exptime, value, cas } = operation;
      const metaFlags = [...MODES[mode]];
      // What is appended takes the flags and exptime of what is there.
      if (mode !== "append" && mode !== "prepend") {
        if (flags !== 0) metaFlags.push(`F${flags}`);
        if (exptime !== 0) metaFlags.push(`T${exptime}`);
      }
      if (cas !== undefined) metaFlags.push(`C${cas}`);
      if (operation.tellsCas !== "never") metaFlags.push("c");
      return [{ command: "ms", key, value, metaFlags: [...metaFlags, ...inBase64] }];
    }
    case "delete": {
      const { cas } = operation;
      const metaFlags = cas === undefined ? inBase64 : [`C${cas}`, ...inBase64];
      return [{ command: "md", key, metaFlags }];
    }
    case "count": {
      const { by, delta, create, cas } = operation;
      const metaFlags = ["v", `D${delta}`];
      if (by === "decr") metaFlags.push("MD");
      if (create !== undefined) metaFlags.push(`N${create.exptime}`, `J${create.initial}`);
      if (cas !== undefined) metaFlags.push(`C${cas}`);
      if (operation.tellsCas !== "never") metaFlags.push("c");
      return [{ command: "ma", key, metaFlags: [...metaFlags, ...inBase64] }];
    }
    case "touch": {
      const metaFlags = [`T${operation.exptime}`, ...(operation.tellsItem ? ["f", "c"] : []), ...inBase64];
      return [{ command: "mg", key, metaFlags }];
    }
  }
}

/** What the client is told. Quiet is what went well, and of `mg` what is not there. */
export function metaAnswer(request: MetaRequest, outcome: Outcome): Translated<MetaReply | Failure> {
  if (outcome.came === "failure") return [outcome.failure];
  if (request.command === "mn") {
    if (outcome.came === "done") return [{ kind: "mn", metaFlags: [] }];
    return untranslatable("reply", `${outcome.came} for mn`);
  }
  const reply = request.command === "mg" ? retrieved(request, outcome) : changed(request, outcome);
  if (reply === undefined) return untranslatable("reply", `${outcome.came} for ${request.command}`);
  const isQuiet = request.metaFlags.some((flag) => flag.startsWith("q"));
  const isHidden =
    request.command === "mg" ? reply.kind === "en" : reply.kind === "hd" || reply.kind === "va";
  return isQuiet && isHidden ? [] : [reply];
}

type Keyed = Exclude<MetaRequest, { readonly command: "mn" }>;

function retrieved(request: Keyed, outcome: Outcome): MetaReply | undefined {
  if (outcome.came === "miss") return { kind: "en", metaFlags: told(request, {}) };
  const item = outcome.came === "hit" || outcome.came === "done" ? outcome : undefined;
  if (item === undefined) return undefined;
  const value = "value" in item ? item.value : undefined;
  const metaFlags = told(request, { ...item, ...(value && { size: value.length }) });
  if (!request.metaFlags.some((flag) => flag.startsWith("v"))) return { kind: "hd", metaFlags };
  return value && { kind: "va", metaFlags, value };
}

function changed(request: Keyed, outcome: Outcome): MetaReply | undefined {
  const { command } = request;
  switch (outcome.came) {
    case "done":
      return { kind: "hd", metaFlags: told(request, outcome) };
    case "number": {
      const metaFlags = told(request, outcome);
      if (!request.metaFlags.some((flag) => flag.startsWith("v"))) return { kind: "hd", metaFlags };
      return { kind: "va", metaFlags, value: digits(outcome.number) };
    }
    case "miss":
    case "not-stored":
    case "exists":
      // memcached tells a cas of 0 where nothing was stored.
      return { kind: NOT_DONE[outcome.came], metaFlags: told(request, command === "ms" ? { cas: 0n } : {}) };
    default:
      return undefined;
  }
}

const NOT_DONE: Readonly<Record<"miss" | "not-stored" | "exists", BareMetaReplyKind>> = {
  miss: "nf",
  "not-stored": "ns",
  exists: "ex",
};

const digits = (number: bigint): Uint8Array =>
  Uint8Array.from(String(number), (digit) => digit.charCodeAt(0));

interface Told {
  readonly flags?: number;
  readonly cas?: bigint;
  readonly size?: number;
}

/** The flags of a reply, in the order of the request's. */
function told({ key, metaFlags }: Keyed, { flags, cas, size }: Told): string[] {
  const inBase64 = metaFlags.some((flag) => flag.startsWith("b"));
  return metaFlags.flatMap((flag) => {
    switch (flag.charAt(0)) {
      case "k":
        return inBase64 ? [`k${latin1Text(encodeBase64(key))}`, "b"] : [`k${latin1Text(key)}`];
      case "O":
        return [flag];
      case "f":
        return flags === undefined ? [] : [`f${flags}`];
      case "c":
        return cas === undefined ? [] : [`c${cas}`];
      case "s":
        return size === undefined ? [] : [`s${size}`];
      default:
        return [];
    }
  });
}
