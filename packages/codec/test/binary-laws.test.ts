// What holds for every binary message and for every byte that may arrive, whole, in pieces, and with values in parts.

import { limitsOf, type Limits } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cuts, mutated } from "./arbitraries.ts";
import { binaryReply, binaryRequest, nearly } from "./binary-arbitraries.ts";
import {
  decodeBinaryReplies,
  decodeBinaryRequests,
  encodeBinaryReplies,
  encodeBinaryRequests,
} from "./binary-wire.ts";
import { byteByByte, concat, cut } from "./wire.ts";

const requests = fc.array(binaryRequest, { maxLength: 6, size: "max" });
const replies = fc.array(binaryReply, { maxLength: 6, size: "max" });
const oneRequest = binaryRequest.map((request) => encodeBinaryRequests([request]));
const oneReply = binaryReply.map((reply) => encodeBinaryReplies([reply]));
const streamOf = (one: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.array(fc.oneof(one, nearly(one)), { maxLength: 6, size: "max" }).map(concat) },
    { weight: 2, arbitrary: mutated(fc.array(one, { maxLength: 4 }).map(concat)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200, size: "max" }) },
  );
/** What clients may send, or anybody. */
const anyRequests = streamOf(oneRequest);
const anyReplies = streamOf(oneReply);

/** Small limits are met often. */
const limits: fc.Arbitrary<Limits> = fc
  .record({
    keyBytesMax: fc.constantFrom(1, 10, 250),
    valueBytesMax: fc.constantFrom(1, 30, 1_048_576),
  })
  .map(limitsOf);
const partsFromBytes = fc.constantFrom(0, 1, 2, 10, 1000, Infinity);
const keepEvery = fc.constantFrom(1, 2, 3, Infinity);
/** More than the usual hundred: most bytes by chance are refused at once. */
const often = { numRuns: fc.readConfigureGlobal()?.numRuns ?? 500 };

const wireOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

test("a request that is written is read as it was", () => {
  fc.assert(
    fc.property(requests, partsFromBytes, (requests, partsFromBytes) => {
      const wires = requests.map((request) => encodeBinaryRequests([request]));
      const seen = requests.map((request, i) => ({
        found: "request",
        request,
        wire: wireOf(wires[i] as Uint8Array),
        quiet: request.opcode.endsWith("q"),
      }));
      expect(decodeBinaryRequests([concat(wires)], { partsFromBytes })).toEqual(seen);
    }),
  );
});

test("a reply that is written is read as it was", () => {
  fc.assert(
    fc.property(replies, partsFromBytes, (replies, partsFromBytes) => {
      const wires = replies.map((reply) => encodeBinaryReplies([reply]));
      const seen = replies.map((reply, i) => ({
        found: "reply",
        reply,
        wire: wireOf(wires[i] as Uint8Array),
      }));
      expect(decodeBinaryReplies([concat(wires)], { partsFromBytes })).toEqual(seen);
    }),
  );
});

test("a request that is read is written as it was, byte for byte", () => {
  fc.assert(
    fc.property(anyRequests, (bytes) => {
      for (const seen of decodeBinaryRequests([bytes])) {
        if (seen.found === "request") expect(wireOf(encodeBinaryRequests([seen.request]))).toBe(seen.wire);
      }
    }),
    often,
  );
});

test("a reply that is read is written as it was, byte for byte", () => {
  fc.assert(
    fc.property(anyReplies, (bytes) => {
      for (const seen of decodeBinaryReplies([bytes])) {
        if (seen.found === "reply") expect(wireOf(encodeBinaryReplies([seen.reply]))).toBe(seen.wire);
      }
    }),
    often,
  );
});

test("sees the same requests however the bytes are cut, kept, and handed out", () => {
  fc.assert(
    fc.property(
      anyRequests,
      cuts,
      limits,
      keepEvery,
      partsFromBytes,
      (bytes, at, limits, keepEvery, partsFromBytes) => {
        const whole = decodeBinaryRequests([bytes], { limits });
        expect(decodeBinaryRequests(cut(bytes, at), { limits, keepEvery, partsFromBytes })).toEqual(whole);
        if (bytes.length < 400) {
          expect(decodeBinaryRequests(byteByByte(bytes), { limits, keepEvery, partsFromBytes })).toEqual(
            whole,
          );
        }
      },
    ),
    often,
  );
});

test("sees the same replies however the bytes are cut, kept, and handed out", () => {
  fc.assert(
    fc.property(
      anyReplies,
      cuts,
      limits,
      keepEvery,
      partsFromBytes,
      (bytes, at, limits, keepEvery, partsFromBytes) => {
        const whole = decodeBinaryReplies([bytes], { limits });
        expect(decodeBinaryReplies(cut(bytes, at), { limits, keepEvery, partsFromBytes })).toEqual(whole);
        if (bytes.length < 400) {
          expect(decodeBinaryReplies(byteByByte(bytes), { limits, keepEvery, partsFromBytes })).toEqual(
            whole,
          );
        }
      },
    ),
    often,
  );
});

/** Header, extras, key, and as much of a value as is held: twice, and the largest chunk. */
function heldBytesMax(limits: Limits, partsFromBytes: number, pieces: readonly Uint8Array[]): number {
  const largest = Math.max(0, ...pieces.map(({ length }) => length));
  const valueBytes = Math.min(limits.valueBytesMax, Math.max(partsFromBytes - 1, 8));
  return Math.max(256, 2 * (24 + 20 + limits.keyBytesMax + valueBytes + largest));
}

test("holds no more than a message and a chunk, twice, and of a value in parts nothing", () => {
  fc.assert(
    fc.property(
      anyRequests,
      anyReplies,
      cuts,
      limits,
      partsFromBytes,
      (asked, answered, at, limits, partsFromBytes) => {
        for (const [decode, bytes] of [
          [decodeBinaryRequests, asked],
          [decodeBinaryReplies, answered],
        ] as const) {
          const pieces = cut(bytes, at);
          const max = heldBytesMax(limits, partsFromBytes, pieces);
          decode(pieces, { limits, partsFromBytes, held: (bytes) => expect(bytes).toBeLessThanOrEqual(max) });
        }
      },
    ),
    often,
  );
});
