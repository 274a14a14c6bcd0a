// What the binary protocol cannot say is refused before anything is written.

import {
  SendBuffer,
  writeBinaryReply,
  writeBinaryRequest,
  type BinaryReply,
  type BinaryRequest,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { wire } from "./wire.ts";

const key = wire("a");
const value = wire("x");
const common = { opaque: 0, cas: 0n, vbucket: 0 };
const set: BinaryRequest = { opcode: "set", key, flags: 0, exptime: 0, value, ...common };
const get: BinaryReply = { opcode: "get", status: "ok", opaque: 0, cas: 0n, key: wire(""), value };
const UINT_32 = "must be a whole number from 0 to 4294967295, got";
const UINT_64 = "a 64-bit number must be from 0 to 18446744073709551615, got";

const requests: readonly [request: BinaryRequest, message: string][] = [
  [{ opcode: "get", key: wire(""), ...common }, "a key must have 1 to 250 bytes, got 0"],
  [{ opcode: "get", key: wire("k".repeat(251)), ...common }, "a key must have 1 to 250 bytes, got 251"],
  [{ opcode: "stat", key: wire("k".repeat(251)), ...common }, "a key must have 0 to 250 bytes, got 251"],
  [{ opcode: "sasl-auth", key: wire(""), value, ...common }, "a key must have 1 to 250 bytes, got 0"],
  [{ ...set, flags: -1 }, `flags ${UINT_32} -1`],
  [{ ...set, flags: 2 ** 32 }, `flags ${UINT_32} 4294967296`],
  [{ ...set, exptime: -1 }, `exptime ${UINT_32} -1`],
  [{ ...set, exptime: 1.5 }, `exptime ${UINT_32} 1.5`],
  [{ opcode: "flush", exptime: Number.NaN, ...common }, `exptime ${UINT_32} NaN`],
  [{ ...set, opaque: 2 ** 32 }, `opaque ${UINT_32} 4294967296`],
  [{ ...set, cas: -1n }, `${UINT_64} -1`],
  [{ ...set, vbucket: 65_536 }, "vbucket must be a whole number from 0 to 65535, got 65536"],
  [{ ...set, dataType: 0 }, "dataType must be a whole number from 1 to 255, got 0"],
  [{ opcode: "incr", key, delta: 2n ** 64n, initial: 0n, exptime: 0, ...common }, `${UINT_64} ${2n ** 64n}`],
  [{ opcode: "decr", key, delta: 0n, initial: -5n, exptime: 0, ...common }, `${UINT_64} -5`],
];

const number = "number must be the one in the value's 8 bytes, got";

const replies: readonly [reply: BinaryReply, message: string][] = [
  [{ ...get, opcode: 0 }, 'opcode 0 must be given by its name, "get"'],
  [{ ...get, opcode: 256 }, "an opcode must be a whole number from 0 to 255, got 256"],
  [{ ...get, key: wire("k".repeat(251)) }, "a key must have 0 to 250 bytes, got 251"],
  [{ ...get, flags: -1 }, `flags ${UINT_32} -1`],
  [{ ...get, opaque: -1 }, `opaque ${UINT_32} -1`],
  [{ ...get, dataType: 256 }, "dataType must be a whole number from 1 to 255, got 256"],
  [{ ...get, cas: 2n ** 64n }, `${UINT_64} ${2n ** 64n}`],
  [{ ...get, number: 1n }, "a number must answer incr or decr that went well, got 1 for get"],
  [{ ...get, opcode: 0x50, number: 1n }, "a number must answer incr or decr that went well, got 1 for 80"],
  [
    { ...get, opcode: "incr", status: "not-found", number: 1n },
    "a number must answer incr or decr that went well, got 1 for incr",
  ],
  [{ ...get, opcode: "incr", value: wire("\0\0\0\0\0\0\0\x05") }, `${number} undefined and 5`],
  [{ ...get, opcode: "decrq", number: 4n, value: wire("\0\0\0\0\0\0\0\x05") }, `${number} 4 and 5`],
  [{ ...get, opcode: "incr", number: 4n }, `${number} 4 and undefined`],
];

for (const [request, message] of requests) {
  test(`writes no ${request.opcode}: ${JSON.stringify(message)}`, () => {
    const out = new SendBuffer();
    expect(() => writeBinaryRequest(out, request)).toThrow(new RangeError(message));
    expect(out.length).toBe(0);
  });
}

for (const [reply, message] of replies) {
  test(`writes no reply to ${reply.opcode}: ${JSON.stringify(message)}`, () => {
    const out = new SendBuffer();
    expect(() => writeBinaryReply(out, reply)).toThrow(new RangeError(message));
    expect(out.length).toBe(0);
  });
}

test("a value may be written behind its request, whose length then says how much comes", () => {
  const [whole, parts] = [new SendBuffer(), new SendBuffer()];
  writeBinaryRequest(whole, set);
  writeBinaryRequest(parts, { ...set, value: wire("") }, value.length);
  parts.copy(value, 0, value.length);
  expect(parts.take()).toEqual(whole.take());
  expect(() => writeBinaryRequest(parts, set, -1)).toThrow(new RangeError(`valueBytes ${UINT_32} -1`));
});
