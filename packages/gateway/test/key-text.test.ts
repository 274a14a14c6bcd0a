import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { latin1Bytes, latin1Text } from "@memwire/codec";
import { decode, escape, keyOf } from "../src/key-text.ts";
import { Refusal } from "../src/refusal.ts";
import { encodedText } from "./arbitraries.ts";

/** What a key on the wire may be, written down once more: nothing that ends it, and no bare `%`. */
const WELL_FORMED = /^(?:[\x21-\x24\x26-\x7e\x80-\xff]|%[0-9A-F]{2}){1,250}$/;

const keyText = (encoded: string, plusIsBlank = false): string => {
  const key = keyOf(encoded, plusIsBlank);
  return key instanceof Refusal ? `${key.status} ${key.message}` : latin1Text(key);
};

test.each([
  ["abc", "abc"],
  ["a/b/c", "a/b/c"],
  ["a%2Fb", "a/b"],
  ["a%20b", "a%20b"],
  ["a b", "a%20b"],
  ["a+b", "a+b"],
  ["100%25", "100%25"],
  ["%41%62", "Ab"],
  ["x%0d%0aflush_all", "x%0D%0Aflush_all"],
  ["%00%1f%7F", "%00%1F%7F"],
  ["%ff%80", "\xff\x80"],
  ["%c3%a9", "\xc3\xa9"],
  ["é", "\xc3\xa9"],
  ["k".repeat(250), "k".repeat(250)],
  ["%25".repeat(83), "%25".repeat(83)],
])("%j is the key %j", (encoded, key) => {
  expect(keyText(encoded)).toBe(key);
});

test.each([
  ["", "a key must have 1 to 250 bytes, got 0"],
  ["k".repeat(251), "a key must have 1 to 250 bytes, got 251"],
  ["%20".repeat(84), "a key must have 1 to 250 bytes, got 252"],
  ["100%", "a % must be followed by two hexadecimal digits"],
  ["%4", "a % must be followed by two hexadecimal digits"],
  ["%zz", "a % must be followed by two hexadecimal digits"],
  ["%-1", "a % must be followed by two hexadecimal digits"],
])("%j is refused", (encoded, message) => {
  expect(keyText(encoded)).toContain(`400 ${message}`);
});

test("a plus is a blank in a query only", () => {
  expect([keyText("a+b"), keyText("a+b", true), keyText("a%2Bb", true)]).toEqual(["a+b", "a%20b", "a+b"]);
});

describe("laws", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });

  test("whatever is written, a key is well formed or refused", () => {
    fc.assert(
      fc.property(encodedText, fc.boolean(), (encoded, plusIsBlank) => {
        const key = keyOf(encoded, plusIsBlank);
        if (!(key instanceof Refusal)) expect(latin1Text(key)).toMatch(WELL_FORMED);
      }),
    );
  });

  test("escaping is one to one: it can be taken back", () => {
    fc.assert(
      fc.property(bytes, fc.uniqueArray(fc.integer({ min: 0x21, max: 0x2f })), (bytes, also) => {
        expect(decode(latin1Text(escape(bytes, also)).replaceAll(/[\x80-\xff]/g, encodeByte))).toEqual(bytes);
      }),
    );
  });

  test("every key that another client may use can be asked for, but for those with a %", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x24\x26-\x7e]{1,250}$/), (key) => {
        expect(keyText(encodeURIComponent(key))).toBe(key);
      }),
    );
  });

  test("decoding takes back what encodeURIComponent does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(decode(encodeURIComponent(text))).toEqual(new TextEncoder().encode(text));
      }),
    );
  });
});

const encodeByte = (byte: string): string => `%${latin1Bytes(byte)[0]?.toString(16).padStart(2, "0") ?? ""}`;
