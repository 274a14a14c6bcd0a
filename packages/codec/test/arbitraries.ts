// Generators for everything on the wire, for the laws of this package and of those that speak through it.
//
// Keys and values are mostly short, now and then at a bound, and like to look like protocol: line ends, blanks,
// words of commands and replies.

import fc from "fast-check";
import {
  latin1Bytes,
  type AdminReplyKind,
  type BareMetaReplyKind,
  type BareReplyKind,
  type LogReplyKind,
  type TextReply,
  type TextRequest,
  type TextReplyKind,
} from "@memwire/codec";
import { REPLY_WORDS, type ReplyForm } from "../src/text/reply.ts";

/** Where to cut a wire: fractions of its length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 20,
  size: "max",
});

const keyByte = fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 10 && byte !== 13 && byte !== 32);

const ofBytes = (
  byte: fc.Arbitrary<number>,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<Uint8Array> =>
  fc.array(byte, { minLength, maxLength, size: "max" }).map((bytes) => Uint8Array.from(bytes));

/** A key that the text protocol can carry: 1 to 250 bytes without blank, CR, LF and NUL. */
const key: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "key:1", "noreply", "get", "0", "END").map(latin1Bytes) },
  { weight: 4, arbitrary: ofBytes(keyByte, 1, 20) },
  { weight: 1, arbitrary: ofBytes(keyByte, 249, 250) },
);

const looksLikeProtocol = fc
  .array(fc.constantFrom("\r\n", "\n", "\r", " ", "END\r\n", "get a\r\n", "VALUE a 0 1\r\n", "x"), {
    maxLength: 6,
  })
  .map((parts) => latin1Bytes(parts.join("")));

/** A value: mostly short, up to a few KB. */
const value: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40, size: "max" }) },
  { weight: 3, arbitrary: looksLikeProtocol },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1000, maxLength: 3000, size: "max" }) },
);

const UINT_32_MAX = 0xffff_ffff;
const UINT_64_MAX = 0xffff_ffff_ffff_ffffn;

/** Flags: unsigned 32-bit. */
const flags: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, UINT_32_MAX),
  fc.integer({ min: 0, max: UINT_32_MAX }),
);

/** Seconds as a client sends them, of either sign. */
const exptime: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -1, 60, 2_592_000, 2_592_001, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.maxSafeInteger().map((seconds) => seconds + 0), // never -0
);

/** Unsigned 64-bit, as cas uniques, deltas and results are; bounds of the halves more often than by chance. */
export const unsigned64: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    (1n << 32n) - 1n,
    1n << 32n,
    (1n << 53n) - 1n,
    1n << 53n,
    UINT_64_MAX - 1n,
    UINT_64_MAX,
  ),
  fc.bigInt({ min: 0n, max: UINT_64_MAX }),
  fc.integer({ min: 0, max: 1000 }).map(BigInt),
);

const argument = fc.oneof(
  fc.constantFrom("", "items", "slabs", "settings", "detail on", "noreply", "cachedump 1  2"),
  ofBytes(keyByte, 1, 10).map((bytes) => String.fromCharCode(...bytes)),
);

const keys = fc.array(key, { minLength: 1, maxLength: 12, size: "max" });
const noreply = fc.boolean();
const none = fc.constant(undefined);

/** Any request that the protocol can say. */
export const request: fc.Arbitrary<TextRequest> = fc.oneof(
  fc.record({ command: fc.constantFrom("get" as const, "gets" as const), keys }),
  fc.record({ command: fc.constantFrom("gat" as const, "gats" as const), exptime, keys }),
  fc.record({
    command: fc.constantFrom(
      "set" as const,
      "add" as const,
      "replace" as const,
      "append" as const,
      "prepend" as const,
    ),
    key,
    flags,
    exptime,
    value,
    noreply,
  }),
  fc.record({ command: fc.constant("cas" as const), key, flags, exptime, value, cas: unsigned64, noreply }),
  fc.record({ command: fc.constant("delete" as const), key, noreply }),
  fc.record({ command: fc.constantFrom("incr" as const, "decr" as const), key, delta: unsigned64, noreply }),
  fc.record({ command: fc.constant("touch" as const), key, exptime, noreply }),
  fc.record({ command: fc.constant("flush_all" as const), exptime, noreply }),
  fc.record({ command: fc.constant("verbosity" as const), level: flags, noreply }),
  fc.record({ command: fc.constantFrom("stats" as const, "shutdown" as const), argument }),
  fc.record({ command: fc.constantFrom("version" as const, "quit" as const) }),
);

const kindsOf = (...forms: readonly ReplyForm[]): string[] =>
  Object.entries(REPLY_WORDS).flatMap(([kind, [, form]]) => (forms.includes(form) ? [kind] : []));

/** A reply's text: one line of one-byte characters. */
const replyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("", "bad data chunk", ": shutdown not enabled", " ", "pid 1", "1.6.45", "END"),
  ofBytes(
    fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== 10 && byte !== 13),
    0,
    30,
  ).map((bytes) => String.fromCharCode(...bytes)),
);

/** What a server may answer: mostly letters of its own, now and then one twice, no letter, or more than fit. */
const answeredFlag = fc.oneof(
  fc.constantFrom(
    "f0",
    "t-1",
    "c18446744073709551615",
    "s5",
    "kfoo",
    "O123",
    "W",
    "X",
    "Z",
    "b",
    "f1",
    "1",
    "=",
  ),
  ofBytes(keyByte, 1, 6).map((bytes) => String.fromCharCode(...bytes)),
);
const answeredFlags = fc.array(answeredFlag, { maxLength: 25 });

/** Any reply that the protocol can say. */
export const reply: fc.Arbitrary<TextReply> = fc.oneof(
  fc.record({ kind: fc.constantFrom(...(kindsOf("bare") as BareReplyKind[])) }),
  fc.record({
    kind: fc.constantFrom(
      ...(kindsOf("text", "admin", "log") as (TextReplyKind | AdminReplyKind | LogReplyKind)[]),
    ),
    text: replyText,
  }),
  fc.record({ kind: fc.constant("number" as const), number: unsigned64 }),
  fc
    .record({ key, flags, value, cas: fc.oneof(none, unsigned64) })
    .map(({ cas, ...rest }): TextReply =>
      cas === undefined ? { kind: "value", ...rest } : { kind: "value", ...rest, cas },
    ),
  fc.record({ kind: fc.constant("config" as const), key, flags, value }),
  fc.record({
    kind: fc.constantFrom(...(kindsOf("flags") as BareMetaReplyKind[])),
    metaFlags: answeredFlags,
  }),
  fc.record({ kind: fc.constant("va" as const), metaFlags: answeredFlags, value }),
  fc.record({ kind: fc.constant("me" as const), key, text: replyText }),
);

const words = fc.constantFrom(
  ..."get gets gat gats set add replace append prepend cas delete incr decr touch flush_all version verbosity".split(
    " ",
  ),
  ..."stats quit shutdown noreply GET mg VALUE STAT END STORED ERROR SERVER_ERROR: HTTP/1.1 a b".split(" "),
  ..."HD VA EN ME CONFIG BUSY Error key=a skipped=1 [skipped=1 f1 t-1".split(" "),
  ..."0 1 2 3 -1 - 00 007 1.5 +1 12ab 4294967295 4294967296 2147483645 2147483646".split(" "),
  ..."9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616".split(" "),
  "k".repeat(250),
  "k".repeat(251),
  "\0",
  "\x80",
);
const gap = fc.constantFrom(" ", " ", " ", " ", " ", "  ", "\t", "\r", "");
const lineEnd = fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r", "");
const line = fc
  .tuple(fc.array(fc.tuple(words, gap), { maxLength: 8, size: "max" }), lineEnd)
  .map(([parts, end]) => latin1Bytes(parts.flat().join("") + end));

/** Lines of the protocol's own words in no sensible order: most are refused, each for a reason of its own. */
export const nonsense: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof(line, line, looksLikeProtocol), { maxLength: 8, size: "max" })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

const number = fc.constantFrom(
  ..."0 0 0 1 -1 - -0 +1 007 1.5 12ab 4294967295 4294967296 18446744073709551615 18446744073709551616".split(
    " ",
  ),
  ..."9223372036854775807 9223372036854775808 -9223372036854775807 -9223372036854775808 noreply".split(" "),
);
const keyWord = fc.constantFrom("a", "a", "a", "noreply", "a\rb", "\x01", "k".repeat(250), "k".repeat(251));
const behind = fc.constantFrom("", "", " noreply", " ", " x", " 0 noreply", " noreply x");
const block = fc.oneof(value, fc.constantFrom("flush_all\r\n", "version\r\n", "x").map(latin1Bytes));

/** Requests with every word in its place, many of them at a bound or beyond, and a data block as long as it says. */
export const nearly: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("set", "add", "append", "cas"), keyWord, number, number, block, number, behind)
      .map(([command, key, flags, exptime, bytes, cas, behind]) => {
        const unique = command === "cas" ? ` ${cas}` : "";
        const line = latin1Bytes(
          `${command} ${key} ${flags} ${exptime} ${bytes.length}${unique}${behind}\r\n`,
        );
        return Uint8Array.from([...line, ...bytes, 13, 10]);
      }),
  },
  fc
    .tuple(fc.constantFrom("touch", "incr", "decr", "delete"), keyWord, number, behind)
    .map(([command, key, argument, behind]) => latin1Bytes(`${command} ${key} ${argument}${behind}\r\n`)),
  fc
    .tuple(fc.constantFrom("gat", "gats"), number, fc.array(keyWord, { maxLength: 3 }))
    .map(([command, exptime, keys]) => latin1Bytes(`${[command, exptime, ...keys].join(" ")}\r\n`)),
);

/** The wire with some bytes replaced, removed or put in: reaches deeper than bytes by chance. */
export function mutated(wire: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.constantFrom(0, 10, 13, 32, 45, 48, 49, 57, 58), fc.integer({ min: 0, max: 255 }));
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    remove: fc.integer({ min: 0, max: 3 }),
    put: fc.array(byte, { maxLength: 3 }),
  });
  return fc.tuple(wire, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) => {
    const list = [...bytes];
    for (const { at, remove, put } of changes) list.splice(Math.floor(at * list.length), remove, ...put);
    return Uint8Array.from(list);
  });
}
