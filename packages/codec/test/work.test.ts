// Work grows with the bytes that come, not with their square, whatever the pieces they come in.

import {
  TextReplyDecoder,
  TextRequestDecoder,
  textReplies,
  type BinaryReply,
  type TextReply,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { bytesTouched } from "./touched.ts";
import { wire } from "./wire.ts";

interface Decoder {
  receive(chunk: Uint8Array): void;
  keep(): void;
  next(): string;
}

const request = (): Decoder => new TextRequestDecoder();
const inParts = (): Decoder => new TextRequestDecoder({}, { partsFromBytes: 1 });
const reply = (): Decoder => new TextReplyDecoder();

/** Streams of about n bytes. */
const streams: readonly [name: string, decoder: () => Decoder, wire: (n: number) => string][] = [
  ["one value to store", request, (n) => `set a 0 0 ${n}\r\n${"v".repeat(n)}\r\n`],
  ["one line of many keys", request, (n) => `get ${"key:1 ".repeat(n / 6)}\r\n`],
  ["one line of one long word", request, (n) => `get ${"k".repeat(n)}\r\n`],
  ["one line of blanks", request, (n) => `gets ${" ".repeat(n)}`],
  ["a value that is refused", request, (n) => `set a x 0 ${n}\r\n${"v".repeat(n)}\r\n`],
  ["one value in parts", inParts, (n) => `set a 0 0 ${n}\r\n${"v".repeat(n)}\r\n`],
  ["small values in parts", inParts, (n) => "ms a 9 k\r\n123456789\r\n".repeat(n / 21)],
  ["meta lines", request, (n) => "mg key:1 v t O123 k\r\n".repeat(n / 21)],
  [
    "meta lines of more flags than there may be",
    request,
    (n) => `mg a${" v".repeat(900)}\r\n`.repeat(n / 1_806),
  ],
  ["line after line", request, (n) => "get key:1\r\n".repeat(n / 11)],
  ["line feeds", request, (n) => "\n".repeat(n)],
  ["small values to store", request, (n) => "set a 0 0 9\r\n123456789\r\n".repeat(n / 24)],
  ["a request that is not told what is wrong with it", request, (n) => `POST / HTTP/1.1\r\n${"x".repeat(n)}`],
  ["one value", reply, (n) => `VALUE a 0 ${n}\r\n${"v".repeat(n)}\r\n`],
  ["values", reply, (n) => "VALUE a 0 1\r\nx\r\nEND\r\n".repeat(n / 21)],
  ["lines of statistics", reply, (n) => `STAT ${"x".repeat(95)}\r\n`.repeat(n / 102)],
  ["a VALUE line that goes on and on", reply, (n) => `VALUE ${"k".repeat(n)}`],
  ["what is no reply", reply, (n) => "x".repeat(n)],
];

function feed(decoder: Decoder, bytes: Uint8Array, pieceBytes: number): void {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    decoder.receive(bytes.subarray(at, at + pieceBytes));
    let found = decoder.next();
    while (found !== "need-data" && found !== "fatal") found = decoder.next();
  }
}

for (const [name, decoder, stream] of streams) {
  test(`twice as much of ${name} is twice the work`, () => {
    for (const pieceBytes of [1, 7, 1_000]) {
      const touched = (n: number): number => {
        const bytes = wire(stream(n));
        return bytesTouched(() => feed(decoder(), bytes, pieceBytes));
      };
      const once = touched(8_000);
      expect(once, `pieces of ${pieceBytes}`).toBeGreaterThan(0);
      expect(once, `pieces of ${pieceBytes}`).toBeLessThan(8_000 * 12);
      expect(touched(16_000), `pieces of ${pieceBytes}`).toBeLessThan(once * 2.5);
    }
  });
}

test("a pipeline that is taken up little by little is not moved with every little", () => {
  const requests = wire("get key:1\r\n".repeat(1_000));
  const more = requests.subarray(0, 11);
  const touched = bytesTouched(() => {
    const decoder = new TextRequestDecoder();
    decoder.receive(requests);
    decoder.keep();
    for (let i = 0; i < 1_000; i++) {
      expect(decoder.next()).toBe("request");
      decoder.keep();
      decoder.receive(more);
      decoder.keep();
    }
  });
  expect(touched).toBeLessThan(requests.length * 20);
});

test("a value is taken from one format to another without being read", () => {
  const key = wire("a");
  const metaFlags = ["f0", "c1"];
  const common = { opaque: 0, cas: 1n, key: wire("") };
  const answers: readonly ((value: Uint8Array) => BinaryReply | TextReply)[] = [
    (value) => ({ kind: "va", metaFlags, value }),
    (value) => ({ opcode: "get", status: "ok", flags: 0, value, ...common }),
  ];
  for (const answer of answers) {
    const touched = bytesTouched(() => {
      const reply = answer(new Uint8Array(10_000));
      const told = textReplies({ command: "get", keys: [key] }, [reply] as TextReply[]);
      expect(told).toMatchObject([{ kind: "value" }, { kind: "end" }]);
    });
    expect(touched).toBe(0);
  }
});
