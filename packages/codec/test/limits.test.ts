// Each limit at its bound: what is as large is taken, what is larger by one is refused; by default and as options.

import {
  BinaryReplyDecoder,
  BinaryRequestDecoder,
  DatagramJoiner,
  DEFAULT_LIMITS,
  limitsOf,
  TextReplyDecoder,
  TextRequestDecoder,
  type Limits,
  type Refusal,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { bin } from "./binary-wire.ts";
import { byteByByte, decodeReplies, decodeRequests, wire } from "./wire.ts";

type Wire = (size: number) => string;

/** Every flag there is. */
const LETTERS = "k s t c f v h l u q x I P L O M T0 N0 R0 F0 C0 E0 D0 J0".split(" ");

/** Another bound than the default; more words than there are flags cannot be well formed. */
const OTHERS: Readonly<Partial<Record<keyof Limits, number>>> = {
  retrievalLineBytesMax: 3_000,
  metaWordsMax: 25,
};

/** A request whose size in the limit's sense is given. */
const requestOf: Readonly<Record<keyof Limits, readonly [refusal: Refusal, wire: Wire]>> = {
  keyBytesMax: ["bad-format", (size) => `delete ${"k".repeat(size)}\r\n`],
  valueBytesMax: ["too-large", (size) => `set a 0 0 ${size}\r\n${"v".repeat(size)}\r\n`],
  lineBytesMax: ["line-too-long", (size) => `touch a 0${" ".repeat(size - 10)}\r\n`],
  retrievalLineBytesMax: ["line-too-long", (size) => `gets a${" ".repeat(size - 7)}\r\n`],
  keysMax: ["too-many-keys", (size) => `get${" a".repeat(size)}\r\n`],
  metaWordsMax: ["too-many-flags", (size) => `mg a ${LETTERS.slice(0, size - 2).join(" ")}\r\n`],
  opaqueBytesMax: ["opaque-too-long", (size) => `mg a O${"o".repeat(size)}\r\n`],
};

/** A reply likewise. */
const replyOf: Readonly<Partial<Record<keyof Limits, readonly [fault: string, wire: Wire]>>> = {
  keyBytesMax: ["bad-value", (size) => `VALUE ${"k".repeat(size)} 0 0\r\n\r\n`],
  valueBytesMax: ["value-too-large", (size) => `VALUE a 0 ${size}\r\n${"v".repeat(size)}\r\n`],
  lineBytesMax: ["line-too-long", (size) => `STAT ${"x".repeat(size - 6)}\r\n`],
};

const names = Object.keys(requestOf) as (keyof Limits)[];

for (const name of names) {
  for (const max of [DEFAULT_LIMITS[name], OTHERS[name] ?? 150]) {
    const limits = max === DEFAULT_LIMITS[name] ? {} : { [name]: max };
    const [refusal, request] = requestOf[name];

    test(`a request at ${name} of ${max} is taken, one more is refused as ${refusal}`, () => {
      expect(decodeRequests([wire(request(max))], { limits })).toEqual([
        expect.objectContaining({ found: "request" }),
      ]);
      expect(decodeRequests([wire(request(max + 1))], { limits })).toEqual([
        expect.objectContaining({ refusal }),
      ]);
      if (max > 5_000) return;
      expect(decodeRequests(byteByByte(wire(request(max))), { limits })).toEqual([
        expect.objectContaining({ found: "request" }),
      ]);
      expect(decodeRequests(byteByByte(wire(request(max + 1))), { limits })).toEqual([
        expect.objectContaining({ refusal }),
      ]);
    });

    const [fault, reply] = replyOf[name] ?? [];
    if (reply === undefined) continue;

    test(`a reply at ${name} of ${max} is taken, one more is fatal as ${fault}`, () => {
      expect(decodeReplies([wire(reply(max))], { limits })).toEqual([
        expect.objectContaining({ found: "reply" }),
      ]);
      expect(decodeReplies([wire(reply(max + 1))], { limits })).toEqual([
        expect.objectContaining({ found: "fatal", fault }),
      ]);
    });
  }
}

test("the limit of lines holds for those too that are read in one pass, whole and in pieces", () => {
  for (const text of ["set key 0 0 1\r\nx\r\n", "mg key v k\r\n", "ms key 1 T0\r\nx\r\n"]) {
    const lineBytesMax = text.indexOf("\n");
    for (const pieces of [[wire(text)], byteByByte(wire(text))]) {
      expect(decodeRequests(pieces, { limits: { lineBytesMax } })).toMatchObject([{ found: "request" }]);
      expect(decodeRequests(pieces, { limits: { lineBytesMax: lineBytesMax - 1 } })).toEqual([
        { found: "fatal", refusal: "line-too-long", at: lineBytesMax - 1 },
      ]);
    }
  }
});

test("the limit of reply lines holds for those too that are read in one pass, whole and in pieces", () => {
  for (const text of ["END\r\n", "STORED\r\n", "VALUE key 0 1\r\nx\r\n", "VA 1 f0\r\nx\r\n"]) {
    const lineBytesMax = text.indexOf("\n");
    for (const pieces of [[wire(text)], byteByByte(wire(text))]) {
      expect(decodeReplies(pieces, { limits: { lineBytesMax } })).toMatchObject([{ found: "reply" }]);
      expect(decodeReplies(pieces, { limits: { lineBytesMax: lineBytesMax - 1 } })).toEqual([
        { found: "fatal", fault: "line-too-long", faultAt: lineBytesMax - 1 },
      ]);
    }
  }
});

test("of a line that is too long the first byte beyond its limit is what is wrong", () => {
  const limits = { lineBytesMax: 120, retrievalLineBytesMax: 300 };
  for (const [text, at] of [
    [`get ${"k ".repeat(200)}\r\n`, 300],
    [`  gets ${"k ".repeat(200)}`, 300],
    [`mg a ${"v ".repeat(200)}`, 120],
  ] as const) {
    for (const pieces of [[wire(text)], byteByByte(wire(text))]) {
      expect(decodeRequests(pieces, { limits })).toEqual([{ found: "fatal", refusal: "line-too-long", at }]);
    }
  }
});

test("the limit of other lines does not hold for retrievals", () => {
  const keys = " a".repeat(2_000);
  const found = (text: string): string[] => decodeRequests([wire(text)]).map((seen) => seen.found);
  for (const line of ["get", "gets", "gat 0", "gats 0"])
    expect(found(`${line}${keys}\r\n`)).toEqual(["request"]);
  expect(found(`touch a 0${keys}\r\n`)).toEqual(["fatal"]);
});

test("a retrieval is known by its first word, however short the lines of others must be and however it is cut", () => {
  for (const text of ["get a b c d e f\r\n", "gets a b c d e f\r\n"]) {
    const limits = { lineBytesMax: 1 };
    for (const pieces of [[wire(text)], byteByByte(wire(text))]) {
      expect(decodeRequests(pieces, { limits })).toEqual([expect.objectContaining({ found: "request" })]);
    }
  }
});

test("the last of more words than are kept still counts", () => {
  const text = (last: string): string => `set a 0 0 1${" b".repeat(20)} ${last}\r\nx\r\n`;
  const limits = { keysMax: 1 };
  const quiet = ["noreply", "noreply  "].map((last) => decodeRequests([wire(text(last))], { limits }));
  const loud = ["noreplies", "\r", "NOREPLY b"].map((last) => decodeRequests([wire(text(last))], { limits }));
  expect(quiet.flat().map((seen) => seen.found === "request" && seen.request)).toMatchObject([
    { noreply: true },
    { noreply: true },
  ]);
  expect(loud.flat().map((seen) => seen.found === "request" && seen.request)).toMatchObject([
    { noreply: false },
    { noreply: false },
    { noreply: false },
  ]);
});

test("a limit that is not a whole number from 1 is refused with what was given", () => {
  for (const name of names) {
    for (const value of [0, -1, 1.5, Number.NaN, Infinity, "9" as unknown as number]) {
      expect(() => limitsOf({ [name]: value })).toThrow(
        new RangeError(
          `${name} must be a whole number from 1, got ${typeof value === "string" ? `"${value as string}"` : value}`,
        ),
      );
    }
  }
});

test("a limit that there is not is refused: misspelt, it would hold nothing back", () => {
  const misspelt = { valueBytesMx: 1 } as object;
  const message = `limits has no valueBytesMx: there are ${names.toSorted().join(", ")}`;
  for (const Decoder of [TextRequestDecoder, TextReplyDecoder, BinaryRequestDecoder, BinaryReplyDecoder]) {
    expect(() => new Decoder(misspelt)).toThrow(new RangeError(message));
  }
  expect(() => new DatagramJoiner(misspelt)).toThrow(
    new RangeError(
      "limits has no valueBytesMx: there are datagramsMax, heldBytesMax, repliesMax, replyBytesMax",
    ),
  );
});

test("retrieval lines cannot be held shorter than others", () => {
  expect(() => limitsOf({ retrievalLineBytesMax: 2_047 })).toThrow(
    new RangeError("retrievalLineBytesMax must be at least lineBytesMax, 2048, got 2047"),
  );
  expect(limitsOf({ retrievalLineBytesMax: 2_048 }).keysMax).toBe(DEFAULT_LIMITS.keysMax);
});

test("the limit of reply lines holds for each way of reading one", () => {
  for (const line of [
    "STORED",
    "HD O1",
    "VA 0 f1",
    "VALUE a 0 0",
    "VALUE a 4294967295 0 7",
    "7",
    "STAT x",
    "key=a",
  ]) {
    const text = wire(`${line}\r\n${line.startsWith("VA") ? "\r\n" : ""}`);
    const found = (lineBytesMax: number): string[] =>
      decodeReplies([text], { limits: { lineBytesMax } }).map((seen) => seen.found);
    expect([found(line.length + 1), found(line.length)], line).toEqual([["reply"], ["fatal"]]);
  }
});

test("what is no number of bytes is refused as partsFromBytes", () => {
  for (const partsFromBytes of [-1, 1.5, Number.NaN, -Infinity, "9" as unknown as number]) {
    expect(() => new TextReplyDecoder({}, { partsFromBytes })).toThrow(
      new RangeError(`partsFromBytes must be a whole number from 0, got ${partsFromBytes}`),
    );
  }
  expect(new TextReplyDecoder({}, { partsFromBytes: 0 }).next()).toBe("need-data");
  expect(new TextReplyDecoder({}, { partsFromBytes: Infinity }).next()).toBe("need-data");
});

test("values come in pieces from the threshold on, and one byte less comes whole", () => {
  for (const [valueBytes, found] of [
    [9, "reply"],
    [10, "head"],
  ] as const) {
    for (const line of [`VALUE a 0 ${valueBytes}`, `VALUE a 0 ${valueBytes} 7`, `VA ${valueBytes} f1`]) {
      const decoder = new TextReplyDecoder({}, { partsFromBytes: 10 });
      decoder.receive(wire(`${line}\r\n${"v".repeat(valueBytes)}\r\n`));
      expect([decoder.next(), decoder.valueBytes]).toEqual([found, valueBytes]);
    }
  }
});

test("a length that memcached cannot have is refused whatever the limit is, and however its line is cut", () => {
  for (const text of ["set a 0 0 2147483646\r\n", "ms a 2147483646\r\n"]) {
    for (const pieces of [[wire(text)], byteByByte(wire(text))]) {
      const decoder = new TextRequestDecoder({ valueBytesMax: 2 ** 40 }, { partsFromBytes: 0 });
      const found = pieces.map((piece) => (decoder.receive(piece), decoder.next()));
      expect([found.at(-1), decoder.refusal]).toEqual(["invalid", "bad-format"]);
    }
  }
});

test("of a value that is too large the line is told all the same", () => {
  const decoder = new TextRequestDecoder({ valueBytesMax: 5 });
  decoder.receive(wire("set a 7 8 1\r\nx\r\ncas b 9 10 6 11 noreply\r\n"));
  expect(decoder.next()).toBe("request");
  expect(decoder.next()).toBe("invalid");
  expect(decoder).toMatchObject({ refusal: "too-large", command: "cas", flags: 9, exptime: 10 });
  expect(decoder).toMatchObject({ valueBytes: 6, cas: { high: 0, low: 11 }, noreply: true });
});

test("a decoder that waits for the next message keeps no view of a large one before it", () => {
  const value = "v".repeat(500_000);
  const body = "0007a121 00000001 0000000000000000";
  for (const [decoder, message] of [
    [new TextRequestDecoder(), wire(`set a 0 0 500000\r\n${value}\r\n`)],
    [new TextReplyDecoder(), wire(`VALUE a 0 500000\r\n${value}\r\n`)],
    [new BinaryRequestDecoder(), bin(`80 0e 0001 00 00 0000 ${body}`, `a${value}`)],
    [new BinaryReplyDecoder(), bin(`81 0c 0001 00 00 0000 ${body}`, `a${value}`)],
  ] as const) {
    decoder.receive(message.slice(0, 300_000));
    expect(decoder.next()).toBe("need-data");
    decoder.receive(message.slice(300_000));
    expect(decoder.next()).toMatch(/request|reply/);
    expect(decoder.valueEnd - decoder.valueStart).toBe(500_000);
    expect(decoder.next()).toBe("need-data");
    expect([decoder.bytes.buffer.byteLength, decoder.heldBytes < 1_000]).toEqual([0, true]);
  }
});

test("a line that is too long is all that is told of it: nothing of the request before it", () => {
  const decoder = new TextRequestDecoder();
  decoder.receive(wire(`get${" k".repeat(20_000)}\r\ndelete k noreply\r\n${"x".repeat(3_000)}`));
  expect([decoder.next(), decoder.next()]).toEqual(["request", "request"]);
  const behind = decoder.end;
  expect(decoder.next()).toBe("fatal");
  expect(decoder).toMatchObject({ noreply: false, start: behind, end: behind + 2_048, refusedAt: 2_048 });
  expect(decoder.keyOffsets.buffer.byteLength).toBeLessThan(1_000);
});
