// Replies to bytes, as a server sends them. `writeValueLine` and the constants are for hot paths.

import { toHalves } from "../decimal.ts";
import { REPLY_WORDS, type BareReplyKind, type TextReply } from "./reply.ts";
import { checkKey, checkUnsigned } from "./request-encoder.ts";
import type { SendBuffer } from "../send-buffer.ts";
import { checkBytes, latin1Bytes } from "../bytes.ts";

/** Whole bare replies with their line end, made once: shared and read only. */
export const REPLY_BYTES: Readonly<Record<BareReplyKind, Uint8Array>> = Object.fromEntries(
  Object.entries(REPLY_WORDS)
    .filter(([, [, form]]) => form === "bare")
    .map(([kind, [word]]) => [kind, latin1Bytes(`${word}\r\n`)]),
) as Record<BareReplyKind, Uint8Array>;

const VALUE: Uint8Array = latin1Bytes("VALUE ");

/**
 * Writes one reply.
 *
 * @throws RangeError, with nothing written, for what the protocol cannot say: a key as for requests, flags that
 * are not an unsigned 32-bit number, a 64-bit number out of range, a text with a line end or a character that is
 * not one byte, a meta flag that is empty or has a blank, a line end or such a character
 */
export function writeReply(out: SendBuffer, reply: TextReply): void {
  switch (reply.kind) {
    case "value": {
      const { key, flags, value, cas } = reply;
      checkKey(key);
      checkUnsigned("flags", flags);
      checkBytes("a value", value);
      const halves = cas === undefined ? undefined : toHalves(cas);
      writeValueLine(out, key, 0, key.length, flags, value.length);
      if (halves !== undefined) {
        out.byte(32);
        out.decimal64(halves.high, halves.low);
      }
      return writeBlock(out, value);
    }
    case "config": {
      const { key, flags, value } = reply;
      checkKey(key);
      checkUnsigned("flags", flags);
      checkBytes("a value", value);
      out.latin1(`${REPLY_WORDS.config[0]} `);
      out.copy(key, 0, key.length);
      out.latin1(` ${flags} ${value.length}`);
      return writeBlock(out, value);
    }
    case "number": {
      const { high, low } = toHalves(reply.number);
      out.decimal64(high, low);
      return out.latin1("\r\n");
    }
    case "va": {
      const { metaFlags, value } = reply;
      checkMetaFlags(metaFlags);
      checkBytes("a value", value);
      out.latin1([`${REPLY_WORDS.va[0]} ${value.length}`, ...metaFlags].join(" "));
      return writeBlock(out, value);
    }
    case "me": {
      const { key, text } = reply;
      checkKey(key);
      checkText(text);
      out.latin1(`${REPLY_WORDS.me[0]} `);
      out.copy(key, 0, key.length);
      return out.latin1(text === "" ? "\r\n" : ` ${text}\r\n`);
    }
    default:
      if ("text" in reply) return writeText(out, reply.kind, reply.text);
      if ("metaFlags" in reply) {
        checkMetaFlags(reply.metaFlags);
        return out.latin1(`${[REPLY_WORDS[reply.kind][0], ...reply.metaFlags].join(" ")}\r\n`);
      }
      return out.copy(REPLY_BYTES[reply.kind], 0, REPLY_BYTES[reply.kind].length);
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

/** The end of the line and the data block. */
function writeBlock(out: SendBuffer, value: Uint8Array): void {
  out.latin1("\r\n");
  out.copy(value, 0, value.length);
  out.latin1("\r\n");
}

function writeText(out: SendBuffer, kind: keyof typeof REPLY_WORDS, text: string): void {
  checkText(text);
  const [word, form] = REPLY_WORDS[kind];
  if (form === "log") return out.latin1(`${word}${text}\n`);
  // `SERVER_ERROR: shutdown not enabled` is how memcached writes that one: no blank before a colon.
  const between = text === "" || (form === "text" && text.startsWith(":")) ? "" : " ";
  out.latin1(`${word}${between}${text}\r\n`);
}

function checkText(text: string): void {
  if (/[\r\n\u0100-\uffff]/.test(text)) {
    throw new RangeError(`a reply's text must be one line of one-byte characters, got "${text}"`);
  }
}

function checkMetaFlags(metaFlags: readonly string[]): void {
  for (const flag of metaFlags) {
    if (flag === "" || /[ \r\n\u0100-\uffff]/.test(flag)) {
      throw new RangeError(`a meta flag must be one word of one-byte characters, got "${flag}"`);
    }
  }
}
