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
  type AdminRequest,
  type ClassicRequest,
  type MetaRequest,
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

/** Any request of the classic protocol. */
export const classicRequest: fc.Arbitrary<ClassicRequest> = fc.oneof(
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

const withNoreply = fc.constantFrom(
  ..."lru_crawler lru slabs cache_memlimit refresh_certs extstore debugtime".split(" "),
) as fc.Arbitrary<AdminRequest["command"]>;
const words = fc.constantFrom("", "enable", "metadump all", "automove 1", "64", "mode flat", "get cluster");

/** Any request of an operator. */
export const adminRequest: fc.Arbitrary<AdminRequest> = fc.oneof(
  fc.record({ command: withNoreply, argument: words, noreply }),
  fc.record({ command: withNoreply, argument, noreply: fc.constant(true) }),
  fc.record({
    command: fc.constantFrom("watch" as const, "config" as const),
    argument: fc.oneof(argument, words),
    noreply: fc.constant(false),
  }),
);

const metaToken = ofBytes(keyByte, 0, 31).map((bytes) => String.fromCharCode(...bytes));
const signed = fc.oneof(
  exptime.map(String),
  fc.constantFrom("9223372036854775807", "-9223372036854775807", "-0", "007"),
);
const token64 = unsigned64.map(String);

/** Flags with tokens that every meta command takes; `modes` is what may be behind M. */
const metaFlags = (modes: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(
    fc.oneof(
      fc.constantFrom(..."cfhklqstuvxI".split("")),
      fc.constantFrom(..."OPLkv".split("")).chain((letter) => metaToken.map((token) => letter + token)),
      fc.constantFrom(..."TNR".split("")).chain((letter) => signed.map((token) => letter + token)),
      fc.constantFrom(..."CEDJ".split("")).chain((letter) => token64.map((token) => letter + token)),
      flags.map((token) => `F${token}`),
      modes.map((token) => `M${token}`),
    ),
    { maxLength, size: "max", selector: (flag) => flag.charAt(0) },
  );

/** With its key as it is, or in base64: then it has any bytes. */
const keyed = (flags: fc.Arbitrary<string[]>): fc.Arbitrary<{ key: Uint8Array; metaFlags: string[] }> =>
  fc.oneof(
    fc.record({ key, metaFlags: flags }),
    fc.record({
      key: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 20 }), ofBytes(fc.nat(255), 180, 186)),
      metaFlags: fc
        .tuple(flags, fc.nat(), fc.constantFrom("b", "bx"))
        .map(([others, at, b]) => others.toSpliced(at % (others.length + 1), 0, b)),
    }),
  );

/** Any meta request. */
export const metaRequest: fc.Arbitrary<MetaRequest> = fc.oneof(
  fc
    .tuple(fc.constantFrom("mg" as const, "md" as const), keyed(metaFlags(metaToken, 17)))
    .map(([command, rest]): MetaRequest => ({ command, ...rest })),
  keyed(metaFlags(fc.constantFrom("I", "+", "D", "-", "Decr"), 17)).map((rest): MetaRequest => ({
    command: "ma",
    ...rest,
  })),
  fc
    .tuple(keyed(metaFlags(fc.constantFrom("S", "E", "A", "P", "R", "Set"), 16)), value)
    .map(([rest, value]): MetaRequest => ({ command: "ms", ...rest, value })),
  fc.record({ command: fc.constant("me" as const), key, metaFlags: fc.constant([]) }),
  fc.record({
    command: fc.constant("me" as const),
    key: fc.uint8Array({ minLength: 1, maxLength: 186, size: "max" }),
    metaFlags: fc.constant(["b"]),
  }),
  fc.constant<MetaRequest>({ command: "mn" }),
);

/** Any request that the protocol can say. */
export const request: fc.Arbitrary<TextRequest> = fc.oneof(
  { weight: 3, arbitrary: classicRequest },
  { weight: 1, arbitrary: adminRequest },
  { weight: 2, arbitrary: metaRequest },
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

const protocolWords = fc.constantFrom(
  ..."get gets gat gats set add replace append prepend cas delete incr decr touch flush_all version verbosity".split(
    " ",
  ),
  ..."stats quit shutdown noreply GET VALUE STAT END STORED ERROR SERVER_ERROR: HTTP/1.1 a b".split(" "),
  ..."HD VA EN ME CONFIG BUSY Error key=a skipped=1 [skipped=1 f1 t-1".split(" "),
  ..."mg ms md ma mn me q k v v b T30 Tx C1 Cx E5 F1 J1 Jx D2 Dx N0 R- ME MA MX M+ O123 I 5 YQ== YWJj".split(
    " ",
  ),
  ..."lru_crawler lru slabs cache_memlimit watch refresh_certs extstore config debugtime".split(" "),
  "O".repeat(32),
  "O".repeat(33),
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
  .tuple(fc.array(fc.tuple(protocolWords, gap), { maxLength: 8, size: "max" }), lineEnd)
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
const metaWord = fc.oneof(
  fc.constantFrom(..."bcfhklqstuvxI".split("")),
  fc.constantFrom(
    "5",
    "\x7f",
    "\xff",
    "y",
    "W",
    "M",
    "MS",
    "Ms",
    "MI",
    "M-",
    "O",
    `O${"o".repeat(31)}`,
    `O${"o".repeat(32)}`,
  ),
  fc.constantFrom(..."TNRFCEDJ".split("")).chain((letter) => number.map((token) => letter + token)),
);
const metaKey = fc.oneof(keyWord, fc.constantFrom("YQ==", "YWJj", "Y", "Y===", "YQ==YQ==", "Y!Q=="));
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
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("mg", "ms", "md", "ma", "me"),
        metaKey,
        fc.array(metaWord, { maxLength: 5 }),
        block,
      )
      .map(([command, key, words, bytes]) => {
        const length = command === "ms" ? ` ${bytes.length}` : "";
        const line = latin1Bytes(`${[command, key].join(" ")}${length} ${words.join(" ")}\r\n`);
        return command === "ms" ? Uint8Array.from([...line, ...bytes, 13, 10]) : line;
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
