// The decoder's current reply as a plain value that owns its bytes.

import { toBigint } from "../decimal.ts";
import type { TextReply } from "./reply.ts";
import type { ReplyFields } from "./reply-fields.ts";
import { latin1Text } from "../bytes.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export function snapshotReply(decoder: ReplyFields): TextReply {
  const { kind, bytes, flags, start, valueStart, valueEnd } = decoder;
  switch (kind) {
    case "value": {
      const key = keyOf(decoder);
      const value = bytes.slice(valueStart, valueEnd);
      if (!decoder.hasCas) return { kind, key, flags, value };
      return { kind, key, flags, value, cas: toBigint(decoder.cas.high, decoder.cas.low) };
    }
    case "config":
      return { kind, key: keyOf(decoder), flags, value: bytes.slice(valueStart, valueEnd) };
    case "number":
      return { kind, number: toBigint(decoder.number.high, decoder.number.low) };
    case "hd":
    case "en":
    case "nf":
    case "ns":
    case "ex":
    case "mn":
      return { kind, metaFlags: wordsOf(bytes, start, decoder.end).slice(1) };
    case "va": {
      const metaFlags = wordsOf(bytes, start, valueStart).slice(2);
      return { kind, metaFlags, value: bytes.slice(valueStart, valueEnd) };
    }
    case "me":
      return { kind, key: keyOf(decoder), text: latin1Text(bytes, valueStart, valueEnd) };
    case "end":
    case "stored":
    case "not-stored":
    case "exists":
    case "not-found":
    case "deleted":
    case "touched":
    case "ok":
    case "reset":
      return { kind };
    default:
      return { kind, text: latin1Text(bytes, valueStart, valueEnd) };
  }
}

const keyOf = ({ bytes, keyStart, keyEnd }: ReplyFields): Uint8Array => bytes.slice(keyStart, keyEnd);

/**
 * All words of the line, its end not counted. `MetaFlags` has no place for flags that are answered twice or are too
 * many: what is owned is whole.
 */
function wordsOf(bytes: Uint8Array, start: number, lineEnd: number): string[] {
  let end = lineEnd;
  if (bytes[end - 1] === LINE_FEED) end--;
  if (bytes[end - 1] === CARRIAGE_RETURN) end--;
  return latin1Text(bytes, start, end)
    .split(" ")
    .filter((word) => word !== "");
}
