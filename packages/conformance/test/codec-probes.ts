// Requests to compare on: right ones, right ones with bytes changed, and lines whose every word may be one of the
// right kind, one at a bound, or one that is wrong.

import fc from "fast-check";
import { latin1Bytes } from "@memwire/codec";
import { mutated, nearly, nonsense, request } from "../../codec/test/arbitraries.ts";
import { concat, encodeRequests } from "../../codec/test/wire.ts";

/** Few, so that some are there. */
const key = fc.constantFrom("a", "a", "b", "c", "10", "noreply", "k".repeat(250));
const wrongKey = fc.constantFrom("k".repeat(251), "k".repeat(400), "a\tb", "\x80\xff", "");
const anyKey = fc.oneof({ weight: 8, arbitrary: key }, { weight: 1, arbitrary: wrongKey });

const rightNumber = fc.constantFrom("0", "0", "1", "2", "10", "100", "65535", "4294967295");
const oddNumber = fc.constantFrom(
  ..."-1 - -0 +1 00 007 1.5 1e3 0x1 12ab ab 2147483645 2147483646 2147483647 2147483648 4294967296".split(
    " ",
  ),
  ..."9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616".split(" "),
  ..."99999999999999999999 -9223372036854775808 -9223372036854775809 noreply".split(" "),
  "",
);
const number = fc.oneof({ weight: 5, arbitrary: rightNumber }, { weight: 2, arbitrary: oddNumber });
const behind = fc.constantFrom("", "", "", "", " noreply", " NOREPLY", " x", " 0", " noreply x", " ", "  ");
const gap = fc.oneof({ weight: 20, arbitrary: fc.constant(" ") }, fc.constantFrom("  ", "\t", ""));
const lineEnd = fc.oneof(
  { weight: 12, arbitrary: fc.constant("\r\n") },
  fc.constantFrom("\n", "\r\r\n", " \r\n"),
);

const value = fc.oneof(
  fc.constantFrom("", "x", "5", "41", "hello", "get a\r\n", "\r\n", "mn\r\n", "v".repeat(3_000)),
  fc.string({ unit: "binary-ascii", maxLength: 20 }),
);

/** The words of a line, joined by gaps. */
const line = (...words: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.tuple(...words), fc.array(gap, { minLength: words.length, maxLength: words.length }), lineEnd)
    .map(([all, gaps, end]) => all.map((word, i) => (i === 0 ? word : `${gaps[i]}${word}`)).join("") + end);

/** How much a data block is longer than its line says. */
const surplus = fc.oneof({ weight: 10, arbitrary: fc.constant(0) }, fc.constantFrom(-2, -1, 1, 2, 5));

function withBlock(command: fc.Arbitrary<string>, more: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(command, anyKey, number, number, value, surplus, more, lineEnd)
    .map(([name, to, flags, exptime, bytes, extra, rest, end]) => {
      const length = Math.max(0, bytes.length - extra);
      return `${name} ${to} ${flags} ${exptime} ${length}${rest}${end}${bytes}\r\n`;
    });
}

const classic = fc.oneof(
  {
    weight: 4,
    arbitrary: withBlock(fc.constantFrom("set", "set", "add", "replace", "append", "prepend"), behind),
  },
  withBlock(
    fc.constant("cas"),
    fc.tuple(number, behind).map(([unique, rest]) => ` ${unique}${rest}`),
  ),
  // A length that is wrong: what follows is no block.
  line(fc.constantFrom("set", "add", "cas"), anyKey, number, number, oddNumber, behind),
  fc
    .tuple(fc.constantFrom("get", "gets"), fc.array(anyKey, { maxLength: 5 }), lineEnd)
    .map(([name, keys, end]) => `${[name, ...keys].join(" ")}${end}`),
  fc
    .tuple(fc.constantFrom("gat", "gats"), number, fc.array(anyKey, { maxLength: 4 }), lineEnd)
    .map(([name, exptime, keys, end]) => `${[name, exptime, ...keys].join(" ")}${end}`),
  line(fc.constantFrom("incr", "decr", "touch"), anyKey, number, behind),
  line(fc.constant("delete"), anyKey, behind),
  line(fc.constantFrom("flush_all", "verbosity"), number, fc.constantFrom("", " noreply", " x")),
  fc
    .constantFrom(
      ..."get,gets,gat,gats,set,add,cas,delete,incr,touch,verbosity,flush_all,version,quit,stats,shutdown,bget a".split(
        ",",
      ),
      ..."\r,x,xx,xxx,xxxx,GET a,get  ,get a HTTP/1.1,POST / HTTP/1.1,mget a,misbehave,version x,quit x".split(
        ",",
      ),
      ..."stats settings,stats items,stats nonsense,stats reset,flush_all -1,flush_all 0 noreply".split(","),
    )
    .map((text) => `${text}\r\n`),
);

const base64Key = fc.constantFrom("YQ==", "YWJj", "AAEgc3ANCv8=", "YQ=", "Y", "a!==", "a2tr".repeat(62), "=");
const metaKey = fc.oneof({ weight: 3, arbitrary: anyKey }, { weight: 1, arbitrary: base64Key });
const token = fc.oneof({ weight: 3, arbitrary: rightNumber }, { weight: 1, arbitrary: oddNumber });
const flag = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(..."bcfhklqstuvxI".split("")) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom(..."TNRCEDJF".split("")), token).map((both) => both.join("")),
  },
  fc.constantFrom("MS", "ME", "MA", "MP", "MR", "MI", "MD", "M+", "M-"),
  fc.constantFrom("Ms", "Mi", "M", "MX", "Madd", "O123", "O", `O${"o".repeat(31)}`, `O${"o".repeat(32)}`),
  fc.constantFrom("Pabc", "L/a", "5", "vfoo", "qx", "y", "Z", "W", "X", "noreply", "\x80"),
);
// Mostly few: a line of many has two of a kind, and is refused for that.
const metaFlags = fc.oneof(
  { weight: 10, arbitrary: fc.uniqueArray(flag, { maxLength: 4, selector: (each) => each.charAt(0) }) },
  { weight: 1, arbitrary: fc.array(flag, { maxLength: 24 }) },
);

const meta = fc.oneof(
  fc
    .tuple(fc.constantFrom("mg", "md", "ma"), metaKey, metaFlags, lineEnd)
    .map(([name, to, flags, end]) => `${[name, to, ...flags].join(" ")}${end}`),
  fc.tuple(metaKey, metaFlags, value, surplus, lineEnd).map(([to, flags, bytes, extra, end]) => {
    const length = Math.max(0, bytes.length - extra);
    return `${["ms", to, length, ...flags].join(" ")}${end}${bytes}\r\n`;
  }),
  line(fc.constant("ms"), metaKey, oddNumber, flag),
  line(fc.constant("me"), metaKey, fc.constantFrom("", " b", " v", " b b")),
  fc
    .constantFrom("mg", "mg ", "ms", "ms a", "md", "ma", "me", "mn", "mn x", "mg a  v")
    .map((text) => `${text}\r\n`),
);

const operators = fc
  .tuple(
    fc.constantFrom("lru_crawler", "lru", "slabs", "cache_memlimit", "config", "extstore", "debugtime"),
    fc.constantFrom(
      ..."enable,disable,crawl all,metadump all,tune 20 40 0.2 2.0,mode flat,x,automove 1".split(","),
    ),
    fc.constantFrom("", " noreply", " x"),
  )
  .map(([name, words, rest]) => `${name} ${words}${rest}\r\n`);

/** One request, or a few, or something near to one. */
export const probes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: classic.map(latin1Bytes) },
  { weight: 8, arbitrary: meta.map(latin1Bytes) },
  { weight: 1, arbitrary: operators.map(latin1Bytes) },
  { weight: 3, arbitrary: mutated(fc.oneof(classic, meta).map(latin1Bytes)) },
  { weight: 2, arbitrary: mutated(request.map((one) => encodeRequests([one]))) },
  { weight: 1, arbitrary: fc.array(nearly, { minLength: 1, maxLength: 3 }).map(concat) },
  { weight: 1, arbitrary: nonsense },
);
