import { utf8Bytes } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";

test("text is encoded as TextEncoder does, half surrogate pairs included", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(0xffff)), (text, codes) => {
      for (const each of [text, String.fromCharCode(...codes), `a${text}é${text}€😀`]) {
        expect(utf8Bytes(each)).toEqual(encoder.encode(each));
      }
    }),
  );
});
