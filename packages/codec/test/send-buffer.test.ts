// The send buffer against a plain list of bytes: whatever was written comes out, in order, and what is lent stays.

import { latin1Bytes, SendBuffer } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { unsigned64 } from "./arbitraries.ts";
import { bytesTouched } from "./touched.ts";
import { concat } from "./wire.ts";

type Step = (real: Real, model: Model) => void;

interface Lent {
  readonly view: Uint8Array;
  readonly copy: Uint8Array;
}

/** Two buffers, because one is appended to the other, and what both have lent. */
class Real {
  buffers = [new SendBuffer(), new SendBuffer()] as const;
}

class Model {
  written: [number[], number[]] = [[], []];
  /** Lent until `reclaim`. */
  lent: [Lent[], Lent[]] = [[], []];
  /** Lent for good: the buffer was cleared. */
  left: Lent[] = [];
}

const which = fc.constantFrom(0 as const, 1 as const);

function writing<Value>(
  values: fc.Arbitrary<Value>,
  write: (buffer: SendBuffer, value: Value) => void,
  bytesOf: (value: Value) => Iterable<number>,
): fc.Arbitrary<Step> {
  return fc.tuple(which, values).map(([to, value]): Step => (real, model) => {
    write(real.buffers[to], value);
    model.written[to].push(...bytesOf(value));
  });
}

const piece = fc
  .record({
    bytes: fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 300, maxLength: 2_000 })),
    from: fc.nat(9),
    rest: fc.nat(9),
  })
  .map(({ bytes, from, rest }) => {
    const start = Math.min(from, bytes.length);
    return { bytes, start, end: Math.max(start, bytes.length - rest) };
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  writing(
    fc.integer({ min: 0, max: 255 }),
    (buffer, byte) => buffer.byte(byte),
    (byte) => [byte],
  ),
  writing(
    fc.oneof(
      fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    ),
    (buffer, value) => buffer.uint32(value),
    (value) =>
      latin1Bytes(
        value
          .toString(16)
          .padStart(8, "0")
          .replace(/../g, (digits) => String.fromCharCode(parseInt(digits, 16))),
      ),
  ),
  writing(
    fc.constantFrom("", "END\r\n", "\xff\x00", "x".repeat(600)),
    (buffer, text) => buffer.latin1(text),
    latin1Bytes,
  ),
  writing(
    piece,
    (buffer, { bytes, start, end }) => buffer.copy(bytes, start, end),
    ({ bytes, start, end }) => bytes.subarray(start, end),
  ),
  writing(
    fc.maxSafeInteger().map(Math.abs),
    (buffer, value) => buffer.decimal(value),
    (value) => latin1Bytes(String(value)),
  ),
  writing(
    unsigned64,
    (buffer, value) => buffer.decimal64(Number(value >> 32n), Number(value & 0xffff_ffffn)),
    (value) => latin1Bytes(String(value)),
  ),
  which.map((of): Step => (real, model) => {
    const view = real.buffers[of].take();
    expect(view).toEqual(Uint8Array.from(model.written[of]));
    model.lent[of].push({ view, copy: view.slice() });
    model.written[of] = [];
  }),
  fc.tuple(which, fc.nat(1_000)).map(([of, bytesMax]): Step => (real, model) => {
    const view = real.buffers[of].take(bytesMax);
    expect(view).toEqual(Uint8Array.from(model.written[of].splice(0, bytesMax)));
    model.lent[of].push({ view, copy: view.slice() });
  }),
  which.map((of): Step => (real, model) => {
    real.buffers[of].reclaim();
    model.lent[of] = [];
  }),
  fc.tuple(which, fc.double({ min: 0, max: 1, noNaN: true })).map(([of, part]): Step => (real, model) => {
    const length = Math.floor(part * model.written[of].length);
    real.buffers[of].skip(length);
    model.written[of].splice(0, length);
  }),
  which.map((of): Step => (real, model) => {
    real.buffers[of].clear();
    model.written[of] = [];
    model.left.push(...model.lent[of]);
    model.lent[of] = [];
  }),
  which.map((to): Step => (real, model) => {
    const from = to === 0 ? 1 : 0;
    real.buffers[to].append(real.buffers[from]);
    model.written[to].push(...model.written[from]);
    model.written[from] = [];
  }),
  fc.tuple(which, fc.nat(80), fc.nat(80)).map(([to, some, others]): Step => (real, model) => {
    const from = to === 0 ? 1 : 0;
    const bytes = model.written[from];
    const [start, end] = [Math.min(some, others), Math.max(some, others)];
    if (end > bytes.length) {
      const message = `cannot copy ${start} to ${end} of ${bytes.length} bytes`;
      expect(() => real.buffers[to].copyFrom(real.buffers[from], start, end)).toThrow(message);
      return;
    }
    real.buffers[to].copyFrom(real.buffers[from], start, end);
    model.written[to].push(...bytes.slice(start, end));
  }),
);

test("what was written comes out in order, and what is lent stays as it is until it is reclaimed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const real = new Real();
      const model = new Model();
      for (const run of steps) {
        run(real, model);
        expect(real.buffers.map(({ length }) => length)).toEqual(model.written.map(({ length }) => length));
        for (const { view, copy } of [...model.lent.flat(), ...model.left]) expect(view).toEqual(copy);
      }
    }),
  );
});

test("a buffer that keeps up with its network uses the same storage over and over", () => {
  const out = new SendBuffer();
  const storages = new Set<ArrayBufferLike>();
  for (let i = 0; i < 1_000; i++) {
    out.latin1("VALUE key 0 5\r\nhello\r\nEND\r\n");
    storages.add(out.take().buffer);
    out.reclaim();
  }
  expect(storages.size).toBe(1);
});

test("a buffer that is written to while its network is busy uses a few storages at most", () => {
  const out = new SendBuffer();
  const storages = new Set<ArrayBufferLike>();
  out.latin1("STORED\r\n");
  for (let i = 0; i < 1_000; i++) {
    storages.add(out.take().buffer);
    out.latin1("VALUE key 0 5\r\nhello\r\nEND\r\n");
    out.reclaim();
  }
  expect(storages.size).toBeLessThanOrEqual(2);
});

test("what is taken in pieces while more is written uses a few storages at most", () => {
  const out = new SendBuffer();
  const storages = new Set<ArrayBufferLike>();
  out.latin1("x".repeat(10_000));
  for (let i = 0; i < 10_000; i++) {
    storages.add(out.take(100).buffer);
    out.latin1("y".repeat(100));
    out.reclaim();
  }
  expect(out.length).toBe(10_000);
  expect(storages.size).toBeLessThanOrEqual(2);
});

test("what a large value needed is given back once it is sent", () => {
  const out = new SendBuffer();
  out.copy(new Uint8Array(1_000_000), 0, 1_000_000);
  expect(out.take().length).toBe(1_000_000);
  out.reclaim();
  out.latin1("STORED\r\n");
  expect(out.take().buffer.byteLength).toBeLessThan(2_000);
});

test("many small pieces are moved a bounded number of times", () => {
  const touched = bytesTouched(() => {
    const out = new SendBuffer();
    for (let i = 0; i < 50_000; i++) out.byte(120);
  });
  expect(touched).toBeGreaterThan(50_000);
  expect(touched).toBeLessThan(150_000);
});

test("no more can be skipped than was written", () => {
  const out = new SendBuffer();
  out.latin1("abc");
  expect(() => out.skip(4)).toThrow(new RangeError("cannot skip 4 bytes of 3"));
  out.skip(3);
  expect(out.take()).toEqual(new Uint8Array(0));
});

test("pieces of any size come out whole", () => {
  const parts = Array.from({ length: 200 }, (_, i) => new Uint8Array(i * 7).fill(i));
  const out = new SendBuffer();
  for (const part of parts) out.copy(part, 0, part.length);
  expect(out.take()).toEqual(concat(parts));
});

test("what a source does not have is not copied: it would be what was sent before", () => {
  const out = new SendBuffer();
  for (const [start, end] of [
    [0, 4],
    [-1, 2],
    [2, 1],
    [0, Number.NaN],
  ] as const) {
    expect(() => out.copy(latin1Bytes("abc"), start, end)).toThrow(
      new RangeError(`cannot copy ${start} to ${end} of 3 bytes`),
    );
  }
  expect(out.length).toBe(0);
});
