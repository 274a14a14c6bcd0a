// The runtime's own TextEncoder and TextDecoder are the reference.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../src/mod.ts";

const text = fc.string({ unit: "binary" });
const halfPairs = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

test("encodes as TextEncoder does, lone surrogates included", () => {
  fc.assert(
    fc.property(fc.oneof(text, halfPairs), (text) => {
      expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
    }),
  );
});

test("decodes as TextDecoder does, whatever the bytes", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const almost = fc.array(
    fc.constantFrom(
      0,
      65,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc1,
      0xc2,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        almost.map((bytes) => Uint8Array.from(bytes)),
      ),
      (bytes) => {
        expect(decodeUtf8(bytes)).toBe(decoder.decode(bytes));
      },
    ),
  );
});

test("long texts come back whole, wherever they are cut within", () => {
  for (let before = 0; before < 8; before++) {
    const text = "a".repeat(before) + "\u{1f600}é€z".repeat(1_000);
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
  }
});
