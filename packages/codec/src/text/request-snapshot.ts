// The decoder's current request as a plain value that owns its bytes.

import { toBigint } from "../decimal.ts";
import type { TextRequest } from "./request.ts";
import type { RequestFields } from "./request-fields.ts";
import { latin1Text } from "../bytes.ts";

export function snapshotRequest(decoder: RequestFields): TextRequest {
  const { command, flags, noreply } = decoder;
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
      return { command, argument: argumentOf(decoder) };
    case "version":
    case "quit":
    case "mn":
      return { command };
    case "lru_crawler":
    case "lru":
    case "slabs":
    case "cache_memlimit":
    case "watch":
    case "refresh_certs":
    case "extstore":
    case "config":
    case "debugtime":
      return { command, argument: argumentOf(decoder), noreply };
    case "mg":
    case "md":
    case "ma":
    case "me":
      return { command, key: metaKeyOf(decoder), metaFlags: metaFlagsOf(decoder) };
    case "ms":
      return {
        command,
        key: metaKeyOf(decoder),
        metaFlags: metaFlagsOf(decoder),
        value: valueOf(decoder),
      };
  }
}

const keyOf = (decoder: RequestFields): Uint8Array => decoder.bytes.slice(decoder.keyStart, decoder.keyEnd);

const valueOf = (decoder: RequestFields): Uint8Array =>
  decoder.bytes.slice(decoder.valueStart, decoder.valueEnd);

const argumentOf = ({ bytes, valueStart, valueEnd }: RequestFields): string =>
  latin1Text(bytes, valueStart, valueEnd);

function metaKeyOf(decoder: RequestFields): Uint8Array {
  const key = new Uint8Array(decoder.keyEnd - decoder.keyStart);
  return key.slice(0, decoder.copyKey(key));
}

function metaFlagsOf({ bytes, meta }: RequestFields): string[] {
  return Array.from({ length: meta.count }, (_, i) =>
    latin1Text(bytes, meta.offsets[i * 2], meta.offsets[i * 2 + 1]),
  );
}

function keysOf(decoder: RequestFields): Uint8Array[] {
  const { bytes, keyCount, keyOffsets } = decoder;
  return Array.from({ length: keyCount }, (_, i) => bytes.slice(keyOffsets[i * 2], keyOffsets[i * 2 + 1]));
}
