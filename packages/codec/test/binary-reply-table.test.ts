// Every kind of binary reply as [wire, meaning], read and written from the same table; and what no memcached sends.

import {
  BINARY_STATUSES,
  latin1Text,
  type BinaryFault,
  type BinaryReply,
  type BinaryStatus,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { bin, decodeBinaryReplies, encodeBinaryReplies, type SeenBinaryReply } from "./binary-wire.ts";
import { byteByByte, concat, shown, wire } from "./wire.ts";

const none = wire("");
const common = { opaque: 0xdeadbeef, cas: 0n, key: none, value: none };
const ok = { status: "ok", ...common } as const;

const error = (status: BinaryStatus, text: string): BinaryReply => ({
  ...common,
  opcode: "set",
  status,
  value: wire(text),
});

/**
 *     magic, opcode | key length | extras length | data type | status | body length | opaque | cas
 */
const rows: readonly [header: string, body: string, meaning: BinaryReply][] = [
  ["81 0a 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { ...ok, opcode: "noop" }],
  [
    "81 01 0000 00 00 0000 00000000 deadbeef ffffffffffffffff",
    "",
    { ...ok, opcode: "set", cas: 2n ** 64n - 1n },
  ],
  ["81 04 0000 00 00 0000 00000000 00000000 0000000000000000", "", { ...ok, opcode: "delete", opaque: 0 }],
  [
    "81 00 0000 04 00 0000 00000009 deadbeef 0000000100000002",
    "\xca\xfe\xba\xbehello",
    { ...ok, opcode: "get", flags: 0xcafebabe, value: wire("hello"), cas: 2n ** 32n + 2n },
  ],
  [
    "81 09 0000 04 00 0000 00000004 deadbeef 0000000000000000",
    "\0\0\0\0",
    { ...ok, opcode: "getq", flags: 0 },
  ],
  [
    "81 0d 0001 04 00 0000 0000000a deadbeef 0000000000000000",
    "\0\0\0\x01ahello",
    { ...ok, opcode: "getkq", flags: 1, key: wire("a"), value: wire("hello") },
  ],
  [
    "81 0c 0001 00 00 0001 00000001 deadbeef 0000000000000000",
    "a",
    { ...common, opcode: "getk", status: "not-found", key: wire("a") },
  ],
  [
    "81 1c 0000 04 00 0000 00000004 deadbeef 0000000000000000",
    "\0\0\0\x05",
    { ...ok, opcode: "touch", flags: 5 },
  ],
  [
    "81 05 0000 00 00 0000 00000008 deadbeef 0000000000000007",
    "\xff\xff\xff\xff\0\0\0\x02",
    {
      ...ok,
      opcode: "incr",
      number: 0xffff_ffff_0000_0002n,
      value: wire("\xff\xff\xff\xff\0\0\0\x02"),
      cas: 7n,
    },
  ],
  [
    "81 06 0000 00 00 0000 00000008 deadbeef 0000000000000000",
    "\0\0\0\0\0\0\0\0",
    { ...ok, opcode: "decr", number: 0n, value: wire("\0\0\0\0\0\0\0\0") },
  ],
  [
    "81 0b 0000 00 00 0000 00000006 deadbeef 0000000000000000",
    "1.6.45",
    { ...ok, opcode: "version", value: wire("1.6.45") },
  ],
  [
    "81 10 0003 00 00 0000 00000007 deadbeef 0000000000000000",
    "pid1162",
    { ...ok, opcode: "stat", key: wire("pid"), value: wire("1162") },
  ],
  ["81 10 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", { ...ok, opcode: "stat" }],
  [
    "81 20 0000 00 00 0000 00000005 deadbeef 0000000000000000",
    "PLAIN",
    { ...ok, opcode: "sasl-list", value: wire("PLAIN") },
  ],
  [
    "81 21 0000 00 00 0000 0000000d deadbeef 0000000000000000",
    "Authenticated",
    { ...ok, opcode: "sasl-auth", value: wire("Authenticated") },
  ],
  [
    "81 1b 0000 00 00 0081 0000000f deadbeef 0000000000000000",
    "Unknown command",
    { ...error("unknown-command", "Unknown command"), opcode: 0x1b },
  ],
  ["81 00 0000 00 01 0000 00000000 deadbeef 0000000000000000", "", { ...ok, opcode: "get", dataType: 1 }],
  // each status
  ["81 01 0000 00 00 0001 00000009 deadbeef 0000000000000000", "Not found", error("not-found", "Not found")],
  [
    "81 01 0000 00 00 0002 00000014 deadbeef 0000000000000000",
    "Data exists for key.",
    error("exists", "Data exists for key."),
  ],
  [
    "81 01 0000 00 00 0003 0000000a deadbeef 0000000000000000",
    "Too large.",
    error("too-large", "Too large."),
  ],
  [
    "81 01 0000 00 00 0004 00000011 deadbeef 0000000000000000",
    "Invalid arguments",
    error("invalid", "Invalid arguments"),
  ],
  [
    "81 01 0000 00 00 0005 0000000b deadbeef 0000000000000000",
    "Not stored.",
    error("not-stored", "Not stored."),
  ],
  [
    "81 05 0000 00 00 0006 0000002e deadbeef 0000000000000000",
    "Non-numeric server-side value for incr or decr",
    { ...error("non-numeric", "Non-numeric server-side value for incr or decr"), opcode: "incr" },
  ],
  [
    "81 01 0000 00 00 0020 0000000d deadbeef 0000000000000000",
    "Auth failure.",
    error("auth-error", "Auth failure."),
  ],
  [
    "81 22 0000 00 00 0021 00000003 deadbeef 0000000000000000",
    "r=1",
    { ...error("auth-continue", "r=1"), opcode: "sasl-step" },
  ],
  [
    "81 01 0000 00 00 0082 0000000d deadbeef 0000000000000000",
    "Out of memory",
    error("out-of-memory", "Out of memory"),
  ],
];

/** What cannot be paired with any request: the connection is of no more use. */
const broken: readonly [header: string, body: string, fault: BinaryFault, at: number][] = [
  ["80 0a 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", "bad-magic", 0],
  ["45", "RROR\r\n", "bad-magic", 0],
  ["81 00 0001 00 00 0000 00000000 deadbeef 0000000000000000", "", "bad-length", 2],
  ["81 00 0000 04 00 0000 00000003 deadbeef 0000000000000000", "\0\0\0", "bad-length", 4],
  ["81 0c 0001 04 00 0000 00000004 deadbeef 0000000000000000", "\0\0\0\0", "bad-length", 4],
  ["81 0c 00fb 00 00 0000 000000fb deadbeef 0000000000000000", "k".repeat(251), "key-too-long", 2],
  ["81 00 0000 08 00 0000 00000008 deadbeef 0000000000000000", "\0\0\0\0\0\0\0\0", "bad-extras", 4],
  ["81 00 0000 01 00 0000 00000001 deadbeef 0000000000000000", "\0", "bad-extras", 4],
  ["81 00 0000 00 00 0007 00000000 deadbeef 0000000000000000", "", "bad-status", 6],
  ["81 00 0000 00 00 0100 00000000 deadbeef 0000000000000000", "", "bad-status", 6],
  ["81 05 0000 00 00 0000 00000007 deadbeef 0000000000000000", "\0\0\0\0\0\0\0", "bad-number", 8],
  ["81 15 0000 00 00 0000 00000000 deadbeef 0000000000000000", "", "bad-number", 8],
  ["81 00 0000 04 00 0000 00100005 deadbeef 0000000000000000", "", "value-too-large", 8],
  ["81 00 0000 00 00 0000 ffffffff deadbeef 0000000000000000", "", "value-too-large", 8],
];

const noop = bin("81 0a 0000 00 00 0000 00000000 00000001 0000000000000000");
const next = expect.objectContaining({ found: "reply", wire: latin1Text(noop) });

for (const [header, body, meaning] of rows) {
  const bytes = bin(header, body);
  const text = latin1Text(bytes);

  test(`reads ${shown(text)}, whole, byte by byte and with more behind`, () => {
    const one: SeenBinaryReply = { found: "reply", reply: meaning, wire: text };
    expect(decodeBinaryReplies([bytes])).toEqual([one]);
    expect(decodeBinaryReplies(byteByByte(bytes))).toEqual([one]);
    expect(decodeBinaryReplies([concat([bytes, noop])])).toEqual([one, next]);
    expect(decodeBinaryReplies([concat([noop, bytes, bytes])])).toEqual([next, one, one]);
  });

  test(`writes ${shown(text)}`, () => {
    expect(encodeBinaryReplies([meaning])).toEqual(bytes);
  });
}

for (const [header, body, fault, at] of broken) {
  const bytes = bin(header, body);

  test(`gives up at ${shown(latin1Text(bytes))}: ${fault} at ${at}`, () => {
    const seen = [next, { found: "fatal", fault, at }];
    expect(decodeBinaryReplies([concat([noop, bytes, noop])])).toEqual(seen);
    expect(decodeBinaryReplies(byteByByte(concat([noop, bytes, noop])))).toEqual(seen);
    expect(decodeBinaryReplies(byteByByte(concat([noop, bytes.subarray(0, 24)])))).toEqual(seen);
  });
}

test("every status is in the table, with the text that memcached has for it", () => {
  const texts = new Map(rows.map(([, , { status, value }]) => [status, latin1Text(value)]));
  for (const [status, { text }] of Object.entries(BINARY_STATUSES)) {
    const said = texts.get(status as BinaryStatus);
    expect(said, status).toBeDefined();
    if (text !== "") expect(said).toBe(text);
  }
});
