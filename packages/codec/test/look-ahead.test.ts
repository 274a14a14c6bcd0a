// What is told of keys before their requests are read.

import { latin1Text, lookAhead, RequestDecoder, type KeyListener } from "@memwire/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classicRequest, cuts, metaRequest, mutated, nonsense } from "./arbitraries.ts";
import { binaryRequest } from "./binary-arbitraries.ts";
import { encodeBinaryRequests } from "./binary-wire.ts";
import { cut, encodeRequests, shown, wire } from "./wire.ts";

const LINE_BYTES_MAX = 512;

class Keys implements KeyListener {
  readonly told: string[] = [];
  readonly #most: number;

  constructor(most = Infinity) {
    this.#most = most;
  }

  get room(): number {
    return this.#most - this.told.length;
  }

  note(bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    expect(0 <= keyStart && keyStart < keyEnd && keyEnd <= bytes.length).toBe(true);
    this.told.push(latin1Text(bytes, keyStart, keyEnd));
  }
}

describe("of text", () => {
  test.each<[wire: string, keys: string, requests: number]>([
    ["get a\r\n", "a", 1],
    ["get a b c\r\ngets d e\r\nget f\n", "a d f", 3],
    ["gat 100 a b\r\ngats 0 c\r\n", "a c", 2],
    ["set a 0 0 7\r\nget x\r\n\r\nget b\r\n", "a b", 2],
    ["cas a 1 0 1 99 noreply\r\n1\r\nadd b 2 3 0\r\n\r\nget c\r\n", "a b c", 3],
    ["append a 0 0 10\r\n0123456789\r\nprepend b 0 0 1\r\n1\r\nreplace c 0 0 1\r\n1\r\n", "a b c", 3],
    ["ms a 7 T5\r\nget x\r\n\r\nmg b v k\r\nmd c q\r\nma d N0\r\nme e\r\nmn\r\n", "a b c d e", 6],
    ["delete a\r\nincr b 100\r\ndecr c 7\r\ntouch d 90\r\n", "a b c d", 4],
    ["version\r\nget a\r\n\r\nget b\r\n", "a b", 4],
    // What has not come whole is not told of, nor what stands behind a value that has not.
    ["get a\r\nget b", "a", 1],
    ["set a 0 0 100\r\nget x\r\nget y\r\n", "a", 1],
    ["set a 0 0 99999999999999999999999\r\nget x\r\n", "a", 1],
    [`get ${"k".repeat(600)}\r\nget a\r\n`, "", 0],
  ])("%s", (text, keys, requests) => {
    const listener = new Keys();
    const bytes = wire(`xx${text}yy`);
    expect(lookAhead(undefined, bytes, 2, bytes.length - 2, listener), shown(text)).toBe(requests);
    expect(listener.told.join(" ")).toBe(keys);
  });

  test("each request's first key is told, in their order, up to the room there is", () => {
    const requests = fc.array(
      fc.oneof(classicRequest, metaRequest).filter((request) => "key" in request || "keys" in request),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 10 }), (requests, room) => {
        const keys: (string | undefined)[] = [];
        for (const request of requests) {
          const line = latin1Text(encodeRequests([request])).split("\n", 1)[0] as string;
          if (line.length >= LINE_BYTES_MAX) break;
          keys.push(line.slice(0, -1).split(" ")[request.command.startsWith("gat") ? 2 : 1]);
        }
        const listener = new Keys(room);
        const bytes = encodeRequests(requests);
        expect(lookAhead("text", bytes, 0, bytes.length, listener)).toBe(Math.min(keys.length, room));
        expect(listener.told).toEqual(keys.slice(0, room));
      }),
    );
  });
});

describe("of binary", () => {
  test("each request's key is told, in their order, up to the room there is", () => {
    fc.assert(
      fc.property(
        fc.array(binaryRequest, { maxLength: 8 }),
        fc.integer({ min: 1, max: 10 }),
        (requests, room) => {
          const keys = requests.flatMap((request) =>
            "key" in request && request.key.length > 0 ? [latin1Text(request.key)] : [],
          );
          const listener = new Keys(room);
          const bytes = encodeBinaryRequests(requests);
          const seen = lookAhead(undefined, bytes, 0, bytes.length, listener);
          expect(listener.told).toEqual(keys.slice(0, room));
          if (keys.length < room) expect(seen).toBe(requests.length);
        },
      ),
    );
  });
});

test.each([
  ["mn\r\n", "text"],
  ["get a\r\n", "text"],
  ["\x80\n".padEnd(24, "\0"), "binary"],
] as const)("of many requests (%j) one call looks at 32", (request, protocol) => {
  const bytes = wire(request.repeat(1_000));
  expect(lookAhead(protocol, bytes, 0, bytes.length, new Keys())).toBe(32);
});

test("whatever comes, nothing is told but what has come, and no more than there is room for", () => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 700, size: "max" }),
    nonsense,
    mutated(fc.array(fc.oneof(classicRequest, metaRequest), { maxLength: 6 }).map(encodeRequests)),
    mutated(fc.array(binaryRequest, { maxLength: 6 }).map(encodeBinaryRequests)),
  );
  const protocol = fc.constantFrom(undefined, "text" as const, "binary" as const);
  fc.assert(
    fc.property(any, protocol, fc.integer({ min: 0, max: 5 }), (bytes, protocol, room) => {
      const listener = new Keys(room);
      const seen = lookAhead(protocol, bytes, 0, bytes.length, listener);
      expect(listener.told.length).toBeLessThanOrEqual(Math.min(room, seen));
    }),
    { numRuns: fc.readConfigureGlobal()?.numRuns ?? 500 },
  );
});

test("a decoder tells of the request at hand and those behind it, however the bytes are cut", () => {
  const requests = fc.array(
    fc.constantFrom("get a", "mg b v", "delete c", "set d 0 0 5\r\nget x", "get e f"),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(requests, cuts, (lines, at) => {
      const decoder = new RequestDecoder();
      const keys = lines.map((line) => line.split(" ")[1]);
      for (const piece of cut(wire(lines.map((line) => `${line}\r\n`).join("")), at)) {
        decoder.receive(piece);
        while (decoder.next() === "request") {
          const listener = new Keys();
          const behind = decoder.lookAhead(listener);
          expect(listener.told.slice(0, behind + 1)).toEqual(keys.slice(0, behind + 1));
          keys.shift();
        }
      }
      expect(keys).toEqual([]);
    }),
  );
});
