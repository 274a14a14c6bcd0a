// Base64 as memcached reads and writes it.

import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { base64Bytes, decodeBase64, encodeBase64 } from "../src/base64.ts";
import { wire } from "./wire.ts";

function decoded(text: string): Uint8Array | undefined {
  const bytes = wire(`x${text}x`);
  const into = new Uint8Array(text.length + 3).fill(0xee);
  const length = base64Bytes(bytes, 1, bytes.length - 1);
  if (length === 0) return undefined;
  expect(decodeBase64(bytes, 1, bytes.length - 1, into)).toBe(length);
  return into.slice(0, length);
}

test("bytes are written as Node writes them, and read again", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200, size: "max" }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");
      expect(encodeBase64(bytes)).toEqual(wire(text));
      expect(decoded(text)).toEqual(bytes);
    }),
  );
});

test("bytes outside of the alphabet are passed over, wherever they are", () => {
  const others = fc.array(fc.constantFrom("!", "-", "_", "\xff", "\0", "."), { maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), others, fc.nat(), (bytes, others, at) => {
      const text = Buffer.from(bytes).toString("base64");
      const where = at % (text.length + 1);
      expect(decoded(text.slice(0, where) + others.join("") + text.slice(where))).toEqual(bytes);
    }),
  );
});

/** As memcached 1.6.18 answered. */
const odd: readonly [text: string, meaning: string | undefined][] = [
  ["YQ==YQ==", "a"],
  ["YQ======", "a"],
  ["YR==", "a"],
  ["YW=j", "a`"],
  ["=W==", undefined],
  ["YQ", undefined],
  ["YQ=", undefined],
  ["Y===", undefined],
  ["====", undefined],
  ["YWJjYQ", undefined],
  ["YWJjY===", undefined],
  ["", undefined],
  ["!!!!", undefined],
];

test.each(odd)("%j stands for %j", (text, meaning) => {
  expect(decoded(text)).toEqual(meaning === undefined ? undefined : wire(meaning));
});
