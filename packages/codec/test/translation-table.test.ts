// What one format says in another, example by example. Requests and replies are wires; binary ones are words here.

import {
  binaryReplies,
  isMetaRequest,
  latin1Bytes,
  latin1Text,
  textReplies,
  toBinary,
  toClassic,
  toMeta,
  type BinaryReply,
  type BinaryRequest,
  type TextReply,
  type TextRequest,
  type Translated,
} from "@memwire/codec";
import { describe, expect, test } from "vitest";
import { decodeReplies, decodeRequests, encodeReplies, encodeRequests, shown, wire } from "./wire.ts";

function requestOf(text: string): TextRequest {
  const [seen] = decodeRequests([wire(text)]);
  if (seen?.found !== "request") throw new Error(`${text} is no request`);
  return seen.request;
}

function repliesOf(text: string): TextReply[] {
  return decodeReplies([wire(text)]).map((seen) => {
    if (seen.found !== "reply") throw new Error(`${text} is no reply`);
    return seen.reply;
  });
}

/** `binary("set", { key: "a", flags: 7 })`: text for bytes, and 0 for what is not said. */
type Spoken = Readonly<Record<string, string | number | bigint>>;

function binary(opcode: string, parts: Spoken = {}): BinaryRequest {
  const bytes = Object.entries(parts).map(([name, part]) => [
    name,
    typeof part === "string" ? latin1Bytes(part) : part,
  ]);
  return { opcode, opaque: 0, vbucket: 0, cas: 0n, ...Object.fromEntries(bytes) } as BinaryRequest;
}

function answer(opcode: string, status: string, parts: Spoken = {}): BinaryReply {
  const empty = new Uint8Array(0);
  return {
    status,
    key: empty,
    value: empty,
    ...binary(opcode, parts),
    vbucket: undefined,
  } as unknown as BinaryReply;
}

/** The wire, or why there is none. */
function said<Message>(
  translated: Translated<Message>,
  text: (messages: readonly Message[]) => string,
): string {
  return "untranslatable" in translated ? `(${translated.untranslatable})` : text(translated);
}

const requestText = (requests: readonly TextRequest[]): string => latin1Text(encodeRequests(requests));
const replyText = (replies: readonly TextReply[]): string => latin1Text(encodeReplies(replies));

const set = { key: "a", flags: 7, exptime: 60, value: "xy" };
const uncounted = { initial: 0n, exptime: 0xffff_ffff };
/** "already", in binary. */
const PAST = 2_592_001;
const k250 = "k".repeat(250);

describe("a classic request", () => {
  const rows: readonly [classic: string, meta: string, binary: BinaryRequest[] | string][] = [
    ["get a\r\n", "mg a v f\r\n", [binary("get", { key: "a" })]],
    ["gets a\r\n", "mg a v f c\r\n", [binary("get", { key: "a" })]],
    [
      "get a b a\r\n",
      "mg a v f\r\nmg b v f\r\nmg a v f\r\n",
      ["a", "b", "a"].map((key) => binary("get", { key })),
    ],
    ["gat 60 a\r\n", "mg a v f T60\r\n", [binary("gat", { key: "a", exptime: 60 })]],
    [
      "gats -1 a b\r\n",
      "mg a v f c T-1\r\nmg b v f c T-1\r\n",
      ["a", "b"].map((key) => binary("gat", { key, exptime: PAST })),
    ],
    [`get ${k250}\r\n`, `mg ${k250} v f\r\n`, [binary("get", { key: k250 })]],
    ["set a 0 0 2\r\nxy\r\n", "ms a 2\r\nxy\r\n", [binary("set", { ...set, flags: 0, exptime: 0 })]],
    ["set a 7 60 2 noreply\r\nxy\r\n", "ms a 2 F7 T60\r\nxy\r\n", [binary("set", set)]],
    ["add a 7 60 2\r\nxy\r\n", "ms a 2 ME F7 T60\r\nxy\r\n", [binary("add", set)]],
    ["replace a 7 60 2\r\nxy\r\n", "ms a 2 MR F7 T60\r\nxy\r\n", [binary("replace", set)]],
    ["append a 7 60 2\r\nxy\r\n", "ms a 2 MA\r\nxy\r\n", [binary("append", { key: "a", value: "xy" })]],
    ["prepend a 7 60 2\r\nxy\r\n", "ms a 2 MP\r\nxy\r\n", [binary("prepend", { key: "a", value: "xy" })]],
    ["cas a 7 60 2 9\r\nxy\r\n", "ms a 2 F7 T60 C9\r\nxy\r\n", [binary("set", { ...set, cas: 9n })]],
    ["cas a 7 60 2 0\r\nxy\r\n", "ms a 2 F7 T60 C0\r\nxy\r\n", "(cas)"],
    [
      "set a 7 2147483647 2\r\nxy\r\n",
      "ms a 2 F7 T2147483647\r\nxy\r\n",
      [binary("set", { ...set, exptime: 0x7fff_ffff })],
    ],
    ["set a 7 2147483648 2\r\nxy\r\n", "ms a 2 F7 T2147483648\r\nxy\r\n", "(exptime)"],
    [
      "set a 7 -2147483648 2\r\nxy\r\n",
      "ms a 2 F7 T-2147483648\r\nxy\r\n",
      [binary("set", { ...set, exptime: PAST })],
    ],
    ["set a 7 -2147483649 2\r\nxy\r\n", "ms a 2 F7 T-2147483649\r\nxy\r\n", "(exptime)"],
    ["delete a\r\n", "md a\r\n", [binary("delete", { key: "a" })]],
    ["delete a noreply\r\n", "md a\r\n", [binary("delete", { key: "a" })]],
    ["incr a 5\r\n", "ma a v D5\r\n", [binary("incr", { key: "a", delta: 5n, ...uncounted })]],
    [
      "decr a 18446744073709551615\r\n",
      "ma a v D18446744073709551615 MD\r\n",
      [binary("decr", { key: "a", delta: 18446744073709551615n, ...uncounted })],
    ],
    ["touch a 60\r\n", "mg a T60\r\n", [binary("touch", { key: "a", exptime: 60 })]],
    ["touch a -1\r\n", "mg a T-1\r\n", [binary("touch", { key: "a", exptime: PAST })]],
    ["touch a 2147483648\r\n", "mg a T2147483648\r\n", "(exptime)"],
    ["gat 2147483648 a\r\n", "mg a v f T2147483648\r\n", "(exptime)"],
    ["touch a 9007199254740992\r\n", "(exptime)", "(exptime)"],
    ["gat -9223372036854775807 a\r\n", "(exptime)", "(exptime)"],
    ["flush_all\r\n", "(command)", [binary("flush")]],
    ["flush_all 60 noreply\r\n", "(command)", [binary("flush", { exptime: 60 })]],
    ["flush_all -60\r\n", "(command)", [binary("flush")]],
    ["flush_all 2147483648\r\n", "(command)", "(exptime)"],
    ["version\r\n", "(command)", [binary("version")]],
    ["stats\r\n", "(command)", [binary("stat", { key: "" })]],
    ["stats items\r\n", "(command)", [binary("stat", { key: "items" })]],
    ["stats cachedump 1 0\r\n", "(command)", "(argument)"],
    ["quit\r\n", "(command)", [binary("quitq")]],
    ["verbosity 1\r\n", "(command)", "(command)"],
    ["shutdown\r\n", "(command)", "(command)"],
    ["watch\r\n", "(command)", "(command)"],
  ];
  test.each(rows.map((row) => [shown(row[0]), ...row] as const))("%s", (_, text, meta, binaries) => {
    const request = requestOf(text);
    if (isMetaRequest(request)) throw new Error("a meta request");
    expect(said(toMeta(request), requestText)).toBe(meta);
    const translated = toBinary(request);
    expect("untranslatable" in translated ? `(${translated.untranslatable})` : translated).toEqual(binaries);
  });
});

describe("a meta request", () => {
  const rows: readonly [meta: string, classic: string, binary: BinaryRequest | string][] = [
    ["mg a v\r\n", "get a\r\n", binary("get", { key: "a" })],
    ["mg a\r\n", "get a\r\n", binary("get", { key: "a" })],
    ["mg a s k O123 q f v\r\n", "get a\r\n", binary("get", { key: "a" })],
    ["mg a c\r\n", "gets a\r\n", binary("get", { key: "a" })],
    ["mg a v T60\r\n", "gat 60 a\r\n", binary("gat", { key: "a", exptime: 60 })],
    ["mg a f c T-1\r\n", "gats -1 a\r\n", binary("gat", { key: "a", exptime: PAST })],
    ["mg a T60 k q\r\n", "touch a 60\r\n", binary("touch", { key: "a", exptime: 60 })],
    ["mg a v Pproxy Lother\r\n", "get a\r\n", binary("get", { key: "a" })],
    ["mg YSBi v b\r\n", "(key)", binary("get", { key: "a b" })],
    ["mg YQ== v b\r\n", "get a\r\n", binary("get", { key: "a" })],
    ["mg a t\r\n", "(flag)", "(flag)"],
    ["mg a h\r\n", "(flag)", "(flag)"],
    ["mg a l\r\n", "(flag)", "(flag)"],
    ["mg a u\r\n", "(flag)", "(flag)"],
    ["mg a v N30\r\n", "(flag)", "(flag)"],
    ["mg a v R30\r\n", "(flag)", "(flag)"],
    ["mg a v E5\r\n", "(flag)", "(flag)"],
    ["mg a v C5\r\n", "(flag)", "(flag)"],
    ["mg a v T9223372036854775807\r\n", "(malformed)", "(malformed)"],
    ["ms a 2\r\nxy\r\n", "set a 0 0 2\r\nxy\r\n", binary("set", { ...set, flags: 0, exptime: 0 })],
    ["ms a 2 T60 F7 q k O1\r\nxy\r\n", "set a 7 60 2\r\nxy\r\n", binary("set", set)],
    ["ms a 2 T60 F7 c\r\nxy\r\n", "(cas)", binary("set", set)],
    ["ms a 2 T60 F7 ME\r\nxy\r\n", "add a 7 60 2\r\nxy\r\n", binary("add", set)],
    ["ms a 2 T60 F7 MR\r\nxy\r\n", "replace a 7 60 2\r\nxy\r\n", binary("replace", set)],
    ["ms a 2 T60 F7 MA\r\nxy\r\n", "append a 0 0 2\r\nxy\r\n", binary("append", { key: "a", value: "xy" })],
    ["ms a 2 MP\r\nxy\r\n", "prepend a 0 0 2\r\nxy\r\n", binary("prepend", { key: "a", value: "xy" })],
    ["ms a 2 T60 F7 C9\r\nxy\r\n", "cas a 7 60 2 9\r\nxy\r\n", binary("set", { ...set, cas: 9n })],
    ["ms a 2 T60 F7 C9 MR\r\nxy\r\n", "cas a 7 60 2 9\r\nxy\r\n", binary("set", { ...set, cas: 9n })],
    ["ms a 2 C0\r\nxy\r\n", "cas a 0 0 2 0\r\nxy\r\n", "(cas)"],
    ["ms a 2 C9 ME\r\nxy\r\n", "(cas)", "(cas)"],
    ["ms a 2 C9 MA\r\nxy\r\n", "(cas)", binary("append", { key: "a", value: "xy", cas: 9n })],
    ["ms a 2 C0 MA\r\nxy\r\n", "append a 0 0 2\r\nxy\r\n", binary("append", { key: "a", value: "xy" })],
    ["ms a 2 I\r\nxy\r\n", "(flag)", "(flag)"],
    ["ms a 2 MA N60\r\nxy\r\n", "(flag)", "(flag)"],
    ["ms a 2 E77\r\nxy\r\n", "(flag)", "(flag)"],
    ["md a\r\n", "delete a\r\n", binary("delete", { key: "a" })],
    ["md a q k O1\r\n", "delete a\r\n", binary("delete", { key: "a" })],
    ["md a C9\r\n", "(cas)", binary("delete", { key: "a", cas: 9n })],
    ["md a C0\r\n", "(cas)", "(cas)"],
    ["md a I T30\r\n", "(flag)", "(flag)"],
    ["md a x\r\n", "(flag)", "(flag)"],
    ["ma a\r\n", "incr a 1\r\n", binary("incr", { key: "a", delta: 1n, ...uncounted })],
    ["ma a MD D5 v\r\n", "decr a 5\r\n", binary("decr", { key: "a", delta: 5n, ...uncounted })],
    ["ma a M- J9 q\r\n", "decr a 1\r\n", binary("decr", { key: "a", delta: 1n, ...uncounted })],
    ["ma a M+ c\r\n", "(cas)", binary("incr", { key: "a", delta: 1n, ...uncounted })],
    ["ma a N60 J13\r\n", "(initial)", binary("incr", { key: "a", delta: 1n, initial: 13n, exptime: 60 })],
    ["ma a N0\r\n", "(initial)", binary("incr", { key: "a", delta: 1n, initial: 0n, exptime: 0 })],
    ["ma a N-1\r\n", "(initial)", binary("incr", { key: "a", delta: 1n, initial: 0n, exptime: PAST })],
    ["ma a N2147483648\r\n", "(initial)", "(exptime)"],
    ["ma a C9\r\n", "(cas)", binary("incr", { key: "a", delta: 1n, ...uncounted, cas: 9n })],
    ["ma a C0\r\n", "incr a 1\r\n", binary("incr", { key: "a", delta: 1n, ...uncounted })],
    ["ma a T60\r\n", "(flag)", "(flag)"],
    ["ma a t\r\n", "(flag)", "(flag)"],
    ["me a\r\n", "(command)", "(command)"],
    ["mn\r\n", "(command)", binary("noop")],
  ];
  test.each(rows.map((row) => [shown(row[0]), ...row] as const))("%s", (_, text, classic, expected) => {
    const request = requestOf(text);
    if (!isMetaRequest(request)) throw new Error("not a meta request");
    expect(said(toClassic(request), requestText)).toBe(classic);
    const translated = toBinary(request);
    expect("untranslatable" in translated ? `(${translated.untranslatable})` : translated).toEqual(
      typeof expected === "string" ? expected : [expected],
    );
  });

  test("that no decoder gives is refused by type", () => {
    const key = latin1Bytes("a");
    const requests: readonly [metaFlags: string[], reason: string][] = [
      [["T1", "T2"], "malformed"],
      [[""], "malformed"],
      [["Tx"], "malformed"],
      [["T"], "malformed"],
      [["T-"], "malformed"],
      [["=1"], "flag"],
    ];
    for (const [metaFlags, reason] of requests) {
      expect(toClassic({ command: "mg", key, metaFlags }), metaFlags.join(" ")).toMatchObject({
        untranslatable: reason,
      });
    }
    const value = latin1Bytes("x");
    for (const flag of ["F4294967296", "F-1", "C18446744073709551616", "MX", "M", "Cx"]) {
      expect(toBinary({ command: "ms", key, value, metaFlags: [flag] }), flag).toMatchObject({
        untranslatable: "malformed",
        what: `flag "${flag}"`,
      });
    }
    for (const flag of ["Dx", "J-1", "Nx", "MX", "C"]) {
      expect(toBinary({ command: "ma", key, metaFlags: [flag] }), flag).toMatchObject({
        untranslatable: "malformed",
      });
    }
    expect(toBinary({ command: "md", key, metaFlags: ["Cx"] })).toMatchObject({
      untranslatable: "malformed",
    });
    expect(toBinary({ command: "get", keys: [] })).toMatchObject({ untranslatable: "malformed" });
  });
});

describe("a binary request", () => {
  const rows: readonly [request: BinaryRequest, classic: string, meta: string][] = [
    [binary("get", { key: "a" }), "gets a\r\n", "mg a v f c\r\n"],
    [binary("getq", { key: "a" }), "gets a\r\n", "mg a v f c\r\n"],
    [binary("getk", { key: "a", cas: 9n }), "gets a\r\n", "mg a v f c\r\n"],
    [binary("getkq", { key: "a b" }), "(key)", "mg YSBi v f c b\r\n"],
    [binary("get", { key: "\0" }), "(key)", "mg AA== v f c b\r\n"],
    [binary("get", { key: " ".repeat(186) }), "(key)", `mg ${"ICAg".repeat(62)} v f c b\r\n`],
    [binary("get", { key: " ".repeat(187) }), "(key)", "(key)"],
    [binary("get", { key: `${k250}k` }), "(key)", "(key)"],
    [binary("get", { key: "" }), "(key)", "(key)"],
    [binary("gat", { key: "a", exptime: 60 }), "gats 60 a\r\n", "mg a v f c T60\r\n"],
    [binary("gatkq", { key: "a", exptime: 0 }), "gats 0 a\r\n", "mg a v f c T0\r\n"],
    [binary("gatq", { key: "a", exptime: 0x8000_0000 }), "(exptime)", "(exptime)"],
    [binary("touch", { key: "a", exptime: 60 }), "touch a 60\r\n", "mg a T60 f c\r\n"],
    [binary("touch", { key: "a", exptime: 0xffff_ffff }), "(exptime)", "(exptime)"],
    [binary("set", set), "set a 7 60 2\r\nxy\r\n", "ms a 2 F7 T60 c\r\nxy\r\n"],
    [binary("setq", set), "set a 7 60 2\r\nxy\r\n", "ms a 2 F7 T60 c\r\nxy\r\n"],
    [binary("addq", set), "add a 7 60 2\r\nxy\r\n", "ms a 2 ME F7 T60 c\r\nxy\r\n"],
    [binary("replace", set), "replace a 7 60 2\r\nxy\r\n", "ms a 2 MR F7 T60 c\r\nxy\r\n"],
    [binary("set", { ...set, cas: 9n }), "cas a 7 60 2 9\r\nxy\r\n", "ms a 2 F7 T60 C9 c\r\nxy\r\n"],
    [binary("add", { ...set, cas: 9n }), "cas a 7 60 2 9\r\nxy\r\n", "ms a 2 F7 T60 C9 c\r\nxy\r\n"],
    [binary("set", { ...set, exptime: 0x8000_0000 }), "(exptime)", "(exptime)"],
    [binary("append", { key: "a", value: "xy" }), "append a 0 0 2\r\nxy\r\n", "ms a 2 MA c\r\nxy\r\n"],
    [binary("prependq", { key: "a", value: "xy", cas: 9n }), "(cas)", "ms a 2 MP C9 c\r\nxy\r\n"],
    [binary("delete", { key: "a" }), "delete a\r\n", "md a\r\n"],
    [binary("deleteq", { key: "a", cas: 9n }), "(cas)", "md a C9\r\n"],
    [binary("incr", { key: "a", delta: 5n, ...uncounted }), "incr a 5\r\n", "ma a v D5 c\r\n"],
    [binary("decrq", { key: "a", delta: 5n, ...uncounted, cas: 9n }), "(cas)", "ma a v D5 MD C9 c\r\n"],
    [
      binary("incr", { key: "a", delta: 5n, initial: 7n, exptime: 60 }),
      "(initial)",
      "ma a v D5 N60 J7 c\r\n",
    ],
    [binary("incr", { key: "a", delta: 5n, initial: 7n, exptime: 0x8000_0000 }), "(exptime)", "(exptime)"],
    [binary("flush"), "flush_all\r\n", "(command)"],
    [binary("flushq", { exptime: 60 }), "flush_all 60\r\n", "(command)"],
    [binary("flush", { exptime: 0xffff_ffff }), "(exptime)", "(exptime)"],
    [binary("stat", { key: "" }), "stats\r\n", "(command)"],
    [binary("stat", { key: "settings" }), "stats settings\r\n", "(command)"],
    [binary("stat", { key: "conns" }), "(argument)", "(argument)"],
    [binary("version"), "version\r\n", "(command)"],
    [binary("noop"), "(command)", "mn\r\n"],
    [binary("quit"), "quit\r\n", "(command)"],
    [binary("quitq"), "quit\r\n", "(command)"],
    [binary("sasl-list"), "(command)", "(command)"],
    [binary("sasl-auth", { key: "PLAIN", value: "" }), "(command)", "(command)"],
  ];
  test.each(rows.map((row, i) => [`${row[0].opcode} ${i}`, ...row] as const))(
    "%s",
    (_, request, classic, meta) => {
      expect(said(toClassic(request), requestText)).toBe(classic);
      expect(said(toMeta(request), requestText)).toBe(meta);
    },
  );
});

describe("a text client is told", () => {
  const hit = answer("get", "ok", { flags: 7, value: "xy", cas: 9n });
  const miss = answer("get", "not-found", { value: "Not found" });
  const rows: readonly [request: string, replies: string | BinaryReply[], told: string][] = [
    ["get a\r\n", "VA 2 f7\r\nxy\r\n", "VALUE a 7 2\r\nxy\r\nEND\r\n"],
    ["get a\r\n", "VA 2 f7 X W\r\nxy\r\n", "VALUE a 7 2\r\nxy\r\nEND\r\n"],
    ["get a\r\n", "EN\r\n", "END\r\n"],
    ["gets a\r\n", "VA 2 f7 c9\r\nxy\r\n", "VALUE a 7 2 9\r\nxy\r\nEND\r\n"],
    ["gets a\r\n", "VA 2 f7\r\nxy\r\n", "(reply)"],
    ["get a\r\n", "VA 2\r\nxy\r\n", "(reply)"],
    ["get a\r\n", "HD\r\n", "(reply)"],
    ["get a\r\n", "", "(reply)"],
    ["get a b c\r\n", "EN\r\nVA 2 f0\r\nxy\r\nEN\r\n", "VALUE b 0 2\r\nxy\r\nEND\r\n"],
    ["get a b\r\n", "EN\r\n", "(reply)"],
    ["get a b\r\n", "VA 2 f0\r\nxy\r\nSERVER_ERROR busy\r\n", "SERVER_ERROR busy\r\n"],
    ["get a\r\n", [hit], "VALUE a 7 2\r\nxy\r\nEND\r\n"],
    ["gats 0 a b\r\n", [hit, miss], "VALUE a 7 2 9\r\nxy\r\nEND\r\n"],
    ["get a\r\n", [answer("get", "ok", { value: "xy" })], "(reply)"],
    ["set a 0 0 1\r\nx\r\n", "HD\r\n", "STORED\r\n"],
    ["set a 0 0 1 noreply\r\nx\r\n", "SERVER_ERROR busy\r\n", ""],
    ["set a 0 0 1 noreply\r\nx\r\n", "EN\r\n", "(reply)"],
    ["add a 0 0 1\r\nx\r\n", "NS\r\n", "NOT_STORED\r\n"],
    ["cas a 0 0 1 9\r\nx\r\n", "EX\r\n", "EXISTS\r\n"],
    ["cas a 0 0 1 9\r\nx\r\n", "NF\r\n", "NOT_FOUND\r\n"],
    ["set a 0 0 1\r\nx\r\n", "EX\r\n", "(reply)"],
    ["set a 0 0 1\r\nx\r\n", [answer("set", "ok", { cas: 9n })], "STORED\r\n"],
    ["add a 0 0 1\r\nx\r\n", [answer("add", "exists", { value: "Data exists for key." })], "NOT_STORED\r\n"],
    ["replace a 0 0 1\r\nx\r\n", [answer("replace", "not-found", { value: "Not found" })], "NOT_STORED\r\n"],
    ["append a 0 0 1\r\nx\r\n", [answer("append", "not-stored", { value: "Not stored." })], "NOT_STORED\r\n"],
    ["cas a 0 0 1 9\r\nx\r\n", [answer("set", "exists", { value: "Data exists for key." })], "EXISTS\r\n"],
    ["cas a 0 0 1 9\r\nx\r\n", [answer("set", "not-found", { value: "Not found" })], "NOT_FOUND\r\n"],
    ["delete a\r\n", "HD\r\n", "DELETED\r\n"],
    ["delete a\r\n", "NF\r\n", "NOT_FOUND\r\n"],
    ["delete a\r\n", [answer("delete", "ok")], "DELETED\r\n"],
    ["delete a\r\n", [answer("delete", "not-found")], "NOT_FOUND\r\n"],
    ["incr a 1\r\n", "VA 20\r\n18446744073709551615\r\n", "18446744073709551615\r\n"],
    ["incr a 1\r\n", "VA 2\r\nxy\r\n", "(reply)"],
    ["incr a 1\r\n", "NF\r\n", "NOT_FOUND\r\n"],
    ["incr a 1\r\n", [answer("incr", "ok", { number: 6n })], "6\r\n"],
    ["touch a 0\r\n", "HD\r\n", "TOUCHED\r\n"],
    ["touch a 0\r\n", "EN\r\n", "NOT_FOUND\r\n"],
    ["touch a 0\r\n", [answer("touch", "ok", { flags: 7 })], "TOUCHED\r\n"],
    ["touch a 0\r\n", [answer("touch", "not-found")], "NOT_FOUND\r\n"],
    ["flush_all\r\n", [answer("flush", "ok")], "OK\r\n"],
    ["version\r\n", [answer("version", "ok", { value: "1.6.45" })], "VERSION 1.6.45\r\n"],
    [
      "stats\r\n",
      [
        answer("stat", "ok", { key: "pid", value: "1" }),
        answer("stat", "ok", { key: "x" }),
        answer("stat", "ok"),
      ],
      "STAT pid 1\r\nSTAT x\r\nEND\r\n",
    ],
    ["stats\r\n", [answer("stat", "ok", { key: "pid", value: "1" })], "(reply)"],
    ["stats reset\r\n", [answer("stat", "ok")], "RESET\r\n"],
    ["stats items\r\n", [answer("stat", "not-found", { value: "Not found" })], "ERROR\r\n"],
    ["quit\r\n", [], ""],
    ["mg a v\r\n", "VALUE a 7 2\r\nxy\r\nEND\r\n", "VA 2\r\nxy\r\n"],
    ["mg a s f k O12 v\r\n", "VALUE a 7 2\r\nxy\r\nEND\r\n", "VA 2 s2 f7 ka O12\r\nxy\r\n"],
    ["mg a s f\r\n", "VALUE a 7 2\r\nxy\r\nEND\r\n", "HD s2 f7\r\n"],
    ["mg a c k\r\n", "VALUE a 7 2 9\r\nxy\r\nEND\r\n", "HD c9 ka\r\n"],
    ["mg a k O12 f\r\n", "END\r\n", "EN ka O12\r\n"],
    ["mg a q\r\n", "END\r\n", ""],
    ["mg a q\r\n", "SERVER_ERROR busy\r\n", "SERVER_ERROR busy\r\n"],
    ["mg a q v\r\n", [hit], "VA 2\r\nxy\r\n"],
    ["mg a v\r\n", "VALUE a 7 2\r\nxy\r\nVALUE a 7 2\r\nxy\r\nEND\r\n", "(reply)"],
    ["mg a v\r\n", "STORED\r\n", "(reply)"],
    ["mg YSBi b v k\r\n", [hit], "VA 2 kYSBi b\r\nxy\r\n"],
    ["mg a T60 k\r\n", "TOUCHED\r\n", "HD ka\r\n"],
    ["mg a T60\r\n", "NOT_FOUND\r\n", "EN\r\n"],
    ["mg a T60 q\r\n", "NOT_FOUND\r\n", ""],
    ["ms a 1 k O1\r\nx\r\n", "STORED\r\n", "HD ka O1\r\n"],
    ["ms a 1 q\r\nx\r\n", "STORED\r\n", ""],
    ["ms a 1 ME q\r\nx\r\n", "NOT_STORED\r\n", "NS\r\n"],
    ["ms a 1 C9 c\r\nx\r\n", [answer("set", "ok", { cas: 10n })], "HD c10\r\n"],
    ["ms a 1 C9 c\r\nx\r\n", [answer("set", "exists")], "EX c0\r\n"],
    ["ms a 1 C9\r\nx\r\n", "NOT_FOUND\r\n", "NF\r\n"],
    ["md a q\r\n", "DELETED\r\n", ""],
    ["md a q\r\n", "NOT_FOUND\r\n", "NF\r\n"],
    ["ma a v k\r\n", "6\r\n", "VA 1 ka\r\n6\r\n"],
    ["ma a k\r\n", "6\r\n", "HD ka\r\n"],
    ["ma a v q\r\n", "6\r\n", ""],
    ["ma a q\r\n", "NOT_FOUND\r\n", "NF\r\n"],
    [
      "ma a\r\n",
      "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
      "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
    ],
    ["ma a c v\r\n", [answer("incr", "ok", { number: 6n, cas: 9n })], "VA 1 c9\r\n6\r\n"],
    ["version\r\n", [answer("version", "ok", { value: "1\r\n2" })], "VERSION 1  2\r\n"],
    ["delete a\r\n", [answer("delete", "invalid", { value: "two\r\nlines" })], "CLIENT_ERROR two  lines\r\n"],
    ["mn\r\n", [answer("noop", "ok")], "MN\r\n"],
    ["mn\r\n", [answer("noop", "not-found")], "(reply)"],
  ];
  test.each(
    rows.map(
      (row) =>
        [
          `${shown(row[0])} of ${typeof row[1] === "string" ? shown(row[1]) : row[1].map(({ status }) => status).join()}`,
          ...row,
        ] as const,
    ),
  )("%s", (_, request, replies, told) => {
    const given = typeof replies === "string" ? repliesOf(replies) : replies;
    expect(said(textReplies(requestOf(request), given), replyText)).toBe(told);
  });
});

describe("a binary client is told", () => {
  const opaque = 0xdead_beef;
  const counted = { key: "a", delta: 1n, ...uncounted };
  const number = { number: 6n, value: "\0\0\0\0\0\0\0\x06" };
  const notFound = { value: "Not found" };
  const rows: readonly [
    opcode: string,
    parts: Spoken,
    replies: string,
    told: readonly [string, Spoken?][] | string,
  ][] = [
    ["get", { key: "a" }, "VALUE a 7 2 9\r\nxy\r\nEND\r\n", [["ok", { flags: 7, value: "xy", cas: 9n }]]],
    ["get", { key: "a" }, "VA 2 f7 c9\r\nxy\r\n", [["ok", { flags: 7, value: "xy", cas: 9n }]]],
    ["getkq", { key: "a" }, "VA 2 f7 c9\r\nxy\r\n", [["ok", { flags: 7, key: "a", value: "xy", cas: 9n }]]],
    ["get", { key: "a" }, "END\r\n", [["not-found", notFound]]],
    ["getk", { key: "a" }, "EN\r\n", [["not-found", { key: "a" }]]],
    ["getq", { key: "a" }, "END\r\n", []],
    ["gatkq", { key: "a", exptime: 0 }, "EN\r\n", []],
    ["gatk", { key: "a", exptime: 0 }, "EN\r\n", [["not-found", { key: "a" }]]],
    ["getq", { key: "a" }, "SERVER_ERROR busy\r\n", [["out-of-memory", { value: "busy" }]]],
    ["touch", { key: "a", exptime: 0 }, "HD f7 c9\r\n", [["ok", { flags: 7, cas: 9n }]]],
    ["touch", { key: "a", exptime: 0 }, "TOUCHED\r\n", [["ok"]]],
    ["touch", { key: "a", exptime: 0 }, "NOT_FOUND\r\n", [["not-found", notFound]]],
    ["set", set, "STORED\r\n", [["ok"]]],
    ["set", set, "HD c9\r\n", [["ok", { cas: 9n }]]],
    ["setq", set, "STORED\r\n", []],
    ["addq", set, "NOT_STORED\r\n", [["exists", { value: "Data exists for key." }]]],
    ["replace", set, "NS\r\n", [["not-found", notFound]]],
    ["append", { key: "a", value: "x" }, "NOT_STORED\r\n", [["not-stored", { value: "Not stored." }]]],
    ["set", { ...set, cas: 9n }, "EXISTS\r\n", [["exists", { value: "Data exists for key." }]]],
    ["replace", { ...set, cas: 9n }, "NF\r\n", [["not-found", notFound]]],
    ["replace", set, "NOT_FOUND\r\n", "(reply)"],
    ["set", set, "DELETED\r\n", "(reply)"],
    ["delete", { key: "a" }, "DELETED\r\n", [["ok"]]],
    ["deleteq", { key: "a" }, "HD\r\n", []],
    ["deleteq", { key: "a" }, "NF\r\n", [["not-found", notFound]]],
    ["incr", counted, "6\r\n", [["ok", number]]],
    ["incr", counted, "VA 1 c9\r\n6\r\n", [["ok", { ...number, cas: 9n }]]],
    ["decrq", counted, "6\r\n", []],
    ["incr", counted, "NOT_FOUND\r\n", [["not-found", notFound]]],
    [
      "incr",
      counted,
      "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
      [["non-numeric", { value: "Non-numeric server-side value for incr or decr" }]],
    ],
    ["set", set, "SERVER_ERROR object too large for cache\r\n", [["too-large", { value: "Too large." }]]],
    [
      "set",
      set,
      "SERVER_ERROR out of memory storing object\r\n",
      [["out-of-memory", { value: "Out of memory" }]],
    ],
    ["set", set, "CLIENT_ERROR bad command line format\r\n", [["invalid", { value: "Invalid arguments" }]]],
    ["set", set, "CLIENT_ERROR no\r\n", [["invalid", { value: "no" }]]],
    ["set", set, "CLIENT_ERROR unauthenticated\r\n", [["auth-error", { value: "Auth failure." }]]],
    ["set", set, "ERROR\r\n", [["unknown-command", { value: "Unknown command" }]]],
    ["flush", {}, "OK\r\n", [["ok"]]],
    ["flushq", {}, "OK\r\n", []],
    ["version", {}, "VERSION 1.6.45\r\n", [["ok", { value: "1.6.45" }]]],
    [
      "stat",
      { key: "" },
      "STAT pid 1\r\nSTAT x\r\nEND\r\n",
      [["ok", { key: "pid", value: "1" }], ["ok", { key: "x" }], ["ok"]],
    ],
    ["stat", { key: "reset" }, "RESET\r\n", [["ok"]]],
    ["stat", { key: "" }, "STAT pid 1\r\n", "(reply)"],
    ["stat", { key: "" }, "STAT  1\r\nEND\r\n", "(reply)"],
    ["stat", { key: "" }, `STAT ${k250}k 1\r\nEND\r\n`, "(reply)"],
    ["noop", {}, "MN\r\n", [["ok"]]],
    ["quit", {}, "", [["ok"]]],
    ["quitq", {}, "", []],
    ["get", { key: "a" }, "", "(reply)"],
    ["get", { key: "a" }, "VERSION 1\r\n", "(reply)"],
    ["sasl-list", {}, "OK\r\n", "(command)"],
  ];
  test.each(rows.map((row) => [`${row[0]} of ${shown(row[2])}`, ...row] as const))(
    "%s",
    (_, opcode, parts, replies, told) => {
      const request = binary(opcode, { ...parts, opaque });
      const found = binaryReplies(request, repliesOf(replies));
      if (typeof told === "string") expect(found).toMatchObject({ untranslatable: told.slice(1, -1) });
      else expect(found).toEqual(told.map(([status, more]) => answer(opcode, status, { opaque, ...more })));
    },
  );
});
