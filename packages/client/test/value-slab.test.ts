import fc from "fast-check";
import { expect, test } from "vitest";
import { SHARED_BYTES_MAX, ValueSlab } from "../src/value-slab.ts";

test("every copy stays as it was, whatever is copied after it and becomes of what it was copied from", () => {
  const piece = fc.record({
    bytes: fc.uint8Array({ maxLength: 3_000, size: "max" }),
    before: fc.nat(9),
    behind: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 50, size: "max" }), (pieces) => {
      const slab = new ValueSlab();
      const copies: Uint8Array[] = [];
      for (const { bytes, before, behind } of pieces) {
        const source = Uint8Array.from([...new Uint8Array(before), ...bytes, ...new Uint8Array(behind)]);
        copies.push(slab.copy(source, before, before + bytes.length));
        source.fill(0xee);
      }
      for (const [i, { bytes }] of pieces.entries()) expect(copies[i]).toEqual(bytes);
    }),
  );
});

test("small values share memory, a large one has its own", () => {
  const slab = new ValueSlab();
  const source = new Uint8Array(SHARED_BYTES_MAX + 1).fill(7);
  const one = slab.copy(source, 0, 10);
  const other = slab.copy(source, 0, SHARED_BYTES_MAX);
  expect(other.buffer).toBe(one.buffer);
  expect(slab.copy(source, 0, source.length).buffer.byteLength).toBe(source.length);
});
