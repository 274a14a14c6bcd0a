// The decoder's current request as a plain value that owns its bytes.

import { toBigint, type Halves } from "../decimal.ts";
import type { BinaryRequest } from "./binary-message.ts";
import type { BinaryRequestDecoder } from "./binary-request-decoder.ts";

const bigintOf = ({ high, low }: Halves): bigint => toBigint(high, low);

export function snapshotBinaryRequest(decoder: BinaryRequestDecoder): BinaryRequest {
  const { opcode, bytes, flags, exptime } = decoder;
  const { dataType, opaque, vbucket } = decoder;
  const common = {
    ...(dataType === 0 ? {} : { dataType }),
    opaque,
    cas: bigintOf(decoder.cas),
    vbucket,
  };
  const key = bytes.slice(decoder.keyStart, decoder.keyEnd);
  switch (opcode) {
    case "get":
    case "getq":
    case "getk":
    case "getkq":
    case "delete":
    case "deleteq":
    case "stat":
      return { opcode, ...common, key };
    case "set":
    case "setq":
    case "add":
    case "addq":
    case "replace":
    case "replaceq":
      return { opcode, ...common, key, flags, exptime, value: valueOf(decoder) };
    case "append":
    case "appendq":
    case "prepend":
    case "prependq":
    case "sasl-auth":
    case "sasl-step":
      return { opcode, ...common, key, value: valueOf(decoder) };
    case "incr":
    case "incrq":
    case "decr":
    case "decrq": {
      const delta = bigintOf(decoder.delta);
      return { opcode, ...common, key, delta, initial: bigintOf(decoder.initial), exptime };
    }
    case "touch":
    case "gat":
    case "gatq":
    case "gatk":
    case "gatkq":
      return { opcode, ...common, key, exptime };
    case "flush":
    case "flushq":
      return decoder.extrasEnd > decoder.extrasStart ? { opcode, ...common, exptime } : { opcode, ...common };
    case "quit":
    case "quitq":
    case "noop":
    case "version":
    case "sasl-list":
      return { opcode, ...common };
  }
}

const valueOf = (decoder: BinaryRequestDecoder): Uint8Array =>
  decoder.bytes.slice(decoder.valueStart, decoder.valueEnd);
