// What the laws ask: every command that a proxy forwards, with its good and its bad ends.
//
// All of a dialogue is asked in order on one connection, of a proxy over one server and of such a server directly, so
// no answer may depend on the time.

import { type BinaryRequest, latin1Bytes, latin1Text, SendBuffer, writeBinaryRequest } from "@memwire/codec";

export const classicDialogue: readonly string[] = [
  "get a\r\n",
  "set a 0 0 5\r\nhello\r\n",
  "get a\r\n",
  "gets a\r\n",
  "set empty 4294967295 0 0\r\n\r\n",
  "get empty\r\n",
  "gets a none empty a\r\n",
  "add a 0 0 1\r\nx\r\n",
  "add b 7 0 1\r\nx\r\n",
  "replace none 0 0 1\r\nx\r\n",
  "replace b 8 0 2\r\nyy\r\n",
  "append b 0 0 1\r\nz\r\n",
  "append none 0 0 1\r\nz\r\n",
  "prepend b 0 0 1\r\nx\r\n",
  "prepend none 0 0 1\r\nx\r\n",
  "get b\r\n",
  "cas a 0 0 1 1\r\nx\r\n",
  "cas a 0 0 1 999999\r\nx\r\n",
  "cas none 0 0 1 1\r\nx\r\n",
  "gets a b\r\n",
  "set n 0 0 2\r\n41\r\n",
  "incr n 1\r\n",
  "incr n 18446744073709551615\r\n",
  "decr n 2\r\n",
  "decr n 1000\r\n",
  "get n\r\n",
  "incr none 1\r\n",
  "decr none 1\r\n",
  "incr b 1\r\n",
  "touch b 1000\r\n",
  "touch none 0\r\n",
  "gat 1000 b\r\n",
  "gats 0 b none n\r\n",
  "gat 0 none\r\n",
  "set gone 0 -1 1\r\nx\r\n",
  "get gone\r\n",
  "touch b -1\r\n",
  "get b\r\n",
  "delete a\r\n",
  "delete a\r\n",
  "delete n 0\r\n",
  "set \x01\xff 1 0 3\r\n\r\n\x00\r\n",
  "get \x01\xff\r\n",
  `set ${"k".repeat(250)} 0 0 1\r\nx\r\n`,
  `get ${"k".repeat(250)} none\r\n`,
  "flush_all\r\n",
  "get \x01\xff\r\n",
];

export const metaDialogue: readonly string[] = [
  "mg a v\r\n",
  "mg a\r\n",
  "ms a 5\r\nhello\r\n",
  "mg a\r\n",
  "mg a v\r\n",
  "mg a s v f k c Oxyz\r\n",
  "mg none k Oabc v\r\n",
  "ms a 2 F7 T0 k c O1\r\nhi\r\n",
  "mg a v f c\r\n",
  "ms a 1 ME\r\nx\r\n",
  "ms a 1 MA\r\n!\r\n",
  "ms a 1 MP\r\n?\r\n",
  "ms none 1 MR\r\nx\r\n",
  "ms b 1 S1\r\nx\r\n",
  "mg a v\r\n",
  "ms a 1 C1\r\nx\r\n",
  "ms none 1 C1\r\nx\r\n",
  "ma n N0 J13 v\r\n",
  "ma n v\r\n",
  "ma n MD D3 v\r\n",
  "ma n M+ D10 v t\r\n",
  "ma none\r\n",
  "ma a\r\n",
  "mg bmV3 b v k\r\n",
  "ms bmV3 3 b\r\nnew\r\n",
  "mg bmV3 b v k\r\n",
  "mg new v\r\n",
  "mg vivid N1000 v\r\n",
  "mg vivid N1000 v\r\n",
  "md a I T1000\r\n",
  "mg a v\r\n",
  "mg a v\r\n",
  "md b k Oq1\r\n",
  "md b k Oq2\r\n",
  "mn\r\n",
  "ms a abc\r\nmn\r\n",
  "mg a !\r\n",
  "mg a v v\r\n",
  "ms a 1 MX\r\nx\r\n",
  "ma n Dx\r\n",
  `mg ${"k".repeat(251)} v\r\n`,
];

const common = { cas: 0n, vbucket: 0 };
const key = latin1Bytes("a");
const none = latin1Bytes("none");
const number = latin1Bytes("n");
const value = latin1Bytes("hello");
const count = { delta: 1n, initial: 7n, exptime: 0 };

type Asked = BinaryRequest extends infer Each
  ? Each extends BinaryRequest
    ? Omit<Each, "cas" | "vbucket" | "opaque"> & { readonly cas?: bigint }
    : never
  : never;

const binaryRequests: readonly (readonly Asked[])[] = [
  [{ opcode: "get", key }],
  [{ opcode: "set", key, flags: 7, exptime: 0, value }],
  [{ opcode: "get", key }],
  [{ opcode: "getk", key }],
  [{ opcode: "getk", key: none }],
  [{ opcode: "getq", key: none }, { opcode: "getkq", key }, { opcode: "getq", key }, { opcode: "noop" }],
  [{ opcode: "add", key, flags: 0, exptime: 0, value }],
  [{ opcode: "add", key: number, flags: 0, exptime: 0, value: latin1Bytes("5") }],
  [{ opcode: "replace", key: none, flags: 0, exptime: 0, value }],
  [{ opcode: "replace", key, flags: 1, exptime: 0, value: latin1Bytes("b") }],
  [{ opcode: "append", key, value: latin1Bytes("c") }],
  [{ opcode: "prepend", key, value: latin1Bytes("a") }],
  [{ opcode: "append", key: none, value: latin1Bytes("c") }],
  [{ opcode: "get", key }],
  [{ opcode: "set", key, flags: 0, exptime: 0, value, cas: 999_999n }],
  [{ opcode: "set", key: none, flags: 0, exptime: 0, value, cas: 1n }],
  [{ opcode: "incr", key: number, ...count }],
  [{ opcode: "decr", key: number, ...count, delta: 100n }],
  [{ opcode: "incr", key: latin1Bytes("new"), ...count }],
  [{ opcode: "incr", key: latin1Bytes("newer"), ...count, exptime: 0xffff_ffff }],
  [{ opcode: "incr", key, ...count }],
  [{ opcode: "setq", key: number, flags: 0, exptime: 0, value: latin1Bytes("1") }, { opcode: "noop" }],
  [{ opcode: "addq", key, flags: 0, exptime: 0, value }, { opcode: "noop" }],
  [{ opcode: "incrq", key: number, ...count }, { opcode: "deleteq", key: none }, { opcode: "noop" }],
  [{ opcode: "touch", key, exptime: 1_000 }],
  [{ opcode: "touch", key: none, exptime: 1_000 }],
  [{ opcode: "gat", key, exptime: 0 }],
  [{ opcode: "gatk", key: none, exptime: 0 }],
  [{ opcode: "gatq", key: none, exptime: 0 }, { opcode: "noop" }],
  [{ opcode: "delete", key }],
  [{ opcode: "delete", key }],
  [{ opcode: "version" }],
  [{ opcode: "noop" }],
  [{ opcode: "flush" }],
  [{ opcode: "get", key: number }],
];

/** Requests that can be sent together, as bytes; each opaque is another. */
export const binaryDialogue: readonly string[] = binaryRequests.map((batch, at) => {
  const out = new SendBuffer();
  for (const [i, request] of batch.entries()) {
    writeBinaryRequest(out, { ...common, ...request, opaque: 0x0102_0000 + at * 16 + i });
  }
  return latin1Text(out.take());
});

/** A request that wants no answer, another behind it in the same packet, and what is answered to that. */
export const quietDialogue: readonly (readonly [request: string, then: string, answer: string])[] = [
  ["set a1 0 0 1 noreply\r\n1\r\n", "get a1\r\n", "VALUE a1 0 1\r\n1\r\nEND\r\n"],
  ["add a1 0 0 1 noreply\r\n2\r\n", "get a1\r\n", "VALUE a1 0 1\r\n1\r\nEND\r\n"],
  ["replace a1 0 0 1 noreply\r\n3\r\n", "get a1\r\n", "VALUE a1 0 1\r\n3\r\nEND\r\n"],
  ["append a1 0 0 1 noreply\r\n4\r\n", "get a1\r\n", "VALUE a1 0 2\r\n34\r\nEND\r\n"],
  ["prepend a1 0 0 1 noreply\r\n2\r\n", "get a1\r\n", "VALUE a1 0 3\r\n234\r\nEND\r\n"],
  ["cas a1 0 0 1 999999 noreply\r\n9\r\n", "get a1\r\n", "VALUE a1 0 3\r\n234\r\nEND\r\n"],
  ["incr a1 1 noreply\r\n", "get a1\r\n", "VALUE a1 0 3\r\n235\r\nEND\r\n"],
  ["decr a1 5 noreply\r\n", "get a1\r\n", "VALUE a1 0 3\r\n230\r\nEND\r\n"],
  ["touch a1 0 noreply\r\n", "delete none1\r\n", "NOT_FOUND\r\n"],
  ["incr none1 1 noreply\r\n", "incr a1 1\r\n", "231\r\n"],
  ["delete a1 noreply\r\n", "get a1 a2\r\n", "END\r\n"],
  ["delete a1 0 noreply\r\n", "set b1 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["verbosity 1 noreply\r\n", "get a0\r\n", "END\r\n"],
  ["flush_all noreply\r\n", "get a0\r\n", "END\r\n"],
  ["set a1 0 0 abc noreply\r\n", "get a0\r\n", "END\r\n"],
];
