// What becomes of the chunks that Bun makes, and of sockets that are over. Nothing here needs Bun.

import { expect, test } from "vitest";
import { BulkReader } from "../src/bulk-reader.ts";
import { Garbage } from "../src/garbage.ts";
import { BunTransport } from "../src/transport.ts";

const NEVER = (): void => {};
const BULK = new BulkReader();

function received(chunk: Uint8Array, garbage = new Garbage(NEVER, NEVER)): string {
  let seen = "";
  const transport = new BunTransport(garbage, BULK);
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

test("what is left alone is collected when there are 64 MiB of it, with 256 bytes beside each chunk", () => {
  let collections = 0;
  const garbage = new Garbage(() => collections++, NEVER);
  const chunk = new Uint8Array(3_840); // 16,384 of them
  for (let i = 1; i < 2 * 16_384; i++) received(chunk, garbage);
  expect(collections).toBe(1);
  for (let i = 0; i < 100; i++) received(new Uint8Array(1_048_576), garbage); // freed
  expect(collections).toBe(1);
  received(chunk, garbage);
  expect(collections).toBe(2);
});

test("all that is left behind is collected when 16,384 sockets are over", () => {
  let collections = 0;
  const garbage = new Garbage(NEVER, () => collections++);
  for (let i = 1; i < 2 * 16_384; i++) {
    const transport = new BunTransport(garbage, BULK);
    transport.gone();
    transport.gone(); // said again, it is the same one
  }
  expect(collections).toBe(1);
  new BunTransport(garbage, BULK).gone();
  expect(collections).toBe(2);
});
