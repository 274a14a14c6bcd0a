// What is written comes back, and nothing else ever does.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checksumOf } from "../src/checksum.ts";
import {
  encodeUtf8,
  type RestorableStore,
  SlabStore,
  SNAPSHOT_PIECE_BYTES_MAX,
  type SnapshotFault,
  SnapshotReader,
  SnapshotWriter,
} from "../src/mod.ts";
import { contents, fill, type PlainItem, readInto, textOf, written } from "./snapshot-items.ts";
import { START } from "./store-laws.ts";

const MINUTE_MS = 60_000;

const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 65_000, max: 66_000 }) },
  { weight: 1, arbitrary: fc.nat({ max: 200_000 }) },
);
/** No two parts of it are alike. */
const pattern = textOf(Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 0x9e37_79b1) >>> 24));
const value = fc
  .tuple(size, fc.nat({ max: 100_000 }))
  .map(([length, start]) => pattern.slice(start, start + length));
const item: fc.Arbitrary<PlainItem> = fc.record({
  key: fc.uint8Array({ minLength: 1, maxLength: 250, size: "max" }).map((bytes) => textOf(bytes)),
  value,
  flags: fc.oneof(fc.constant(0), fc.nat({ max: 0xffff_ffff })),
  expiresAt: fc.oneof(
    fc.constant(Infinity),
    fc.integer({ min: START + 1, max: START + 10 * MINUTE_MS }),
    fc.integer({ min: 1, max: 999 }).map((part) => START + 1 + part / 1_000),
  ),
  cas: fc.bigInt({ min: 1n, max: 2n ** 63n }),
  usedAt: fc.nat({ max: 1_000_000 }).map((tenths) => START - tenths * 100),
  marks: fc.nat({ max: 15 }),
});
const items = fc.uniqueArray(item, { maxLength: 15, selector: ({ key }) => key });

const plain = (key: string, value: string, more: Partial<PlainItem> = {}): PlainItem => ({
  key,
  value,
  flags: 0,
  expiresAt: Infinity,
  cas: 1n,
  usedAt: START,
  marks: 0,
  ...more,
});

const emptyStore = (): SlabStore => new SlabStore({ bytesMax: 8 * 1_048_576 });

const snapshotOf = (items: readonly PlainItem[], now = START): Uint8Array => {
  const store = emptyStore();
  fill(store, items, now);
  return written(store, now);
};

test("what was written is read, however the bytes are cut", () => {
  fc.assert(
    fc.property(items, fc.array(fc.nat(), { maxLength: 20 }), (items, places) => {
      const store = emptyStore();
      fill(store, items, START);
      const snapshot = written(store, START);
      const cuts = places.map((place) => place % (snapshot.length + 1)).sort((one, other) => one - other);
      const restored = emptyStore();
      expect(readInto(restored, snapshot, START, cuts)).toEqual({
        outcome: "restored",
        writtenAt: START,
        items: items.length,
        expired: 0,
        tooLarge: 0,
        noRoom: 0,
        evicted: 0,
      });
      expect(contents(restored, START)).toEqual(new Map(items.map((item) => [item.key, item])));
      expect(restored.counters.currItems).toBe(items.length);
    }),
  );
});

test("a snapshot of a restored store restores the same, byte by byte as it comes", () => {
  const first = snapshotOf([plain("a", "1", { cas: 7n }), plain("b", "x".repeat(700), { flags: 5 })]);
  const store = emptyStore();
  const everywhere = Array.from(first.keys());
  expect(readInto(store, first, START, everywhere)).toMatchObject({ outcome: "restored", items: 2 });
  const again = emptyStore();
  expect(readInto(again, written(store, START), START)).toMatchObject({ outcome: "restored", items: 2 });
  expect(contents(again, START)).toEqual(contents(store, START));
});

test("an empty store has a snapshot, too", () => {
  const store = emptyStore();
  expect(readInto(store, snapshotOf([]), START)).toMatchObject({ outcome: "restored", items: 0 });
});

test("comes in pieces of bounded size, and then no more", () => {
  const store = emptyStore();
  fill(store, [plain("large", "x".repeat(1_000_000)), plain("small", "y")], START);
  const writer = new SnapshotWriter(store);
  const sizes: number[] = [];
  for (let piece = writer.next(START); piece !== undefined; piece = writer.next(START)) {
    sizes.push(piece.length);
  }
  expect(sizes.length).toBeGreaterThan(15);
  expect(Math.max(...sizes)).toBe(SNAPSHOT_PIECE_BYTES_MAX);
  expect(writer.items).toBe(2);
  expect(writer.next(START)).toBeUndefined();
});

test("a store in use meanwhile: what stays is there once, what changes is there as it was or as it is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 59 }), fc.constantFrom("set", "delete", "add")), { maxLength: 60 }),
      (acts) => {
        const store = emptyStore();
        const old = Array.from({ length: 60 }, (_, i) => plain(`key:${i}`, `${i}`.padEnd(12_000, "o")));
        fill(store, old, START);
        const stays = new Set(old.keys());
        const left = [...acts];
        const snapshot = written(store, START, () => {
          const [number, does] = left.shift() ?? [0, ""];
          const key = encodeUtf8(does === "add" ? `new:${number}` : `key:${number}`);
          const value = encodeUtf8(`${number}`.padEnd(12_000, "n"));
          if (does === "" || does === "add") {
            if (does === "add") store.set(key, 0, key.length, value, 0, value.length, 0, Infinity, START);
            return;
          }
          stays.delete(number);
          if (does === "delete") store.delete(key, 0, key.length, START);
          else store.set(key, 0, key.length, value, 0, value.length, 0, Infinity, START);
        });
        const restored = emptyStore();
        const result = readInto(restored, snapshot, START);
        const seen = contents(restored, START);
        expect(result).toMatchObject({ outcome: "restored" });
        for (const number of stays) expect(seen.get(`key:${number}`)).toEqual(old[number]);
        for (const [name, { value }] of seen) {
          const number = name.slice(4);
          const kinds = name.startsWith("new:") ? ["n"] : ["o", "n"];
          expect(kinds.map((kind) => number.padEnd(12_000, kind))).toContain(value);
        }
      },
    ),
    { numRuns: Math.max(20, fc.readConfigureGlobal().numRuns ?? 0) },
  );
});

describe("time that goes by", () => {
  test("what expired before the snapshot is not in it, what expires after it is dropped on reading", () => {
    const store = emptyStore();
    fill(
      store,
      [
        plain("gone", "1", { expiresAt: START + 1 }),
        plain("soon", "2", { expiresAt: START + MINUTE_MS }),
        plain("late", "3", { expiresAt: START + MINUTE_MS + 1 }),
        plain("large", "4".repeat(100_000), { expiresAt: START + MINUTE_MS }),
      ],
      START,
    );
    const snapshot = written(store, START + 1);
    const restored = emptyStore();
    const result = readInto(restored, snapshot, START + MINUTE_MS);
    expect(result).toMatchObject({ outcome: "restored", writtenAt: START + 1, items: 1, expired: 2 });
    expect([...contents(restored, START + MINUTE_MS).keys()]).toEqual(["late"]);
  });

  test("nothing was used in the future, even if the clock was put back", () => {
    const store = emptyStore();
    const snapshot = snapshotOf([plain("a", "1", { usedAt: START })]);
    readInto(store, snapshot, START - MINUTE_MS);
    expect(contents(store, START - MINUTE_MS).get("a")?.usedAt).toBe(START - MINUTE_MS);
  });

  test("a flush to come still comes", () => {
    const store = emptyStore();
    fill(store, [plain("a", "1")], START);
    store.flush(START + MINUTE_MS, START);
    const snapshot = written(store, START);
    const before = emptyStore();
    expect(readInto(before, snapshot, START + 1)).toMatchObject({ items: 1, expired: 0 });
    expect(contents(before, START + MINUTE_MS - 1).size).toBe(1);
    expect(contents(before, START + MINUTE_MS).size).toBe(0);
    const after = emptyStore();
    expect(readInto(after, snapshot, START + MINUTE_MS)).toMatchObject({ items: 0, expired: 1 });
    expect(contents(after, START + MINUTE_MS).size).toBe(0);
  });

  test("new cas uniques are above those of items that were gone by then", () => {
    const [before, after] = [emptyStore(), emptyStore()];
    const key = encodeUtf8("k");
    const set = (store: SlabStore): void => void store.set(key, 0, 1, key, 0, 1, 0, Infinity, START);
    for (let i = 0; i < 5_000; i++) set(before);
    const last = contents(before, START).get("k")?.cas ?? 0n;
    before.delete(key, 0, 1, START);
    readInto(after, written(before, START), START);
    set(after);
    expect(contents(after, START).get("k")?.cas).toBeGreaterThan(last);
  });

  test("new cas uniques are above all that came back", () => {
    const store = emptyStore();
    readInto(store, snapshotOf([plain("a", "1", { cas: 12_345_678_901n })]), START);
    const key = encodeUtf8("b");
    store.set(key, 0, 1, key, 0, 1, 0, Infinity, START);
    expect(contents(store, START).get("b")?.cas).toBeGreaterThan(12_345_678_901n);
  });
});

test("what was used longest ago goes first, as it would have without the restart", () => {
  const store = new SlabStore({ bytesMax: 1_048_576, segmented: false });
  const ages = Array.from({ length: 50 }, (_, i) => ((i * 17) % 50) * MINUTE_MS);
  const old = ages.map((age) => plain(`${age}`, "x".repeat(10_000), { usedAt: START - age }));
  readInto(store, snapshotOf(old), START);
  const gone: number[] = [];
  store.listener = {
    gone: (_cause, bytes, keyStart, keyEnd) => gone.push(Number(textOf(bytes, keyStart, keyEnd))),
  };
  const value = new Uint8Array(10_000);
  for (let i = 0; gone.length < 50; i++) {
    const key = encodeUtf8(`new:${i}`);
    store.set(key, 0, key.length, value, 0, value.length, 0, Infinity, START);
  }
  expect(gone).toEqual(ages.sort((one, other) => other - one));
});

describe("a smaller store", () => {
  test("skips items above its own bound, and counts them", () => {
    const lengths = [1, 5_000, 70_000, 200_000, 2];
    const snapshot = snapshotOf(lengths.map((length) => plain(`${length}`, "x".repeat(length))));
    const store = new SlabStore({ itemBytesMax: 4_096 });
    expect(readInto(store, snapshot, START)).toMatchObject({ outcome: "restored", items: 2, tooLarge: 3 });
    expect([...contents(store, START).keys()].sort()).toEqual(["1", "2"]);
  });

  test("is not asked for an item that nobody could hold, and counts it for a bound that only it knows", () => {
    const asked: number[] = [];
    const store: RestorableStore = {
      itemBytesMax: 4_096,
      counters: emptyStore().counters,
      flush: () => {},
      resetCounters: () => {},
      restore: (_key, _keyStart, _keyEnd, _value, start, end) => {
        asked.push(end - start);
        return end - start > 4_000 ? "too-large" : "stored";
      },
      restored: () => {},
    };
    const lengths = [100, 4_050, 4_097, 100_000];
    const snapshot = snapshotOf(lengths.map((length) => plain(`${length}`, "x".repeat(length))));
    expect(readInto(store, snapshot, START)).toMatchObject({ items: 1, tooLarge: 3, noRoom: 0 });
    expect(asked.sort((one, other) => one - other)).toEqual([100, 4_050]);
  });

  const many = Array.from({ length: 300 }, (_, i) => plain(`${i}`, "x".repeat(10_000)));

  test("says how many it had no room for, if it must not evict", () => {
    const store = new SlabStore({ bytesMax: 1_048_576, evictions: false });
    const result = readInto(store, snapshotOf(many), START);
    const kept = contents(store, START).size;
    expect(kept).toBeGreaterThan(50);
    expect(result).toMatchObject({ outcome: "restored", items: kept, noRoom: 300 - kept, evicted: 0 });
  });

  test("says how many it evicted", () => {
    const store = new SlabStore({ bytesMax: 1_048_576 });
    const result = readInto(store, snapshotOf(many), START);
    const kept = contents(store, START).size;
    expect(kept).toBeGreaterThan(50);
    expect(result).toMatchObject({ outcome: "restored", items: 300, noRoom: 0, evicted: 300 - kept });
  });
});

describe("bytes that are no snapshot", () => {
  const small = snapshotOf([plain("a", "one"), plain("key", "two", { flags: 77, cas: 2n })]);
  const long = snapshotOf([
    plain("large", "x".repeat(200_000)),
    ...Array.from({ length: 500 }, (_, i) => plain(`key:${i}`, `${i}`.repeat(100))),
  ]);

  /** Empty before and after: there is no need of another one each time. */
  const store = emptyStore();
  const refused = (bytes: Uint8Array): string => {
    const result = readInto(store, bytes, START);
    expect(contents(store, START).size).toBe(0);
    expect(store.counters.totalItems).toBe(0);
    return result.outcome === "refused" ? result.fault : result.outcome;
  };

  test("any one bit changed is found, and the store is empty", () => {
    for (const [at, byte] of small.entries()) {
      for (let bit = 1; bit < 256; bit *= 2) {
        expect(refused(small.with(at, byte ^ bit)), `bit ${bit} of byte ${at}`).not.toBe("restored");
      }
    }
  });

  test("any few bytes changed, anywhere, are found, and the store is empty", () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: long.length - 1 }), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(changes, (changes) => {
        const changed = long.slice();
        for (const [at, change] of changes) changed[at] = (long[at] as number) ^ change;
        expect(refused(changed)).not.toBe("restored");
      }),
    );
  });

  test("cut off anywhere it is refused", () => {
    for (const at of small.keys()) expect(refused(small.slice(0, at)), `at ${at}`).toBe("cut-off");
    fc.assert(
      fc.property(fc.nat({ max: long.length - 1 }), (at) => {
        expect(refused(long.slice(0, at))).toBe("cut-off");
      }),
    );
  });

  test("a block that is missing, twice there or in another's place is found", () => {
    const blocks = partsOf(long);
    const joined = (order: readonly number[]): Uint8Array =>
      Uint8Array.from(order.flatMap((number) => [...(blocks[number] as Uint8Array)]));
    const order = Array.from(blocks.keys());
    expect(order.length).toBeGreaterThan(5);
    expect(joined(order)).toEqual(long);
    expect(refused(joined(order.toSpliced(1, 1)))).toBe("wrong-checksum");
    expect(refused(joined(order.toSpliced(1, 0, 1)))).toBe("wrong-checksum");
    expect(refused(joined(order.toSpliced(1, 2, 2, 1)))).toBe("wrong-checksum");
  });

  test("nothing makes the reader throw, not even what has the right checksums", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat({ max: 32 }), (bytes, kept) => {
        expect(refused(Uint8Array.from([...small.slice(0, kept), ...bytes]))).not.toBe("restored");
        const forged = refused(sealed([small.slice(0, 28), block(bytes), endOf(0)]));
        expect(["wrong-record", "wrong-count"]).toContain(forged);
      }),
    );
  });

  test.each<[bytes: Uint8Array, fault: SnapshotFault, at: number, message: string]>([
    [new Uint8Array(0), "cut-off", 0, "cut off at byte 0: the end of the snapshot must follow there"],
    [
      encodeUtf8("set a 0 0 1\r\n1\r\n"),
      "foreign",
      0,
      'not a snapshot: byte 0 is 0x73, and a snapshot begins with "memwire-snapshot"',
    ],
    [
      encodeUtf8("memwire-proxy"),
      "foreign",
      8,
      'not a snapshot: byte 8 is 0x70, and a snapshot begins with "memwire-snapshot"',
    ],
    [small.with(16, 1), "unknown-version", 16, "a snapshot of version 1, at byte 16: must be version 2"],
    [
      small.with(28, (small[28] as number) ^ 1),
      "wrong-checksum",
      28,
      "damaged: the checksum at byte 28 must be 0x17c7f9cc for the bytes before it, got 0x17c7f9cd",
    ],
    [
      small.with(34, 2),
      "wrong-length",
      32,
      "damaged: the block at byte 32 must have at most 65536 bytes, got 131154",
    ],
    [
      small.slice(0, -1),
      "cut-off",
      small.length - 1,
      "cut off at byte 153: the end of the snapshot must follow there",
    ],
    [
      Uint8Array.from([...small, 0]),
      "bytes-after-end",
      small.length,
      "damaged: the snapshot must end at byte 154, got more bytes",
    ],
    [
      sealed([small.slice(0, 28), small.slice(32, 118), endOf(3)]),
      "wrong-count",
      126,
      "damaged: the number of items at byte 126 must be 2, as many as there are, got 3",
    ],
    [
      sealed([small.slice(0, 28), block(new Uint8Array(40)), endOf(1)]),
      "wrong-record",
      36,
      "damaged: at byte 36 there must be an item, got bytes that cannot be one",
    ],
    [
      sealed([small.slice(0, 28), block(small.slice(36, 75)), endOf(0)]),
      "wrong-record",
      79,
      "damaged: at byte 79 there must be an item, got bytes that cannot be one",
    ],
  ])("case %#: says what is wrong, where, and what would be right", (bytes, fault, at, message) => {
    expect(readInto(store, bytes, START)).toEqual({ outcome: "refused", fault, at, message });
  });

  test.each<[what: string, at: number, change: (record: DataView) => void]>([
    ["a key of no bytes", 36, (record) => record.setUint16(0, 0, true)],
    ["a key of 251 bytes", 36, (record) => record.setUint16(0, 251, true)],
    ["a key that ends behind its block", 36, (record) => record.setUint16(0, 200, true)],
    ["a mark that there is not", 36, (record) => record.setUint16(2, 16, true)],
    ["a time to expire that is no number", 36, (record) => record.setFloat64(20, Number.NaN, true)],
    ["a time of use that is no number", 36, (record) => record.setFloat64(28, Number.NaN, true)],
    ["a time of use before all times", 36, (record) => record.setFloat64(28, -Infinity, true)],
    ["a value that goes on behind the end", 176, (record) => record.setUint32(8, 0xffff_ffff, true)],
  ])("%s is no item, whatever the checksum says", (_what, at, change) => {
    const one = snapshotOf([plain("k".repeat(100), "")]).slice(36, 172);
    change(new DataView(one.buffer));
    const forged = sealed([small.slice(0, 28), block(one), endOf(1)]);
    expect(readInto(store, forged, START)).toMatchObject({ fault: "wrong-record", at });
  });

  test("a reader that has refused reads no further and says the same again", () => {
    const reader = new SnapshotReader(store);
    expect(reader.receive(encodeUtf8("hello, this is no snapshot at all"), START)).toBe("refused");
    expect(reader.receive(small, START)).toBe("refused");
    expect(reader.ended(START)).toBe(reader.ended(START));
  });
});

/** The parts of a snapshot: head, blocks, end. */
function partsOf(snapshot: Uint8Array): Uint8Array[] {
  const view = new DataView(snapshot.buffer);
  const parts = [snapshot.slice(0, 32)];
  for (let at = 32; at < snapshot.length;) {
    const length = view.getUint32(at, true);
    const end = at + (length === 0 ? 24 : length + 8);
    parts.push(snapshot.slice(at, end));
    at = end;
  }
  return parts;
}

/** Parts without their checksums, with the right ones. */
function sealed(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part, number) => {
      const checksum = checksumOf(new DataView(part.slice().buffer), 0, part.length, number);
      return [...part, ...new Uint8Array(Uint32Array.of(checksum).buffer)];
    }),
  );
}

function block(records: Uint8Array): Uint8Array {
  return Uint8Array.from([...new Uint8Array(Uint32Array.of(records.length).buffer), ...records]);
}

function endOf(items: number): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, ...new Uint8Array(Float64Array.of(items, Infinity, 0).buffer)]);
}

test("a chunk that is no bytes is refused, and what has come before stays as it was", () => {
  const reader = new SnapshotReader(new SlabStore());
  for (const [chunk, shown] of [
    ["text", "string"],
    [new ArrayBuffer(1), "ArrayBuffer"],
    [[1], "Array"],
  ] as unknown as readonly (readonly [Uint8Array, string])[]) {
    expect(() => reader.receive(chunk, START)).toThrow(
      new TypeError(`a chunk must be a Uint8Array, got ${shown}`),
    );
  }
  expect(reader.receive(new Uint8Array(1), START)).toBe("need-data");
});
