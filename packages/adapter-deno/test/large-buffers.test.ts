import { expect, test } from "vitest";
import { giveBack, LARGE_BYTES, largeBuffer } from "../src/large-buffers.ts";

test("there are 16 large buffers, and who finds none gets none until one is given back", () => {
  const taken = Array.from({ length: 16 }, () => largeBuffer());
  expect(new Set(taken).size).toBe(16);
  for (const buffer of taken) expect(buffer?.length).toBe(LARGE_BYTES);
  expect(largeBuffer()).toBeUndefined();
  for (const buffer of taken) if (buffer !== undefined) giveBack(buffer);
  expect(taken).toContain(largeBuffer());
});
