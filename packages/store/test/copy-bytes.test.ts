import fc from "fast-check";
import { expect, test } from "vitest";
import { copierOfShared, copyByView, withLoop } from "../src/copy-bytes.ts";

const BYTES = 300_000;

const shared = new Uint8Array(new SharedArrayBuffer(BYTES), 3);
const own = new Uint8Array(new ArrayBuffer(BYTES), 5);
const pattern = Uint8Array.from({ length: BYTES }, (_, i) => (i * 31 + (i >>> 8)) & 0xff);

const bytes = fc.oneof(fc.nat(100), fc.nat(2_000), fc.integer({ min: 65_500, max: 140_000 }));
const place = fc.nat(1_000);

test.each([
  ["from shared memory", copierOfShared(), shared, own],
  ["to shared memory", copierOfShared(), own, shared],
  ["between memory that is not shared", withLoop(copyByView), own, new Uint8Array(BYTES)],
])("%s every byte is copied, and no other", (_what, copy, source, into) => {
  source.set(pattern.subarray(0, source.length));
  fc.assert(
    fc.property(bytes, place, place, (length, start, at) => {
      const end = at + length + 16;
      into.fill(0, 0, end);
      copy(source, start, start + length, into, at);
      const wanted = new Uint8Array(end);
      wanted.set(source.subarray(start, start + length), at);
      // Vitest's own comparison goes through large arrays by steps.
      expect(into.subarray(0, end).findIndex((byte, i) => byte !== wanted[i])).toBe(-1);
    }),
  );
});
