// Buffers that are used again: as long as asked for, never two users of one, never more kept than allowed.

import { BufferPool, SendBuffer, TextRequestDecoder } from "@memwire/codec";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { wire } from "./wire.ts";

test("a buffer is as long as asked for, is nobody else's, and what is kept stays within the bound", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.constant("give" as const)));
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 600_000 }), (all, keptBytesMax) => {
      const pool = new BufferPool({ keptBytesMax });
      const used: Uint8Array[] = [];
      for (const step of all) {
        if (step === "give") {
          const back = used.shift();
          if (back !== undefined) pool.give(back);
        } else {
          const taken = pool.take(step);
          expect(taken.length).toBeGreaterThanOrEqual(step);
          expect(taken.length).toBeLessThan(Math.max(step + 1, 2 * step));
          expect(used.includes(taken)).toBe(false);
          used.push(taken);
        }
        expect(pool.keptBytes).toBeLessThanOrEqual(keptBytesMax);
      }
    }),
  );
});

test("what is in use is what send buffers hold, whatever is written, taken in pieces, reclaimed or cleared", () => {
  const length = fc.integer({ min: 1, max: 40_000 });
  const step = fc.oneof(
    fc.record({ write: length }),
    fc.record({ take: length }),
    fc.constantFrom("reclaim" as const, "clear" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pool = new BufferPool();
      const output = new SendBuffer(pool);
      const value = new Uint8Array(40_000);
      let isLent = false; // at most one piece, as an outbox has it
      for (const one of steps) {
        if (one === "clear") output.clear();
        else if (one === "reclaim") {
          if (isLent) output.reclaim();
          isLent = false;
        } else if ("write" in one) output.copy(value, 0, one.write);
        else if (!isLent) {
          output.take(one.take);
          isLent = true;
        }
        const { heldBytes } = output;
        expect(pool.usedBytes).toBeLessThanOrEqual(heldBytes);
        if (heldBytes > 8_192) expect(pool.usedBytes).toBeGreaterThanOrEqual(heldBytes - 4_096);
      }
      output.clear();
      expect(pool.usedBytes).toBe(0);
    }),
    { numRuns: fc.readConfigureGlobal()?.numRuns ?? 500 },
  );
});

test("nor is storage forgotten that is outgrown with nothing lent, and then again with something", () => {
  const pool = new BufferPool();
  const output = new SendBuffer(pool);
  const value = new Uint8Array(40_000);
  output.copy(value, 0, 40_000);
  output.take(1_000);
  output.reclaim();
  output.copy(value, 0, 40_000);
  output.take(1_000);
  for (let i = 0; i < 4; i++) output.copy(value, 0, 40_000);
  output.clear();
  expect(pool.usedBytes).toBe(0);
});

test("takes back only what it could have given", () => {
  const pool = new BufferPool();
  pool.give(new Uint8Array(100_000));
  pool.give(new Uint8Array(1_024));
  pool.give(new Uint8Array(2_304));
  pool.give(new Uint8Array(2 ** 25));
  expect([pool.keptBytes, pool.dropped]).toEqual([0, 0]);
  pool.give(pool.take(100_000));
  expect([pool.keptBytes, pool.made]).toEqual([147_456, 1]);
  expect(() => new BufferPool({ keptBytesMax: -1 })).toThrow(
    "keptBytesMax must be a whole number from 0, got -1",
  );
});

test("a send buffer gives back what it needed for much, and not while it is lent", () => {
  const pool = new BufferPool();
  const output = new SendBuffer(pool);
  const value = new Uint8Array(300_000).fill(7);
  output.copy(value, 0, value.length);
  const lent = output.take();
  output.copy(value, 0, value.length);
  expect(pool.keptBytes).toBe(0);
  output.take();
  output.reclaim();
  expect(lent.every((byte) => byte === 7)).toBe(true);
  expect(pool.keptBytes).toBeGreaterThan(0);
  const { made } = pool;
  output.copy(value, 0, value.length);
  expect(pool.made).toBe(made);
});

test("a send buffer that waits keeps 4 KiB at most, and has at once what it needed the last time", () => {
  const pool = new BufferPool();
  const output = new SendBuffer(pool);
  const piece = new Uint8Array(500);
  const send = (pieces: number): void => {
    for (let i = 0; i < pieces; i++) output.copy(piece, 0, piece.length);
    expect(output.take().length).toBe(pieces * piece.length);
    output.reclaim();
  };
  send(100);
  // All of it is the pool's again.
  const kept = pool.keptBytes;
  expect(kept).toBeGreaterThan(100 * piece.length);
  const take = vi.spyOn(pool, "take");
  send(100);
  expect(take.mock.calls).toEqual([[125 * piece.length]]);
  expect(pool.keptBytes).toBe(kept);
  send(1);
  send(1);
  expect(take.mock.calls.slice(1)).toEqual([[125 * piece.length], [625]]);
  send(1);
  expect(take).toHaveBeenCalledTimes(3);
});

test("storage that was outgrown while some of it was lent is the pool's again when that is reclaimed", () => {
  const pool = new BufferPool();
  const output = new SendBuffer(pool);
  output.copy(new Uint8Array(5_000), 0, 5_000);
  const { buffer } = output.take();
  output.copy(new Uint8Array(20_000), 0, 20_000);
  expect(pool.keptBytes).toBe(0);
  output.reclaim();
  expect(pool.keptBytes).toBe(buffer.byteLength);
  expect(pool.take(5_000).buffer).toBe(buffer);
  output.take();
  output.copy(new Uint8Array(200_000), 0, 200_000);
  output.clear(); // what is lent is whose it is
  output.reclaim();
  expect(pool.keptBytes).toBe(0);
});

test("a size is used again whenever it is asked for, up to 18 MiB", () => {
  const pool = new BufferPool({ keptBytesMax: 2 ** 26 });
  for (let bytes = 4_608; bytes <= 18_874_368; bytes *= 2) {
    const taken = pool.take(bytes);
    expect(taken.length).toBe(bytes);
    pool.give(taken);
    expect(pool.take(bytes - 1)).toBe(taken);
    expect(pool.take(bytes + 1).length).toBe(bytes < 18_874_368 ? bytes * 2 : bytes + 1);
  }
  expect([pool.keptBytes, pool.dropped]).toEqual([0, 0]);
});

test("a value of a power of two, and what comes with it, take little more than their bytes", () => {
  for (const valueBytes of [131_072, 1_048_576]) {
    const pool = new BufferPool();
    const decoder = new TextRequestDecoder({}, { pool });
    const sent = wire(`set k 0 0 ${valueBytes}\r\n${"v".repeat(valueBytes)}\r\n`);
    for (let at = 0; at < sent.length - 10; at += 16_384) {
      decoder.receive(sent.subarray(at, Math.min(at + 16_384, sent.length - 10)));
      expect(decoder.next()).toBe("need-data");
      expect(decoder.heldBytes).toBeLessThan(valueBytes * 1.13);
    }
    const output = new SendBuffer(pool);
    output.copy(sent, 0, sent.length);
    expect(output.take().buffer.byteLength).toBeLessThan(valueBytes * 1.13);
  }
});

test("a decoder gives back what a large value needed, and takes it again for the next", () => {
  const pool = new BufferPool();
  const decoder = new TextRequestDecoder({}, { pool });
  const sent = wire(`set k 0 0 300000\r\n${"v".repeat(300_000)}\r\n`);
  for (let round = 0; round < 3; round++) {
    let found = "";
    for (let at = 0; at < sent.length; at += 50_000) {
      decoder.receive(sent.subarray(at, at + 50_000));
      found = decoder.next();
      if (found !== "need-data") expect(decoder.valueEnd - decoder.valueStart).toBe(300_000);
    }
    expect([found, decoder.next(), decoder.heldBytes < 1_000]).toEqual(["request", "need-data", true]);
  }
  expect(pool.made).toBe(1);
});
