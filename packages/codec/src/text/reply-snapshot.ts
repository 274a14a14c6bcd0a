// The decoder's current reply as a plain value that owns its bytes.

import { toBigint } from "../decimal.ts";
import type { TextReply } from "./reply.ts";
import type { TextReplyDecoder } from "./text-reply-decoder.ts";
import { latin1Text } from "../bytes.ts";

export function snapshotReply(decoder: TextReplyDecoder): TextReply {
  const { kind, bytes, flags, valueStart, valueEnd } = decoder;
  switch (kind) {
    case "value": {
      const key = bytes.slice(decoder.keyStart, decoder.keyEnd);
      const value = bytes.slice(valueStart, valueEnd);
      if (!decoder.hasCas) return { kind, key, flags, value };
      return { kind, key, flags, value, cas: toBigint(decoder.cas.high, decoder.cas.low) };
    }
    case "number":
      return { kind, number: toBigint(decoder.number.high, decoder.number.low) };
    case "stat":
    case "item":
    case "prefix":
    case "version":
    case "error":
    case "client-error":
    case "server-error":
      return { kind, text: latin1Text(bytes, valueStart, valueEnd) };
    default:
      return { kind };
  }
}
