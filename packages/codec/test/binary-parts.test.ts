// Large values of the binary protocol, handed out in pieces as they come, and how little is held meanwhile.

import { BinaryReplyDecoder, BinaryRequestDecoder, latin1Text } from "@memwire/codec";
import { expect, test } from "vitest";
import { bin, decodeBinaryReplies, decodeBinaryRequests } from "./binary-wire.ts";
import { concat, wire } from "./wire.ts";

const set = (valueBytes: number): Uint8Array =>
  bin(
    `80 01 0001 08 00 0000 ${(valueBytes + 9).toString(16).padStart(8, "0")} deadbeef 0000000000000000`,
    "\0\0\0\x07\0\0\0\x08a",
  );
const hit = (valueBytes: number): Uint8Array =>
  bin(
    `81 00 0000 04 00 0000 ${(valueBytes + 4).toString(16).padStart(8, "0")} deadbeef 0000000000000000`,
    "\0\0\0\x07",
  );
const noop = bin("80 0a 0000 00 00 0000 00000000 00000001 0000000000000000");

interface Decoder {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly partStart: number;
  readonly partEnd: number;
  receive(chunk: Uint8Array): void;
  next(): string;
}

/** Each answer, with the bytes that belong to it. */
function answers(
  decoder: Decoder,
  pieces: readonly Uint8Array[],
): (readonly [found: string, bytes: string])[] {
  return pieces.flatMap((piece) => {
    const seen: [string, string][] = [];
    decoder.receive(piece);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      const { bytes, start, end, partStart, partEnd } = decoder;
      seen.push([
        found,
        found === "part" ? latin1Text(bytes, partStart, partEnd) : latin1Text(bytes, start, end),
      ]);
      if (found === "fatal") break;
    }
    return seen;
  });
}

test("a value from that many bytes on comes as head, parts and tail, as its bytes come", () => {
  const head = set(5);
  const pieces = [
    head.subarray(0, 30),
    concat([head.subarray(30), wire("he")]),
    wire("l"),
    concat([wire("lo"), noop]),
  ];
  expect(answers(new BinaryRequestDecoder({}, { partsFromBytes: 5 }), pieces)).toEqual([
    ["head", latin1Text(head)],
    ["part", "he"],
    ["part", "l"],
    ["part", "lo"],
    ["tail", ""],
    ["request", latin1Text(noop)],
  ]);
  expect(answers(new BinaryRequestDecoder({}, { partsFromBytes: 6 }), pieces)).toEqual([
    ["request", `${latin1Text(head)}hello`],
    ["request", latin1Text(noop)],
  ]);
});

test("the head is all of the request but its value", () => {
  const decoder = new BinaryRequestDecoder({}, { partsFromBytes: 1 });
  decoder.receive(set(1_000_000));
  expect([decoder.next(), decoder.valueEnd - decoder.valueStart]).toEqual(["head", 0]);
  const { opcode, flags, exptime, opaque, valueBytes, bytes, keyStart, keyEnd } = decoder;
  expect({ opcode, flags, exptime, opaque, valueBytes, key: latin1Text(bytes, keyStart, keyEnd) }).toEqual({
    opcode: "set",
    flags: 7,
    exptime: 8,
    opaque: 0xdeadbeef,
    valueBytes: 1_000_000,
    key: "a",
  });
  expect(decoder.next()).toBe("need-data");
});

test("an empty value has no part, and from 0 bytes on is a head and a tail all the same", () => {
  const found = (partsFromBytes: number): unknown[] => [
    ...answers(new BinaryRequestDecoder({}, { partsFromBytes }), [concat([set(0), noop])]).map(
      ([found]) => found,
    ),
    ...answers(new BinaryReplyDecoder({}, { partsFromBytes }), [hit(0)]).map(([found]) => found),
  ];
  expect(found(0)).toEqual(["head", "tail", "request", "head", "tail"]);
  expect(found(1)).toEqual(["request", "request", "reply"]);
});

test("replies without an item's value come whole: an empty one, and the number of incr", () => {
  const stored = bin("81 01 0000 00 00 0000 00000000 deadbeef 0000000000000000");
  const number = bin("81 05 0000 00 00 0000 00000008 deadbeef 0000000000000000", "\0\0\0\0\0\0\0\x05");
  const decoder = new BinaryReplyDecoder({}, { partsFromBytes: 0 });
  expect(answers(decoder, [concat([stored, number])]).map(([found]) => found)).toEqual(["reply", "reply"]);
  expect(decoder.number).toEqual({ high: 0, low: 5 });
});

test("a value that is too large is refused and skipped, in parts as whole", () => {
  const options = { partsFromBytes: 1 };
  expect(
    answers(new BinaryRequestDecoder({ valueBytesMax: 4 }, options), [
      concat([set(5), wire("hello"), noop]),
    ]).map(([found]) => found),
  ).toEqual(["invalid", "request"]);
  expect(
    answers(new BinaryReplyDecoder({ valueBytesMax: 4 }, options), [hit(5)]).map(([found]) => found),
  ).toEqual(["fatal"]);
});

test("a reply decoder in the middle of a value has not come to its end", () => {
  const decoder = new BinaryReplyDecoder({}, { partsFromBytes: 1 });
  decoder.receive(hit(2));
  expect([decoder.next(), decoder.next(), decoder.hasRest]).toEqual(["head", "need-data", true]);
  decoder.receive(wire("xy"));
  expect([decoder.next(), decoder.hasRest, decoder.next(), decoder.hasRest]).toEqual([
    "part",
    true,
    "tail",
    false,
  ]);
});

test("a value of many chunks takes no memory in parts, and in pieces what it has", () => {
  const chunk = new Uint8Array(65_536).fill(120);
  const limits = { valueBytesMax: 100 * chunk.length };
  const value = Array.from({ length: 100 }, () => chunk);
  for (const [decode, head] of [
    [decodeBinaryRequests, set(100 * chunk.length)],
    [decodeBinaryReplies, hit(100 * chunk.length)],
  ] as const) {
    for (const [partsFromBytes, most] of [
      [1, 300],
      [Infinity, Infinity],
    ] as const) {
      const held: number[] = [];
      const parts: number[] = [];
      // The head comes in two pieces: some of it is kept.
      const pieces = [head.subarray(0, 26), head.subarray(26), ...value];
      const seen = decode(pieces, {
        limits,
        partsFromBytes,
        held: (bytes) => held.push(bytes),
        part: (bytes) => parts.push(bytes),
      });
      expect(seen).toHaveLength(1);
      expect(parts).toHaveLength(partsFromBytes === 1 ? 100 : 0);
      expect(Math.max(...held)).toBeLessThanOrEqual(most);
      if (partsFromBytes !== 1) expect(Math.max(...held)).toBeGreaterThan(100 * chunk.length);
    }
  }
});

test("a bound that is not a whole number from 0 is refused with what was given", () => {
  for (const partsFromBytes of [-1, 1.5, Number.NaN, "9" as unknown as number, -Infinity]) {
    for (const Decoder of [BinaryRequestDecoder, BinaryReplyDecoder]) {
      expect(() => new Decoder({}, { partsFromBytes })).toThrow(
        new RangeError(`partsFromBytes must be a whole number from 0, got ${partsFromBytes}`),
      );
    }
  }
});
