// What holds for every message and for every byte that may arrive, whole or in pieces.

import {
  DEFAULT_LIMITS,
  limitsOf,
  TextRequestDecoder,
  type CommandFamily,
  type Limits,
  type TextRequest,
} from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  adminRequest,
  classicRequest,
  cuts,
  metaRequest,
  mutated,
  nearly,
  nonsense,
  reply,
  request,
} from "./arbitraries.ts";
import {
  concat,
  cut,
  decodeReplies,
  decodeRequests,
  encodeReplies,
  encodeRequests,
  type Seen,
  type SeenReply,
  wire,
} from "./wire.ts";

const requests = fc.array(request, { maxLength: 6, size: "max" });
const replies = fc.array(reply, { maxLength: 6, size: "max" });
/** More than the usual hundred: most bytes by chance are refused at once. */
const often = { numRuns: fc.readConfigureGlobal()?.numRuns ?? 500 };
const keepEvery = fc.constantFrom(1, 2, 3, Infinity);

/** Anything at all: bytes by chance, nonsense in the protocol's words, and good streams that were tampered with. */
const anyRequestBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200, size: "max" }),
  nonsense,
  fc.array(nearly, { maxLength: 6, size: "max" }).map(concat),
  mutated(requests.map(encodeRequests)),
  mutated(nonsense),
);
const anyReplyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200, size: "max" }),
  nonsense,
  mutated(replies.map(encodeReplies)),
  mutated(nonsense),
);

/** Limits down to one, so that every one of them is met. */
const limits: fc.Arbitrary<Partial<Limits>> = fc.oneof(
  fc.constant({}),
  fc.record({
    keyBytesMax: fc.integer({ min: 1, max: 30 }),
    valueBytesMax: fc.integer({ min: 1, max: 50 }),
    lineBytesMax: fc.integer({ min: 1, max: 120 }),
    retrievalLineBytesMax: fc.integer({ min: 120, max: 300 }),
    keysMax: fc.integer({ min: 1, max: 12 }),
    metaWordsMax: fc.integer({ min: 1, max: 8 }),
    opaqueBytesMax: fc.integer({ min: 1, max: 10 }),
  }),
);

test("a request that was written is read as it was, however the bytes are cut", () => {
  fc.assert(
    fc.property(requests, cuts, keepEvery, (written, at, keepEvery) => {
      const seen = decodeRequests(cut(encodeRequests(written), at), { keepEvery });
      expect(seen.map((one) => one.found === "request" && one.request)).toEqual(written);
    }),
  );
});

/** With two blanks for each on the line. */
function spaced(wire: Uint8Array): Uint8Array {
  const feed = wire.indexOf(10);
  const line = Array.from(wire.subarray(0, feed), (byte) => (byte === 32 ? [32, 32] : [byte])).flat();
  return Uint8Array.from([...line, ...wire.subarray(feed)]);
}

test("what is read in one pass is what is read word by word: more blanks change nothing", () => {
  const commands = new Set(["get", "set", "mg", "ms"]);
  const hot = request.filter(({ command }) => commands.has(command));
  fc.assert(
    fc.property(hot, limits, (one, limits) => {
      const asked = encodeRequests([one]);
      const requestsOf = (wire: Uint8Array): unknown[] =>
        decodeRequests([wire], {
          limits: { ...limits, lineBytesMax: 2_048, retrievalLineBytesMax: 4_096 },
        }).map((seen) => (seen.found === "request" ? seen.request : seen.refusal));
      expect(requestsOf(asked)).toEqual(requestsOf(spaced(asked)));
    }),
    often,
  );
});

test("a request that was written is of the family that it is written as", () => {
  const familyOf = (request: TextRequest): CommandFamily => {
    const decoder = new TextRequestDecoder();
    decoder.receive(encodeRequests([request]));
    expect(decoder.next()).toBe("request");
    return decoder.family;
  };
  fc.assert(
    fc.property(classicRequest, adminRequest, metaRequest, (classic, admin, meta) => {
      expect([classic, admin, meta].map(familyOf)).toEqual(["classic", "admin", "meta"]);
    }),
  );
});

test("a reply that was written is read as it was, however the bytes are cut", () => {
  fc.assert(
    fc.property(replies, cuts, keepEvery, (written, at, keepEvery) => {
      const seen = decodeReplies(cut(encodeReplies(written), at), { keepEvery });
      expect(seen.map((one) => one.found === "reply" && one.reply)).toEqual(written);
    }),
  );
});

test("the bytes of the messages together are the bytes that came", () => {
  fc.assert(
    fc.property(requests, replies, cuts, (asked, answered, at) => {
      const text = (seen: readonly (Seen | SeenReply)[]): string =>
        seen.map((one) => ("wire" in one ? one.wire : "")).join("");
      const latin1 = (bytes: Uint8Array): string =>
        Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
      const asking = encodeRequests(asked);
      const answering = encodeReplies(answered);
      expect(text(decodeRequests(cut(asking, at)))).toBe(latin1(asking));
      expect(text(decodeReplies(cut(answering, at)))).toBe(latin1(answering));
    }),
  );
});

test("no request bytes make it throw, and how they are cut changes nothing", () => {
  fc.assert(
    fc.property(anyRequestBytes, cuts, limits, keepEvery, (bytes, at, limits, keepEvery) => {
      const whole = decodeRequests([bytes], { limits });
      expect(decodeRequests(cut(bytes, at), { limits, keepEvery })).toEqual(whole);
    }),
    often,
  );
});

test("a value that comes in parts is the value that comes whole, whatever the cuts and from whatever size on", () => {
  const from = fc.oneof(fc.constantFrom(0, 1), fc.nat(60), fc.nat(3_000));
  fc.assert(
    fc.property(anyRequestBytes, cuts, limits, keepEvery, from, (bytes, at, limits, keepEvery, from) => {
      const whole = decodeRequests([bytes], { limits });
      expect(decodeRequests(cut(bytes, at), { limits, keepEvery, partsFromBytes: from })).toEqual(whole);
    }),
    often,
  );
});

test("no reply bytes make it throw, and how they are cut changes nothing", () => {
  fc.assert(
    fc.property(anyReplyBytes, cuts, limits, keepEvery, (bytes, at, limits, keepEvery) => {
      const whole = decodeReplies([bytes], { limits });
      expect(decodeReplies(cut(bytes, at), { limits, keepEvery })).toEqual(whole);
    }),
    often,
  );
});

test("values in pieces are, put together, what they are whole, however the bytes are cut", () => {
  const wires = fc.oneof(replies.map(encodeReplies), anyReplyBytes);
  const threshold = fc.oneof(
    fc.constantFrom(0, 1),
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: 900, max: 3_100 }),
  );
  fc.assert(
    fc.property(wires, cuts, limits, keepEvery, threshold, (bytes, at, limits, keepEvery, partsFromBytes) => {
      const whole = decodeReplies([bytes], { limits });
      const pieces = cut(bytes, at);
      const largest = Math.max(...pieces.map(({ length }) => length));
      const { lineBytesMax, valueBytesMax } = limitsOf(limits);
      const wholeBytesMax = Math.min(valueBytesMax, partsFromBytes);
      const held = (bytes: number): void =>
        expect(bytes).toBeLessThanOrEqual(Math.max(256, 2 * (lineBytesMax + wholeBytesMax + 2 + largest)));
      expect(decodeReplies(pieces, { limits, keepEvery, held }, partsFromBytes)).toEqual(whole);
    }),
    often,
  );
});

test("replies that two large chunks share are seen as others are, and the chunk goes on behind them", () => {
  const many = fc.array(reply, { minLength: 10, maxLength: 60, size: "max" });
  const pieceBytes = fc.integer({ min: 257, max: 3_000 });
  const threshold = fc.constantFrom(Infinity, 0, 30, 2_000);
  fc.assert(
    fc.property(many, pieceBytes, keepEvery, threshold, (written, pieceBytes, keepEvery, partsFromBytes) => {
      const bytes = encodeReplies(written);
      const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
        bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
      );
      const seen = decodeReplies(pieces, { keepEvery }, partsFromBytes);
      expect(seen.map((one) => one.found === "reply" && one.reply)).toEqual(written);
    }),
  );
});

test("a value in pieces takes no memory, however large it is", () => {
  const chunk = new Uint8Array(65_536).fill(120);
  const held: number[] = [];
  const pieces = [
    wire("VALUE a 0 655360\r\n"),
    ...Array.from({ length: 10 }, () => chunk),
    wire("\r\nEND\r\n"),
  ];
  const limits = { valueBytesMax: 655_360 };
  const seen = decodeReplies(pieces, { limits, held: (bytes) => held.push(bytes) }, 1_000);
  expect(seen.map(({ found }) => found)).toEqual(["reply", "reply"]);
  expect(Math.max(...held)).toBeLessThan(1_000);
});

/** The most that a request decoder may hold while it wants more bytes: what its docstring says. */
function requestBytesMax(limits: Limits, chunkBytes: number): number {
  const message = Math.max(limits.retrievalLineBytesMax, 104, limits.lineBytesMax + limits.valueBytesMax) + 2;
  return (
    Math.max(256, 2 * (message + chunkBytes)) + 8 * Math.max(8, limits.keysMax + 4, limits.metaWordsMax + 2)
  );
}

function replyBytesMax(limits: Limits, chunkBytes: number): number {
  return Math.max(256, 2 * (limits.lineBytesMax + limits.valueBytesMax + 2 + chunkBytes));
}

test("memory stays within the limits, whatever is sent", () => {
  fc.assert(
    fc.property(anyRequestBytes, anyReplyBytes, cuts, limits, (asking, answering, at, given) => {
      const limits = limitsOf(given);
      const largest = (pieces: readonly Uint8Array[]): number =>
        Math.max(...pieces.map(({ length }) => length));
      const asked = cut(asking, at);
      const answered = cut(answering, at);
      decodeRequests(asked, {
        limits,
        held: (bytes) => expect(bytes).toBeLessThanOrEqual(requestBytesMax(limits, largest(asked))),
      });
      decodeReplies(answered, {
        limits,
        held: (bytes) => expect(bytes).toBeLessThanOrEqual(replyBytesMax(limits, largest(answered))),
      });
    }),
    often,
  );
});

test("a value that is refused takes no memory, and one that is not begun to arrive takes none either", () => {
  const chunk = new Uint8Array(65_536).fill(120);
  const held: number[] = [];
  const line = wire("set a 0 0 1000000000\r\n");
  decodeRequests([line, ...Array.from({ length: 100 }, () => chunk)], {
    held: (bytes) => held.push(bytes),
  });
  expect(Math.max(...held)).toBeLessThan(1_000);
  decodeRequests([wire("set a 0 0 1048576\r\n")], { held: (bytes) => expect(bytes).toBeLessThan(1_000) });
});

test("a line of too many words takes no more memory than one of as many keys as are allowed", () => {
  const line = wire(`get${" a".repeat(5_000)}\r\n`);
  const held: number[] = [];
  decodeRequests([line], { limits: { keysMax: 100 }, held: (bytes) => held.push(bytes) });
  expect(Math.max(...held)).toBeLessThanOrEqual(8 * 104);
});

test("a decoder that gave up holds nothing, whatever still comes", () => {
  const end = (held: number): void => expect(held).toBeLessThan(1_000);
  for (const text of ["x", "x "]) {
    const chunk = wire(text.repeat(65_536 / text.length));
    decodeRequests([chunk, chunk, chunk, chunk], { held: end });
    decodeReplies([chunk, chunk, chunk, chunk], { held: end });
  }
});

test("what a large message needed is given back when it is read", () => {
  const value = new Uint8Array(DEFAULT_LIMITS.valueBytesMax);
  const large = encodeRequests([
    { command: "set", key: Uint8Array.of(97), flags: 0, exptime: 0, value, noreply: false },
    { command: "get", keys: Array.from({ length: 20_000 }, () => Uint8Array.of(97)) },
  ]);
  let last = 0;
  decodeRequests(cut(large, [0.2, 0.5, 0.8, 0.99]), { held: (bytes) => (last = bytes) });
  expect(last).toBeLessThan(70_000);
});
