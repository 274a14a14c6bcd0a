// Every opcode as [wire, meaning], read and written from the same table.

import { Buffer } from "node:buffer";
import { BinaryRequestDecoder, latin1Text, OPCODES, type BinaryRequest } from "@memwire/codec";
import { expect, test } from "vitest";
import { bin, decodeBinaryRequests, encodeBinaryRequests, type SeenBinary } from "./binary-wire.ts";
import { byteByByte, concat, shown, wire } from "./wire.ts";

const a = wire("a");
const key = a;
const value = wire("hello");
const common = { opaque: 0xdeadbeef, cas: 0n, vbucket: 0 };

/**
 *     magic, opcode | key length | extras length | data type | vbucket | body length | opaque | cas
 */
const rows: readonly [header: string, body: string, meaning: BinaryRequest][] = [
  ["80 00 0001 00 00 0000 00000001 deadbeef 0000000000000000", "a", { opcode: "get", key, ...common }],
  ["80 09 0001 00 00 0000 00000001 deadbeef 0000000000000000", "a", { opcode: "getq", key, ...common }],
  ["80 0c 0001 00 00 0000 00000001 deadbeef 0000000000000000", "a", { opcode: "getk", key, ...common }],
  ["80 0d 0001 00 00 0000 00000001 deadbeef 0000000000000000", "a", { opcode: "getkq", key, ...common }],
  ["80 04 0001 00 00 0000 00000001 deadbeef 0000000000000000", "a", { opcode: "delete", key, ...common }],
  ["80 14 0001 00 00 0000 00000001 deadbeef 0000000000000000", "a", { opcode: "deleteq", key, ...common }],
  ...(["set", "add", "replace"] as const).flatMap((opcode, i): [string, string, BinaryRequest][] => [
    [
      `80 0${i + 1} 0001 08 00 0000 0000000e deadbeef 0000000000000000`,
      "\xca\xfe\xba\xbe\0\0\x0e\x10ahello",
      { opcode, key, flags: 0xcafebabe, exptime: 3600, value, ...common },
    ],
    [
      `80 1${i + 1} 0001 08 00 0000 00000009 deadbeef ffffffffffffffff`,
      "\0\0\0\0\xff\xff\xff\xffa",
      {
        opcode: `${opcode}q`,
        key,
        flags: 0,
        exptime: 0xffff_ffff,
        value: wire(""),
        ...common,
        cas: 2n ** 64n - 1n,
      },
    ],
  ]),
  [
    "80 0e 0001 00 00 0000 00000006 deadbeef 0000000000000000",
    "ahello",
    { opcode: "append", key, value, ...common },
  ],
  [
    "80 0f 0001 00 00 0000 00000006 deadbeef 0000000000000000",
    "ahello",
    { opcode: "prepend", key, value, ...common },
  ],
  [
    "80 19 0001 00 00 0000 00000006 deadbeef 0000000000000000",
    "ahello",
    { opcode: "appendq", key, value, ...common },
  ],
  [
    "80 1a 0001 00 00 0000 00000001 deadbeef 0000000000000000",
    "a",
    { opcode: "prependq", key, value: wire(""), ...common },
  ],
  ...(["incr", "decr"] as const).flatMap((opcode, i): [string, string, BinaryRequest][] => [
    [
      `80 0${i + 5} 0001 14 00 0000 00000015 deadbeef 0000000000000000`,
      "\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffa",
      { opcode, key, delta: 1n, initial: 2n ** 64n - 1n, exptime: 0xffff_ffff, ...common },
    ],
    [
      `80 1${i + 5} 0001 14 00 0000 00000015 deadbeef 0000000000000007`,
      "\x80\0\0\0\0\0\0\x02\0\0\0\x01\0\0\0\0\0\0\0\0a",
      {
        opcode: `${opcode}q`,
        key,
        delta: 2n ** 63n + 2n,
        initial: 2n ** 32n,
        exptime: 0,
        ...common,
        cas: 7n,
      },
    ],
  ]),
  ["80 1c 0001 04 00 0000 00000005 deadbeef 0000000000000000", "\0\0\0\x3ca", touch("touch")],
  ["80 1d 0001 04 00 0000 00000005 deadbeef 0000000000000000", "\0\0\0\x3ca", touch("gat")],
  ["80 1e 0001 04 00 0000 00000005 deadbeef 0000000000000000", "\0\0\0\x3ca", touch("gatq")],
  ["80 23 0001 04 00 0000 00000005 deadbeef 0000000000000000", "\0\0\0\x3ca", touch("gatk")],
  ["80 24 0001 04 00 0000 00000005 deadbeef 0000000000000000", "\0\0\0\x3ca", touch("gatkq")],
  ["80 08 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "flush", ...common }],
  [
    "80 08 0000 04 00 0000 00000004 deadbeef 0000000000000000",
    "\0\0\0\0",
    { opcode: "flush", exptime: 0, ...common },
  ],
  ["80 18 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "flushq", ...common }],
  [
    "80 18 0000 04 00 0000 00000004 deadbeef 0000000000000000",
    "\0\0\0\x05",
    { opcode: "flushq", exptime: 5, ...common },
  ],
  [
    "80 10 0000 00 00 0000 00000000 deadbeef 0000000000000000",
    "",
    { opcode: "stat", key: wire(""), ...common },
  ],
  [
    "80 10 0005 00 00 0000 00000005 deadbeef 0000000000000000",
    "items",
    { opcode: "stat", key: wire("items"), ...common },
  ],
  ["80 07 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "quit", ...common }],
  ["80 17 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "quitq", ...common }],
  ["80 0a 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "noop", ...common }],
  ["80 0b 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "version", ...common }],
  ["80 20 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { opcode: "sasl-list", ...common }],
  [
    "80 21 0005 00 00 0000 00000009 deadbeef 0000000000000000",
    "PLAIN\0u\0p",
    { opcode: "sasl-auth", key: wire("PLAIN"), value: wire("\0u\0p"), ...common },
  ],
  [
    "80 22 0005 00 00 0000 00000005 deadbeef 0000000000000000",
    "PLAIN",
    { opcode: "sasl-step", key: wire("PLAIN"), value: wire(""), ...common },
  ],
  // what every request may have
  [
    "80 0a 0000 00 01 ffff 00000000 ffffffff 8000000080000000",
    "",
    { opcode: "noop", dataType: 1, vbucket: 0xffff, opaque: 0xffff_ffff, cas: 0x8000_0000_8000_0000n },
  ],
  [
    "80 00 0006 00 00 0000 00000006 00000000 0000000000000000",
    "\x80 \r\n\0\xff",
    { opcode: "get", key: wire("\x80 \r\n\0\xff"), opaque: 0, cas: 0n, vbucket: 0 },
  ],
  [
    "80 00 00fa 00 00 0000 000000fa 00000000 0000000000000000",
    "k".repeat(250),
    { opcode: "get", key: wire("k".repeat(250)), opaque: 0, cas: 0n, vbucket: 0 },
  ],
];

function touch(opcode: "touch" | "gat" | "gatq" | "gatk" | "gatkq"): BinaryRequest {
  return { opcode, key: a, exptime: 60, ...common };
}

const noop = bin("80 0a 0000 00 00 0000 00000000 00000001 0000000000000000");

for (const [header, body, meaning] of rows) {
  const bytes = bin(header, body);

  test(`reads ${meaning.opcode}, ${shown(latin1Text(bytes))}: whole, byte by byte and with more behind`, () => {
    const one: SeenBinary = {
      found: "request",
      request: meaning,
      wire: latin1Text(bytes),
      quiet: meaning.opcode.endsWith("q"),
    };
    const next = expect.objectContaining({ found: "request", wire: latin1Text(noop) });
    expect(decodeBinaryRequests([bytes])).toEqual([one]);
    expect(decodeBinaryRequests(byteByByte(bytes))).toEqual([one]);
    expect(decodeBinaryRequests([concat([bytes, noop])])).toEqual([one, next]);
    expect(decodeBinaryRequests([concat([noop, bytes, bytes])])).toEqual([next, one, one]);
  });

  test(`writes ${meaning.opcode}, ${shown(latin1Text(bytes))}`, () => {
    expect(encodeBinaryRequests([meaning])).toEqual(bytes);
  });
}

test("every opcode is in the table", () => {
  expect(new Set(rows.map(([, , { opcode }]) => opcode))).toEqual(new Set(Object.keys(OPCODES)));
});

test("a request that was taken out of one of Node's buffers owns its bytes: their `slice` is a view", () => {
  const decoder = new BinaryRequestDecoder();
  const bytes = bin("80 0e 0001 00 00 0000 00000006 deadbeef 0000000000000000", "ahello");
  const chunk = Buffer.from(bytes);
  decoder.receive(chunk);
  expect(decoder.next()).toBe("request");
  const request = decoder.snapshot();
  expect(decoder.next()).toBe("need-data");
  chunk.fill(0xee);
  expect(request).toEqual({ opcode: "append", key, value, ...common });
});

test("the exptime of a flush that has none is 0, whatever came before and comes behind", () => {
  const decoder = new BinaryRequestDecoder();
  const delayed = bin("80 08 0000 04 00 0000 00000004 00000001 0000000000000000", "\0\0\0\x05");
  const bare = bin("80 08 0000 00 00 0000 00000000 00000001 0000000000000000");
  decoder.receive(concat([delayed, bare, noop]));
  expect([decoder.next(), decoder.exptime]).toEqual(["request", 5]);
  expect([decoder.next(), decoder.exptime]).toEqual(["request", 0]);
});
