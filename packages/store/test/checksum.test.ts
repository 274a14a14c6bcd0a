// The vectors are those of XXH32 as Bun has it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf } from "../src/checksum.ts";
import { encodeUtf8 } from "../src/mod.ts";

test.each<[text: string, seed: number, checksum: number]>([
  ["", 0, 0x02cc_5d05],
  ["", 1, 0x0b2c_b792],
  ["a", 0, 0x550d_7456],
  ["abc", 0, 0x32d1_53ff],
  ["abcd", 0, 0xa364_3705],
  ["0123456789abcdef", 0, 0xc2c4_5b69],
  ["0123456789abcdefghij", 7, 0xcf04_8afb],
  ["Nobody inspects the spammish repetition", 0, 0xe229_3b2f],
  ["Nobody inspects the spammish repetition", 0x9e37_79b1, 0xc9e8_9e68],
])("of %j with seed %i it is %i", (text, seed, checksum) => {
  const bytes = encodeUtf8(`[[[${text}]`);
  const view = new DataView(bytes.buffer);
  expect(checksumOf(view, 3, bytes.length - 1, seed)).toBe(checksum);
});

test("a change within four bytes in a row from a multiple of four on changes it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.nat(),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (bytes, place, change) => {
        const at = (place % bytes.length) & ~3;
        const changed = bytes.map((byte, i) => byte ^ (change[i - at] ?? 0));
        const checksum = checksumOf(new DataView(bytes.buffer), 0, bytes.length, 0);
        const other = checksumOf(new DataView(changed.buffer), 0, bytes.length, 0);
        expect(other === checksum).toBe(changed.every((byte, i) => byte === bytes[i]));
      },
    ),
  );
});
