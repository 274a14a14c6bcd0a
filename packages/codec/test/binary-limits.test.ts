// The limits that hold for binary messages, at their bounds; and what is held of what is refused.

import { DEFAULT_LIMITS, type Limits } from "@memwire/codec";
import { expect, test } from "vitest";
import { bin, decodeBinaryReplies, decodeBinaryRequests } from "./binary-wire.ts";
import { byteByByte } from "./wire.ts";

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const message = (magic: string, code: string, keyBytes: number, valueBytes: number): Uint8Array =>
  bin(
    `${magic} ${code} ${hex(keyBytes, 4)} 00 00 0000 ${hex(keyBytes + valueBytes, 8)} 00000001 0000000000000000`,
    "k".repeat(keyBytes) + "v".repeat(valueBytes),
  );

/** A message whose size in the limit's sense is given, and what is said of one that is larger. */
const rows: readonly [
  name: keyof Limits,
  refusal: object,
  request: (size: number) => Uint8Array,
  fault: object,
  reply: (size: number) => Uint8Array,
][] = [
  [
    "keyBytesMax",
    { found: "fatal", refusal: "key-too-long" },
    (size) => message("80", "00", size, 0),
    { found: "fatal", fault: "key-too-long" },
    (size) => message("81", "0c", size, 0),
  ],
  [
    "valueBytesMax",
    { found: "invalid", refusal: "too-large" },
    (size) => message("80", "0e", 1, size),
    { found: "fatal", fault: "value-too-large" },
    (size) => message("81", "00", 1, size),
  ],
];

for (const [name, refusal, request, fault, reply] of rows) {
  for (const max of [DEFAULT_LIMITS[name], 40, 300]) {
    const limits = max === DEFAULT_LIMITS[name] ? {} : { [name]: max };

    test(`a message at ${name} of ${max} is taken, one more is not`, () => {
      const ways =
        max > 5_000 ? [(bytes: Uint8Array) => [bytes]] : [(bytes: Uint8Array) => [bytes], byteByByte];
      for (const pieces of ways) {
        expect(decodeBinaryRequests(pieces(request(max)), { limits })).toMatchObject([{ found: "request" }]);
        expect(decodeBinaryRequests(pieces(request(max + 1)), { limits })).toMatchObject([refusal]);
        expect(decodeBinaryReplies(pieces(reply(max)), { limits })).toMatchObject([{ found: "reply" }]);
        expect(decodeBinaryReplies(pieces(reply(max + 1)), { limits })).toMatchObject([fault]);
      }
    });
  }
}

test("a body that is skipped takes no memory, up to 4 GiB, and one that is not begun to arrive takes none either", () => {
  const chunk = new Uint8Array(65_536).fill(120);
  const few = (bytes: number): void => expect(bytes).toBeLessThan(1_000);
  const unknown = bin("80 50 0001 00 00 0000 ffffffff 00000001 0000000000000000");
  const large = bin("80 01 0001 08 00 0000 ffffffff 00000001 0000000000000000", "\0\0\0\0\0\0\0\0a");
  const allowed = bin("80 0e 0001 00 00 0000 00100001 00000001 0000000000000000", "a");
  for (const head of [unknown, large]) {
    expect(
      decodeBinaryRequests([head, ...Array.from({ length: 50 }, () => chunk)], { held: few }),
    ).toHaveLength(1);
  }
  expect(decodeBinaryRequests([allowed], { held: few })).toEqual([]);
});

test("a decoder that gave up holds nothing, whatever it held and whatever still comes", () => {
  const chunk = new Uint8Array(65_536).fill(0x80);
  const [request, reply] = [message("80", "00", 251, 0), message("81", "00", 251, 0)];
  for (const [decode, bytes] of [
    [decodeBinaryRequests, request],
    [decodeBinaryReplies, reply],
  ] as const) {
    const held: number[] = [];
    const seen = decode([bytes.subarray(0, 10), bytes.subarray(10), chunk, chunk], {
      held: (bytes) => held.push(bytes),
    });
    expect(seen).toHaveLength(1);
    expect(held[0]).toBeGreaterThan(0);
    expect(held.slice(1)).toEqual([0, 0, 0]);
  }
});

test("what a large message needed is given back when it is read", () => {
  let last = 0;
  const large = message("80", "0e", 1, DEFAULT_LIMITS.valueBytesMax);
  decodeBinaryRequests([large.subarray(0, 500_000), large.subarray(500_000)], {
    held: (bytes) => (last = bytes),
  });
  expect(last).toBe(0);
});
