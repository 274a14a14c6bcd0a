// What clients may write, from sensible to hostile.

import fc from "fast-check";

/** One byte as a URL may have it: as it is, or percent-encoded in either case. */
const encodedByte = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.boolean()).map(([byte, isUpper]) => {
  const hex = byte.toString(16).padStart(2, "0");
  return `%${isUpper ? hex.toUpperCase() : hex}`;
});

/** What has broken parsers of URLs and of memcached's protocol before. */
const nasty = fc.constantFrom(
  "%0d%0a",
  "%0D%0A",
  "%0d%0aget x%0d%0a",
  "%0aflush_all%0d",
  "%00",
  "%20",
  "%20noreply",
  "%7f",
  "\r\n",
  "%",
  "%%",
  "%2",
  "%zz",
  "%25",
  "%250a",
  "%c3%a9",
  "%ff",
  "%c0%80",
  "é",
  "🦊",
  "\u{d800}",
  "\u2028",
  " ",
  "/",
  "//",
  "/../",
  "/./",
  "?",
  "&",
  "=",
  "+",
  "#",
  ";",
  ":",
  "@",
  "\\",
  "{",
  "}",
  "*",
  "\0",
  "\t",
  "\x7f",
  "ttl=60",
  "flags=1",
  "key=",
  "timeout=5",
  "follow",
  "noreply",
  "0 0 1",
);

const plain = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme-ascii" });
const long = fc.integer({ min: 200, max: 300 }).map((length) => "k".repeat(length));

export const encodedText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { arbitrary: plain, weight: 4 },
      { arbitrary: encodedByte, weight: 3 },
      { arbitrary: nasty, weight: 3 },
      { arbitrary: long, weight: 1 },
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(""));

/** A key that others ask for as well. */
const shared = fc.constantFrom("a", "%61", "a%20b", "a b", "%0d%0a");

/** Path and query of a request. */
export const paths: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      "/kv/",
      "/kv/",
      "/kv/",
      "/api/",
      "/multi?key=",
      "/multi?timeout=50&key=",
      "/stream/",
      "/stats",
      "/",
    ),
    fc.oneof({ arbitrary: encodedText, weight: 3 }, { arbitrary: shared, weight: 1 }),
    fc.option(fc.oneof(encodedText, fc.constantFrom("lang=de", "ttl=60")), { nil: undefined }),
  )
  .map(([prefix, text, query]) => `${prefix}${text}${query === undefined ? "" : `?${query}`}`);
