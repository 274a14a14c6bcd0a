// One decoder for both protocols: the first byte decides, for good.

import { latin1Text, RequestDecoder, type ProtocolOptions } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cuts, request } from "./arbitraries.ts";
import { binaryRequest } from "./binary-arbitraries.ts";
import { bin, encodeBinaryRequests } from "./binary-wire.ts";
import { byteByByte, concat, cut, encodeRequests, wire } from "./wire.ts";

const noop = bin("80 0a 0000 00 00 0000 00000000 00000001 0000000000000000");

/** Each answer with its protocol, and the message or the refusal. */
function answers(pieces: readonly Uint8Array[], options?: ProtocolOptions): unknown[] {
  const decoder = new RequestDecoder({}, options);
  const seen: unknown[] = [];
  for (const piece of pieces) {
    const lent = piece.slice();
    decoder.receive(lent);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      const { protocol } = decoder;
      const spoken = protocol === "binary" ? decoder.binary : decoder.text;
      seen.push([protocol, found === "request" ? spoken.snapshot() : spoken.refusal]);
      if (found === "fatal") return seen;
    }
    lent.fill(0xee);
  }
  return seen;
}

test("nothing is decided before the first byte", () => {
  const decoder = new RequestDecoder();
  decoder.receive(new Uint8Array(0));
  expect([decoder.protocol, decoder.next()]).toEqual([undefined, "need-data"]);
  decoder.receive(noop.subarray(0, 1));
  expect([decoder.protocol, decoder.next()]).toEqual(["binary", "need-data"]);
});

test("0x80 is binary and every other byte is text, and what comes later changes nothing", () => {
  for (let first = 0; first < 256; first++) {
    const decoder = new RequestDecoder();
    decoder.receive(Uint8Array.of(first));
    expect(decoder.protocol).toBe(first === 0x80 ? "binary" : "text");
  }
  for (const way of [(bytes: Uint8Array) => [bytes], byteByByte]) {
    expect(answers(way(concat([noop, wire("get a\r\n")])))).toMatchObject([
      ["binary", { opcode: "noop" }],
      ["binary", "bad-magic"],
    ]);
    expect(answers(way(concat([wire("version\r\n"), noop, wire("\r\nversion\r\n")])))).toMatchObject([
      ["text", { command: "version" }],
      ["text", "bad-format"], // 0x80, and the opcode of noop, which is a line feed
      ["text", "unknown-command"],
      ["text", { command: "version" }],
    ]);
  }
});

test("a protocol that is forced is spoken whatever comes, as with memcached's -B", () => {
  expect(answers([wire("get a\r\n")], { protocol: "binary" })).toEqual([["binary", "bad-magic"]]);
  expect(answers([concat([noop, wire("\r\n")])], { protocol: "text" })).toEqual([
    ["text", "bad-format"],
    ["text", "unknown-command"],
  ]);
  expect(answers([noop], { protocol: "binary" })).toMatchObject([["binary", { opcode: "noop" }]]);
});

test("sees what the decoder of the protocol sees, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), cuts, (requests, at) => {
      const seen = requests.map((request) => ["text", request]);
      expect(answers(cut(encodeRequests(requests), at))).toEqual(seen);
    }),
  );
  fc.assert(
    fc.property(fc.array(binaryRequest, { minLength: 1, maxLength: 4 }), cuts, (requests, at) => {
      const seen = requests.map((request) => ["binary", request]);
      expect(answers(cut(encodeBinaryRequests(requests), at))).toEqual(seen);
    }),
  );
});

test("limits hold for both, and what is kept is its own", () => {
  for (const [bytes, protocol] of [
    [wire("get a\r\ndelete abcde\r\n"), "text"],
    [
      concat([
        bin("80 00 0001 00 00 0000 00000001 00000001 0000000000000000", "a"),
        bin("80 00 0005 00 00 0000 00000005 00000001 0000000000000000", "abcde"),
      ]),
      "binary",
    ],
  ] as const) {
    const decoder = new RequestDecoder({ keyBytesMax: 4 });
    const before = decoder.heldBytes;
    const lent = bytes.slice();
    decoder.receive(lent);
    expect(decoder.next()).toBe("request");
    const { bytes: at, keyStart, keyEnd } = decoder[protocol];
    expect(latin1Text(at, keyStart, keyEnd)).toBe("a");
    decoder.keep();
    lent.fill(0xee);
    expect(decoder.heldBytes).toBeGreaterThan(before);
    expect(decoder.next()).toBe(protocol === "text" ? "invalid" : "fatal");
  }
});

test("large values of both come in parts where that is asked for", () => {
  const append = bin("80 0e 0001 00 00 0000 00000004 00000001 0000000000000000", "abcd");
  for (const message of [append, wire("append a 0 0 4\r\nabcd\r\n")]) {
    const decoder = new RequestDecoder({}, { partsFromBytes: 3 });
    decoder.receive(message);
    const found = [decoder.next(), decoder.next(), decoder.next(), decoder.next()];
    expect(found).toEqual(["head", "part", "tail", "need-data"]);
  }
});

test("goes on with another stream, of either protocol, where no message has begun", () => {
  const decoder = new RequestDecoder();
  const version = wire("version\r\n");
  const noop = Uint8Array.from([0x80, 0x0a, ...new Uint8Array(22)]);
  const streams = [
    [undefined, version, "text"],
    [undefined, noop, "binary"],
    ["text", version, "text"],
    ["binary", noop, "binary"],
    [undefined, version, "text"],
  ] as const;
  for (const [protocol, bytes, found] of streams) {
    decoder.begin(protocol);
    decoder.receive(bytes);
    expect([decoder.next(), decoder.protocol]).toEqual(["request", found]);
    expect([decoder.next(), decoder.isInMessage]).toEqual(["need-data", false]);
  }
});
