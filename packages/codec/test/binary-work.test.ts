// Work grows with the bytes that come, not with their square, whatever the pieces they come in.

import { BinaryReplyDecoder, BinaryRequestDecoder } from "@memwire/codec";
import { expect, test } from "vitest";
import { bin } from "./binary-wire.ts";
import { bytesTouched } from "./touched.ts";
import { concat } from "./wire.ts";

interface Decoder {
  receive(chunk: Uint8Array): void;
  next(): string;
}

const hex = (value: number): string => value.toString(16).padStart(8, "0");
const request = (): Decoder => new BinaryRequestDecoder();
const requestParts = (): Decoder => new BinaryRequestDecoder({}, { partsFromBytes: 100 });
const reply = (): Decoder => new BinaryReplyDecoder();
const replyParts = (): Decoder => new BinaryReplyDecoder({}, { partsFromBytes: 100 });

const set = (n: number): Uint8Array =>
  bin(`80 01 0001 08 00 0000 ${hex(n + 9)} 00000001 0000000000000000`, `${"\0".repeat(8)}a${"v".repeat(n)}`);
const hit = (n: number): Uint8Array =>
  bin(`81 00 0000 04 00 0000 ${hex(n + 4)} 00000001 0000000000000000`, `${"\0".repeat(4)}${"v".repeat(n)}`);
const get = bin("80 00 0005 00 00 0000 00000005 00000001 0000000000000000", "key:1");
const unknown = (n: number): Uint8Array =>
  bin(`80 50 0000 00 00 0000 ${hex(n)} 00000001 0000000000000000`, "v".repeat(n));
const many = (one: Uint8Array, n: number): Uint8Array =>
  concat(Array.from({ length: Math.ceil(n / one.length) }, () => one));

/** Streams of about n bytes. */
const streams: readonly [name: string, decoder: () => Decoder, stream: (n: number) => Uint8Array][] = [
  ["one value to store", request, set],
  ["one value to store, in parts", requestParts, set],
  ["requests without a value", request, (n) => many(get, n)],
  ["small values to store", request, (n) => many(set(9), n)],
  ["values to store, in parts", requestParts, (n) => many(set(200), n)],
  ["a body that is skipped", request, unknown],
  ["what is no request", request, (n) => new Uint8Array(n)],
  ["one value", reply, hit],
  ["one value, in parts", replyParts, hit],
  ["values", reply, (n) => many(hit(9), n)],
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
        const bytes = stream(n);
        return bytesTouched(() => feed(decoder(), bytes, pieceBytes));
      };
      const once = touched(8_000);
      expect(once, `pieces of ${pieceBytes}`).toBeLessThan(8_000 * 12);
      expect(touched(16_000), `pieces of ${pieceBytes}`).toBeLessThan(Math.max(once * 2.5, 1_000));
    }
  });
}

test("of a value that comes in parts nothing is copied", () => {
  const bytes = set(100_000);
  // The decoder makes arrays, and views of them, only of what it keeps.
  expect(bytesTouched(() => feed(requestParts(), bytes, 1_000))).toBeLessThan(1_000);
  expect(bytesTouched(() => feed(request(), bytes, 1_000))).toBeGreaterThan(100_000);
});
