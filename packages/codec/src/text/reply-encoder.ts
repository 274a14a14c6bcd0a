// Replies to bytes, as a server sends them. `writeValueLine` and the constants are for hot paths.

import { toHalves } from "../decimal.ts";
import { BARE_REPLIES, TEXT_REPLIES, type BareReplyKind, type TextReply } from "./reply.ts";
import { checkKey, checkUnsigned } from "./request-encoder.ts";
import type { SendBuffer } from "../send-buffer.ts";
import { latin1Bytes } from "../bytes.ts";

/** Whole bare replies with their line end, made once: shared and read only. */
export const REPLY_BYTES: Readonly<Record<BareReplyKind, Uint8Array>> = Object.fromEntries(
  Object.entries(BARE_REPLIES).map(([kind, word]) => [kind, latin1Bytes(`${word}\r\n`)]),
) as Record<BareReplyKind, Uint8Array>;

const VALUE: Uint8Array = latin1Bytes("VALUE ");

/**
 * Writes one reply.
 *
 * @throws RangeError, with nothing written, for what the protocol cannot say: a key as for requests, flags that
 * are not an unsigned 32-bit number, a 64-bit number out of range, a text with a line end or a character that is
 * not one byte
 */
export function writeReply(out: SendBuffer, reply: TextReply): void {
  switch (reply.kind) {
    case "value": {
      const { key, flags, value, cas } = reply;
      checkKey(key);
      checkUnsigned("flags", flags);
      const halves = cas === undefined ? undefined : toHalves(cas);
      writeValueLine(out, key, 0, key.length, flags, value.length);
      if (halves !== undefined) {
        out.byte(32);
        out.decimal64(halves.high, halves.low);
      }
      out.latin1("\r\n");
      out.copy(value, 0, value.length);
      return out.latin1("\r\n");
    }
    case "number": {
      const { high, low } = toHalves(reply.number);
      out.decimal64(high, low);
      return out.latin1("\r\n");
    }
    case "stat":
    case "item":
    case "prefix":
    case "version":
    case "error":
    case "client-error":
    case "server-error": {
      const { kind, text } = reply;
      if (/[\r\n\u0100-\uffff]/.test(text)) {
        throw new RangeError(`a reply's text must be one line of one-byte characters, got "${text}"`);
      }
      // `SERVER_ERROR: shutdown not enabled` is how memcached writes that one: no blank before a colon.
      const between = text === "" || text.startsWith(":") ? "" : " ";
      return out.latin1(`${TEXT_REPLIES[kind]}${between}${text}\r\n`);
    }
    default: {
      const bytes = REPLY_BYTES[reply.kind];
      return out.copy(bytes, 0, bytes.length);
    }
  }
}

/** `VALUE <key> <flags> <bytes>`, without cas and line end: the caller goes on with those. */
export function writeValueLine(
  out: SendBuffer,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  flags: number,
  valueBytes: number,
): void {
  out.copy(VALUE, 0, VALUE.length);
  out.copy(key, keyStart, keyEnd);
  out.byte(32);
  out.decimal(flags);
  out.byte(32);
  out.decimal(valueBytes);
}
