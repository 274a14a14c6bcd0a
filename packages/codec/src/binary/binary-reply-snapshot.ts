// The decoder's current reply as a plain value that owns its bytes.

import { toBigint } from "../decimal.ts";
import type { BinaryReply } from "./binary-message.ts";
import type { BinaryReplyDecoder } from "./binary-reply-decoder.ts";

export function snapshotBinaryReply(decoder: BinaryReplyDecoder): BinaryReply {
  const { opcode, code, status, dataType, opaque, flags, hasFlags, hasNumber, bytes } = decoder;
  return {
    opcode: opcode === "unknown" ? code : opcode,
    status,
    ...(dataType === 0 ? {} : { dataType }),
    opaque,
    cas: toBigint(decoder.cas.high, decoder.cas.low),
    ...(hasFlags ? { flags } : {}),
    ...(hasNumber ? { number: toBigint(decoder.number.high, decoder.number.low) } : {}),
    key: bytes.slice(decoder.keyStart, decoder.keyEnd),
    value: bytes.slice(decoder.valueStart, decoder.valueEnd),
  };
}
