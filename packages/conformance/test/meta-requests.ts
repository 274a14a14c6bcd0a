// Random meta requests to which memcached 1.6.18 and this server have the same answer, but for what `normalised` says.
//
// Not among them, since 1.6.45 has another answer than 1.6.18, or 1.6.18 a wrong one:
//
//     E, x; C of mg                       1.6.18 refuses the first two, and has no use for the third
//     s and N of ms                       1.6.18 tells no size, and appends to nothing
//     N of ma with q                      1.6.18 tells what it created
//     T of ma where the number may grow   memcached gives the time to the item that goes
//     flags that are wrong, of md         another text
//     an opaque that is too long          what stands before it on the line is done before it is refused
//     a key in base64 with a line end     memcached writes it as it is into the reply

import { Buffer } from "node:buffer";
import fc from "fast-check";

/** A request. In it, `%` stands for the cas unique that the server last told for the key. */
export interface Asked {
  readonly key: string;
  readonly wire: string;
}

/** Is that of no item, and above all that are. */
export const NEVER_GIVEN = "18446744073709551615";
/** Below that of every item, once there have been a few. */
const LONG_AGO = "1";

/** Most items are to live: only then is there something to tell. */
const exptime = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("0", "100000") },
  fc.constantFrom("-1", "1000000000", "2592001"),
);
const token = (letter: string, ...tokens: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...tokens).map((text) => letter + text);
const flag = (...letters: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...letters);
const cas = token("C", "%", "%", "%", LONG_AGO, LONG_AGO, NEVER_GIVEN, "0");
const time = exptime.map((seconds) => `T${seconds}`);
const echoed = fc.constantFrom("k", "Oabc", "O1", "q", "Pproxy", "Lx/y");

/** Some of these, each letter once, in any order. */
function flags(...choices: readonly fc.Arbitrary<string>[]): fc.Arbitrary<readonly string[]> {
  return fc.uniqueArray(fc.oneof(...choices), { maxLength: 8, selector: (word) => word.charAt(0) });
}

function line(command: string, key: string, inBase64: boolean, words: readonly string[]): string {
  const name = inBase64 ? Buffer.from(key, "latin1").toString("base64") : key;
  return `${[command, name, ...words, ...(inBase64 ? ["b"] : [])].join(" ")}\r\n`;
}

/** @param value What is joined to another gets a letter before it: a number from 2^63 must not come of that. */
export function metaRequests(
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<string>,
  up: fc.Arbitrary<string>,
  down: fc.Arbitrary<string>,
): fc.Arbitrary<Asked> {
  const shortKey = key.filter((text) => text.length < 100);
  const named = fc.oneof(
    { weight: 3, arbitrary: fc.record({ key, inBase64: fc.constant(false) }) },
    fc.record({ key: shortKey, inBase64: fc.constant(true) }),
  );
  const wrong = fc.constantFrom("w", "5", "v v", "O1 O2", "Tx", "Rx", "Nx", "Cx", "Fx", "~", "\xff");
  const got = flags(
    echoed,
    flag("v", "v", "c", "c", "k", "f", "s", "t", "h", "l", "u"),
    time,
    exptime.map((seconds) => `N${seconds}`),
    token("R", "0", "50000", "150000", "-1"),
  );
  const stored = flags(
    echoed,
    flag("c", "k"),
    flag("c", "k"),
    token("F", "0", "7", "4294967295"),
    time,
    token("M", "E", "A", "P", "R", "S"),
    cas,
    flag("I"),
  );
  const late = flags(echoed, flag("c", "k"), time).map((words) => [`C${LONG_AGO}`, "I", ...words]);
  const invalidated = flags(echoed, time).map((words) => ["I", ...words]);
  const counted = flags(echoed, flag("v", "v", "c", "t"), cas, token("J", "0", "13", "99"));
  const created = counted.map((words) => [...words.filter((word) => word !== "q"), "N100000"]);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(named, got).map(([{ key, inBase64 }, words]) => ({
        key,
        wire: line("mg", key, inBase64, words),
      })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(named, fc.oneof({ weight: 4, arbitrary: stored }, late), value)
        .map(([{ key, inBase64 }, words, some]) => {
          const block = words.some((word) => word === "MA" || word === "MP") ? `v${some}` : some;
          return { key, wire: `${line("ms", key, inBase64, [`${block.length}`, ...words])}${block}\r\n` };
        }),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(named, fc.oneof(invalidated, flags(echoed, flag("I"), time, cas)))
        .map(([{ key, inBase64 }, words]) => ({ key, wire: line("md", key, inBase64, words) })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          named,
          fc.oneof(counted, created),
          fc.oneof(
            up.map((delta) => [`D${delta}`]),
            down.map((delta) => ["MD", `D${delta}`]),
            fc.constantFrom([], ["M+"], ["MI"], ["M-"], ["Mx"]),
            time.map((word) => ["D0", word, "t"]),
          ),
        )
        .map(([{ key, inBase64 }, words, more]) => ({
          key,
          wire: line("ma", key, inBase64, unique([...words, ...more])),
        })),
    },
    named.map(({ key, inBase64 }) => ({ key, wire: line("me", key, inBase64, []) })),
    fc.tuple(key, wrong).map(([key, word]) => ({ key, wire: `mg ${key} ${word}\r\n` })),
    fc.tuple(key, wrong).map(([key, word]) => ({ key, wire: `ms ${key} 1 ${word}\r\nx\r\n` })),
    fc
      .constantFrom(
        "mn\r\n",
        "mn x\r\n",
        "mg %%% b\r\n",
        "ms a abc\r\n",
        "ms a 3\r\nabcdefghijk\r\n",
        "mget a\r\n",
      )
      .map((wire) => ({ key: "", wire })),
  );
}

const unique = (words: readonly string[]): string[] =>
  words.filter((word, i) => words.findIndex((other) => other.charAt(0) === word.charAt(0)) === i);

/**
 * A reply without what the two may tell differently: the seconds of `t` and `l`, which go by meanwhile; of what has
 * expired by the request itself a time that memcached takes modulo 2^32; of `exp` the sign, which 1.6.18 turns round,
 * and what binary requests alone can ask for, more than 2^31 seconds: memcached tells it in 32 bits.
 */
export function normalised(reply: string): string {
  return reply.replace(/^(?:HD|VA \d+|ME \S+)(?: .*)?\r$/gm, (line) =>
    line
      .replace(/ t(\d+)/, (_, seconds: string) => ` t${Number(seconds) > 2 ** 31 ? 0 : hundreds(seconds)}`)
      .replace(/ l\d+/, " l")
      .replace(/ exp=-?(\d{2,})/, (_, seconds: string) => ` exp=${isFarOff(seconds) ? 0 : hundreds(seconds)}`)
      .replace(/ la=\d+/, " la="),
  );
}

const hundreds = (seconds: string): number => Math.ceil(Number(seconds) / 100) * 100;
/** Of all requests here only such a one leaves more than 2^30 seconds, also in 32 bits. */
const isFarOff = (seconds: string): boolean => Number(seconds) > 2 ** 30;
