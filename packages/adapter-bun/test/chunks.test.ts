// What becomes of the chunks that Bun makes. Nothing here needs Bun.

import { expect, test } from "vitest";
import { BunTransport } from "../src/transport.ts";

function received(chunk: Uint8Array): string {
  let seen = "";
  const transport = new BunTransport();
  transport.serve({
    connected: () => {},
    received: (bytes) => (seen = `${bytes.length} bytes, ${bytes[bytes.length - 1]} the last`),
    ended: () => {},
    drained: () => {},
    closed: () => {},
  });
  transport.received(chunk);
  return seen;
}

test("a large chunk is given back as soon as it has been read", () => {
  for (const length of [4_096, 524_288]) {
    const chunk = new Uint8Array(length).fill(7);
    expect(received(chunk)).toBe(`${length} bytes, 7 the last`);
    expect(chunk.length).toBe(0);
  }
});

test("a small one is left alone, and so is one that others may have a part of", () => {
  const small = new Uint8Array(4_095).fill(7);
  const part = new Uint8Array(20_000).fill(7).subarray(0, 10_000);
  for (const chunk of [small, part]) {
    const { length } = chunk;
    expect(received(chunk)).toBe(`${length} bytes, 7 the last`);
    expect(chunk.length).toBe(length);
  }
});
