// Values that come in parts.

import {
  BinaryReplyDecoder,
  BinaryRequestDecoder,
  latin1Text,
  TextReplyDecoder,
  TextRequestDecoder,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { bin } from "./binary-wire.ts";
import { byteByByte, wire } from "./wire.ts";

/** What `next()` answers, each with its bytes. */
function answers(
  decoder: TextRequestDecoder,
  pieces: readonly Uint8Array[],
): [found: string, bytes: string][] {
  const seen: [string, string][] = [];
  for (const piece of pieces) {
    const lent = piece.slice();
    decoder.receive(lent);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      seen.push([found, latin1Text(decoder.bytes, decoder.start, decoder.end)]);
    }
    lent.fill(0xee);
  }
  return seen;
}

const fromThree = (): TextRequestDecoder => new TextRequestDecoder({}, { partsFromBytes: 3 });

test("a value of that size comes as its line, its parts as they come, and its end; a smaller one whole", () => {
  const pieces = [
    "set a 0 0 3\r",
    "\na",
    "bc",
    "\r",
    "\nset b 0 0 2\r\nab\r\nms c 4 k\r\nabcd\r\nmn\r\n",
  ].map(wire);
  expect(answers(fromThree(), pieces)).toEqual([
    ["head", "set a 0 0 3\r\n"],
    ["part", "a"],
    ["part", "bc"],
    ["tail", "\r\n"],
    ["request", "set b 0 0 2\r\nab\r\n"],
    ["head", "ms c 4 k\r\n"],
    ["part", "abcd"],
    ["tail", "\r\n"],
    ["request", "mn\r\n"],
  ]);
});

test("a value of nothing has no part", () => {
  const decoder = new TextRequestDecoder({}, { partsFromBytes: 0 });
  expect(answers(decoder, [wire("set a 0 0 0\r\n\r\n")])).toEqual([
    ["head", "set a 0 0 0\r\n"],
    ["tail", "\r\n"],
  ]);
});

test("the head has every field but the value, and says how long that will be", () => {
  const decoder = fromThree();
  decoder.receive(wire("cas key 7 60 1000 5 noreply\r\n"));
  expect(decoder.next()).toBe("head");
  expect(decoder).toMatchObject({ command: "cas", flags: 7, exptime: 60, valueBytes: 1_000, noreply: true });
  expect(decoder.snapshot()).toEqual({
    command: "cas",
    key: wire("key"),
    flags: 7,
    exptime: 60,
    cas: 5n,
    value: wire(""),
    noreply: true,
  });
});

test("a value that does not end as it should is refused where it should have ended, and the stream goes on", () => {
  for (const cut of [
    (text: string): Uint8Array[] => [wire(text)],
    (text: string) => byteByByte(wire(text)),
  ]) {
    const decoder = fromThree();
    const seen: unknown[] = [];
    for (const piece of cut("set a 0 0 4 noreply\r\nabcdefversion\r\n")) {
      decoder.receive(piece);
      for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
        if (found === "invalid") seen.push([decoder.refusal, decoder.refusedAt, decoder.noreply]);
        else if (found !== "part") seen.push(found);
      }
    }
    expect(seen).toEqual(["head", ["bad-data-chunk", 25, true], "request"]);
  }
});

test("what is refused for its line or its size never begins", () => {
  const decoder = new TextRequestDecoder({ valueBytesMax: 5 }, { partsFromBytes: 3 });
  const found = answers(decoder, [
    wire("set a x 0 4\r\nabcd\r\nset a 0 0 6\r\nabcdef\r\nms a 4 v v\r\nabcd\r\nmn\r\n"),
  ]);
  expect(found.map(([answer]) => answer)).toEqual(["invalid", "invalid", "invalid", "request"]);
});

test("a large value takes no more memory than its line, whatever it comes in", () => {
  for (const pieceBytes of [1_000, 65_536]) {
    const decoder = new TextRequestDecoder({ valueBytesMax: 100_000_000 }, { partsFromBytes: 1_000 });
    decoder.receive(wire("set a 0 0 100"));
    expect(decoder.next()).toBe("need-data");
    decoder.receive(wire("00000\r\n"));
    expect(decoder.next()).toBe("head");
    let left = 10_000_000;
    while (left > 0) {
      decoder.receive(new Uint8Array(Math.min(left, pieceBytes)));
      expect(decoder.next()).toBe("part");
      left -= decoder.partEnd - decoder.partStart;
      expect(decoder.next()).toBe("need-data");
      if (decoder.heldBytes > 1_000) throw new Error(`holds ${decoder.heldBytes} bytes`);
    }
  }
});

test("a size to begin at that is none is refused with what was given", () => {
  for (const partsFromBytes of [-1, 1.5, Number.NaN, -Infinity, "9" as unknown as number]) {
    expect(() => new TextRequestDecoder({}, { partsFromBytes })).toThrow(
      new RangeError(`partsFromBytes must be a whole number from 0, got ${partsFromBytes}`),
    );
  }
  expect(new TextRequestDecoder({}, { partsFromBytes: Infinity }).next()).toBe("need-data");
});

const all = { partsFromBytes: 1 };
const formats = [
  ["text requests", () => new TextRequestDecoder({}, all), wire("set a 0 0 5\r\nhello\r\n")],
  ["text replies", () => new TextReplyDecoder({}, all), wire("VALUE a 0 5\r\nhello\r\n")],
  [
    "binary requests",
    () => new BinaryRequestDecoder({}, all),
    bin("80 0e 0001 00 00 0000 00000006 00000001 0000000000000000", "ahello"),
  ],
  [
    "binary replies",
    () => new BinaryReplyDecoder({}, all),
    bin("81 00 0000 04 00 0000 00000009 00000001 0000000000000000", "\0\0\0\x07hello"),
  ],
] as const;

test.each(formats)("%s in parts are, from start to end, the bytes that came", (_, decoderOf, bytes) => {
  for (const pieces of [[bytes], [bytes.slice(0, -4), bytes.slice(-4)], byteByByte(bytes)]) {
    const decoder = decoderOf();
    let seen = "";
    for (const piece of pieces) {
      decoder.receive(piece);
      while (decoder.next() !== "need-data") seen += latin1Text(decoder.bytes, decoder.start, decoder.end);
    }
    expect(seen).toBe(latin1Text(bytes));
  }
});

test("a reply whose value has not come to its end leaves a rest, also where its pieces are all consumed", () => {
  for (const [, decoderOf, bytes] of formats) {
    const decoder = decoderOf();
    if (!("hasRest" in decoder)) continue;
    const rests = Array.from(bytes, (_, i) => {
      decoder.receive(bytes.slice(i, i + 1));
      while (decoder.next() !== "need-data");
      return decoder.hasRest;
    });
    expect(rests).toEqual(rests.map((_, i) => i < bytes.length - 1));
  }
});

test("the head of a message is told as one whose value is empty, however much of that is there", () => {
  for (const [name, decoderOf, bytes] of formats) {
    const decoder = decoderOf();
    decoder.receive(bytes);
    expect(decoder.next(), name).toBe("head");
    expect(decoder.snapshot(), name).toHaveProperty("value", new Uint8Array(0));
    expect([decoder.valueEnd - decoder.valueStart, decoder.valueBytes], name).toEqual([0, 5]);
  }
});
