// The decoder's current request as a plain value that owns its bytes.

import { toBigint } from "../decimal.ts";
import type { TextRequest } from "./request.ts";
import type { TextRequestDecoder } from "./text-request-decoder.ts";
import { latin1Text } from "../bytes.ts";

export function snapshotRequest(decoder: TextRequestDecoder): TextRequest {
  const { command, bytes, flags, noreply } = decoder;
  const exptime = decoder.exptime === 0 ? 0 : decoder.exptime; // never -0
  switch (command) {
    case "get":
    case "gets":
      return { command, keys: keysOf(decoder) };
    case "gat":
    case "gats":
      return { command, exptime, keys: keysOf(decoder) };
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
      return { command, key: keyOf(decoder), flags, exptime, value: valueOf(decoder), noreply };
    case "cas": {
      const cas = toBigint(decoder.cas.high, decoder.cas.low);
      return { command, key: keyOf(decoder), flags, exptime, value: valueOf(decoder), cas, noreply };
    }
    case "delete":
      return { command, key: keyOf(decoder), noreply };
    case "incr":
    case "decr":
      return {
        command,
        key: keyOf(decoder),
        delta: toBigint(decoder.delta.high, decoder.delta.low),
        noreply,
      };
    case "touch":
      return { command, key: keyOf(decoder), exptime, noreply };
    case "flush_all":
      return { command, exptime, noreply };
    case "verbosity":
      return { command, level: exptime, noreply };
    case "stats":
    case "shutdown":
      return { command, argument: latin1Text(bytes, decoder.valueStart, decoder.valueEnd) };
    case "version":
    case "quit":
      return { command };
  }
}

const keyOf = (decoder: TextRequestDecoder): Uint8Array =>
  decoder.bytes.slice(decoder.keyStart, decoder.keyEnd);

const valueOf = (decoder: TextRequestDecoder): Uint8Array =>
  decoder.bytes.slice(decoder.valueStart, decoder.valueEnd);

function keysOf(decoder: TextRequestDecoder): Uint8Array[] {
  const { bytes, keyCount, keyOffsets } = decoder;
  return Array.from({ length: keyCount }, (_, i) => bytes.slice(keyOffsets[i * 2], keyOffsets[i * 2 + 1]));
}
