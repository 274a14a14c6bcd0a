// Every reply of the text protocol as [wire, meaning], read and written from the same table; and the lines that no
// memcached sends, with the byte at which that shows.

import { latin1Text, TextReplyDecoder, type ReplyFault, type TextReply } from "@memwire/codec";
import { expect, test } from "vitest";
import { REPLY_WORDS } from "../src/text/reply.ts";
import { byteByByte, decodeReplies, encodeReplies, shown, wire, type SeenReply } from "./wire.ts";

const a = wire("a");
const manyFlags = Array.from({ length: 30 }, (_, i) => String.fromCharCode(65 + i));

/** As memcached writes them: read, and written just so. */
const canonical: readonly [wire: string, meaning: TextReply][] = [
  ["END\r\n", { kind: "end" }],
  ["STORED\r\n", { kind: "stored" }],
  ["NOT_STORED\r\n", { kind: "not-stored" }],
  ["EXISTS\r\n", { kind: "exists" }],
  ["NOT_FOUND\r\n", { kind: "not-found" }],
  ["DELETED\r\n", { kind: "deleted" }],
  ["TOUCHED\r\n", { kind: "touched" }],
  ["OK\r\n", { kind: "ok" }],
  ["RESET\r\n", { kind: "reset" }],
  ["VALUE a 0 1\r\nx\r\n", { kind: "value", key: a, flags: 0, value: wire("x") }],
  ["VALUE a 0 0\r\n\r\n", { kind: "value", key: a, flags: 0, value: wire("") }],
  [
    "VALUE a 4294967295 5\r\nEND\r\n\r\n",
    { kind: "value", key: a, flags: 2 ** 32 - 1, value: wire("END\r\n") },
  ],
  ["VALUE a 7 1 0\r\nx\r\n", { kind: "value", key: a, flags: 7, value: wire("x"), cas: 0n }],
  [
    "VALUE a 0 1 18446744073709551615\r\nx\r\n",
    { kind: "value", key: a, flags: 0, value: wire("x"), cas: 2n ** 64n - 1n },
  ],
  [
    `VALUE ${"k".repeat(250)} 0 3\r\n\x00\xff\n\r\n`,
    { kind: "value", key: wire("k".repeat(250)), flags: 0, value: wire("\x00\xff\n") },
  ],
  [
    `VALUE a 0 5000\r\n${"v".repeat(5000)}\r\n`,
    { kind: "value", key: a, flags: 0, value: wire("v".repeat(5000)) },
  ],
  ["0\r\n", { kind: "number", number: 0n }],
  ["18446744073709551615\r\n", { kind: "number", number: 2n ** 64n - 1n }],
  ["STAT pid 1162\r\n", { kind: "stat", text: "pid 1162" }],
  ["STAT domain_socket NULL\r\n", { kind: "stat", text: "domain_socket NULL" }],
  ["ITEM foo [6 b; 1176415152 s]\r\n", { kind: "item", text: "foo [6 b; 1176415152 s]" }],
  ["PREFIX a get 1 hit 0 set 1 del 0\r\n", { kind: "prefix", text: "a get 1 hit 0 set 1 del 0" }],
  ["VERSION 1.6.45\r\n", { kind: "version", text: "1.6.45" }],
  ["ERROR\r\n", { kind: "error", text: "" }],
  ["ERROR Too many open connections\r\n", { kind: "error", text: "Too many open connections" }],
  ["ERROR: shutdown not enabled\r\n", { kind: "error", text: ": shutdown not enabled" }],
  ["SERVER_ERROR: shutdown not enabled\r\n", { kind: "server-error", text: ": shutdown not enabled" }],
  [
    "SERVER_ERROR out of memory storing object\r\n",
    { kind: "server-error", text: "out of memory storing object" },
  ],
  ["SERVER_ERROR:now\r\n", { kind: "server-error", text: ":now" }],
  ["SERVER_ERROR\r\n", { kind: "server-error", text: "" }],
  ["CLIENT_ERROR bad data chunk\r\n", { kind: "client-error", text: "bad data chunk" }],
  [
    "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
    { kind: "client-error", text: "bad command line format.  Usage: delete <key> [noreply]" },
  ],
  ["CLIENT_ERROR  \xe9\x01 \r\n", { kind: "client-error", text: " \xe9\x01 " }],
  ["HD\r\n", { kind: "hd", metaFlags: [] }],
  ["HD t-1 O123 kfoo b\r\n", { kind: "hd", metaFlags: ["t-1", "O123", "kfoo", "b"] }],
  ["EN\r\n", { kind: "en", metaFlags: [] }],
  ["EN O1 kfoo\r\n", { kind: "en", metaFlags: ["O1", "kfoo"] }],
  ["NF Oabc\r\n", { kind: "nf", metaFlags: ["Oabc"] }],
  ["NS\r\n", { kind: "ns", metaFlags: [] }],
  ["EX c5\r\n", { kind: "ex", metaFlags: ["c5"] }],
  ["MN\r\n", { kind: "mn", metaFlags: [] }],
  ["VA 0\r\n\r\n", { kind: "va", metaFlags: [], value: wire("") }],
  ["VA 4 s4 Z X W\r\nEN\r\n\r\n", { kind: "va", metaFlags: ["s4", "Z", "X", "W"], value: wire("EN\r\n") }],
  [`VA 3000\r\n${"v".repeat(3000)}\r\n`, { kind: "va", metaFlags: [], value: wire("v".repeat(3000)) }],
  // A flag twice, flags that are no letters, and more than memcached takes: other servers have their own.
  ["HD f1 f2 9 =x\r\n", { kind: "hd", metaFlags: ["f1", "f2", "9", "=x"] }],
  [`VA 1 ${manyFlags.join(" ")}\r\nx\r\n`, { kind: "va", metaFlags: manyFlags, value: wire("x") }],
  [
    "ME foo exp=-1 la=6 cas=1 fetch=no cls=1 size=65\r\n",
    { kind: "me", key: wire("foo"), text: "exp=-1 la=6 cas=1 fetch=no cls=1 size=65" },
  ],
  ["ME foo\r\n", { kind: "me", key: wire("foo"), text: "" }],
  [
    "BUSY currently processing crawler request\r\n",
    { kind: "busy", text: "currently processing crawler request" },
  ],
  ["BADCLASS invalid class id\r\n", { kind: "badclass", text: "invalid class id" }],
  [
    "NOSPARE source class has no spare pages\r\n",
    { kind: "nospare", text: "source class has no spare pages" },
  ],
  ["NOTFULL dest class has spare memory\r\n", { kind: "notfull", text: "dest class has spare memory" }],
  ["UNSAFE src class is in an unsafe state\r\n", { kind: "unsafe", text: "src class is in an unsafe state" }],
  ["SAME src and dst class are identical\r\n", { kind: "same", text: "src and dst class are identical" }],
  ["NOTSTARTED no items to crawl\r\n", { kind: "notstarted", text: "no items to crawl" }],
  [
    "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n",
    { kind: "memlimit-too-small", text: "cannot set maxbytes to less than 8m" },
  ],
  [
    "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n",
    { kind: "memlimit-adjust-failed", text: "out of bounds or unable to adjust" },
  ],
  [
    "WATCHER_TOO_MANY log watcher limit reached\r\n",
    { kind: "watcher-too-many", text: "log watcher limit reached" },
  ],
  [
    "WATCHER_FAILED failed to add log watcher\r\n",
    { kind: "watcher-failed", text: "failed to add log watcher" },
  ],
  ["Error TLS not enabled\r\n", { kind: "refresh-certs-error", text: "TLS not enabled" }],
  ["BUSY\r\n", { kind: "busy", text: "" }],
  ["BUSY :x\r\n", { kind: "busy", text: ":x" }],
  ["mg foo\r\n", { kind: "mgdump", text: "foo" }],
  ["mg Zm9v b\r\n", { kind: "mgdump", text: "Zm9v b" }],
  [
    "key=a%25b exp=1795711100 la=1795711000 cas=2 fetch=no cls=1 size=69\n",
    { kind: "metadump", text: "a%25b exp=1795711100 la=1795711000 cas=2 fetch=no cls=1 size=69" },
  ],
  [
    "ts=1795711031.699148 gid=45 type=item_get key=nope status=not_found clsid=0 cfd=47 size=0\n",
    {
      kind: "log",
      text: "1795711031.699148 gid=45 type=item_get key=nope status=not_found clsid=0 cfd=47 size=0",
    },
  ],
  ["skipped=12\n", { kind: "skipped", text: "12" }],
  [
    "CONFIG cluster 0 25\r\n12\na|10.0.0.1|11211 b||2\n\r\n",
    { kind: "config", key: wire("cluster"), flags: 0, value: wire("12\na|10.0.0.1|11211 b||2\n") },
  ],
];

/** Other forms that are taken: only read. */
const tolerated: readonly [wire: string, meaning: TextReply][] = [
  ["END\n", { kind: "end" }],
  ["VALUE a 0 1\nx\r\n", { kind: "value", key: a, flags: 0, value: wire("x") }],
  ["VALUE a\rb 0 1\r\nx\r\n", { kind: "value", key: wire("a\rb"), flags: 0, value: wire("x") }],
  ["5  \r\n", { kind: "number", number: 5n }],
  ["ERROR \r\n", { kind: "error", text: "" }],
  ["ERROR : x\r\n", { kind: "error", text: ": x" }],
  ["HD  t-1  \r\n", { kind: "hd", metaFlags: ["t-1"] }],
  ["VA 1 \nx\r\n", { kind: "va", metaFlags: [], value: wire("x") }],
  ["VA 00000000001\r\nx\r\n", { kind: "va", metaFlags: [], value: wire("x") }],
  ["VALUE a 0000000000000 01\r\nx\r\n", { kind: "value", key: a, flags: 0, value: wire("x") }],
  ["key=a exp=-1\r\n", { kind: "metadump", text: "a exp=-1" }],
  ["[skipped=12]\r\n", { kind: "skipped", text: "12" }],
  ["mg foo\n", { kind: "mgdump", text: "foo" }],
];

/** What cannot be paired with any request: the connection is of no more use. */
const broken: readonly [wire: string, fault: ReplyFault, faultAt: number][] = [
  ["\r\n", "not-a-reply", 0],
  ["\n\n", "not-a-reply", 0],
  [" END\r\n", "not-a-reply", 0],
  ["END \r\n", "not-a-reply", 3],
  ["END\r\r\n", "not-a-reply", 3],
  ["ENDS\r\n", "not-a-reply", 0],
  ["E\r\n", "not-a-reply", 0],
  ["end\r\n", "not-a-reply", 0],
  ["END:\r\n", "not-a-reply", 0],
  ["STORED x\r\n", "not-a-reply", 6],
  ["STAT\ra\r\n", "not-a-reply", 4],
  ["ERRORS\r\n", "not-a-reply", 0],
  ["-1\r\n", "not-a-reply", 0],
  ["1 2\r\n", "not-a-reply", 1],
  ["1.5\r\n", "not-a-reply", 1],
  ["18446744073709551616\r\n", "not-a-reply", 0],
  ["\x80\x81\r\n", "not-a-reply", 0],
  ["HTTP/1.1 400 Bad Request\r\n", "not-a-reply", 0],
  ["get a\r\n", "not-a-reply", 0],
  ["HDX\r\n", "not-a-reply", 0],
  ["HD\rt\r\n", "not-a-reply", 2],
  ["ME\r\n", "not-a-reply", 2],
  ["ME \r\n", "not-a-reply", 3],
  [`ME ${"k".repeat(251)} exp=-1\r\n`, "not-a-reply", 3],
  ["BUSY:x\r\n", "not-a-reply", 0],
  ["[skipped=12\n", "not-a-reply", 11],
  ["key\n", "not-a-reply", 0],
  ["LOCKED\r\n", "not-a-reply", 0],
  ["VA\r\n", "bad-value", 2],
  ["VA \r\n", "bad-value", 3],
  ["VA x\r\n", "bad-value", 3],
  ["VA  1\r\nx\r\n", "bad-value", 3],
  ["VA -1\r\n", "bad-value", 3],
  ["VA 2147483646\r\n", "bad-value", 3],
  ["VA 4294967297\r\nx\r\n", "bad-value", 3],
  ["VA 1\rf1\r\nx\r\n", "bad-value", 3],
  ["VA 1048577 f1\r\n", "value-too-large", 3],
  ["VA 1 f1\r\nxy\r\n", "bad-value", 10],
  ["VALUE\r\n", "bad-value", 5],
  ["VALUE \r\n", "bad-value", 6],
  ["VALUE a\r\n", "bad-value", 7],
  ["VALUE a \r\n", "bad-value", 8],
  ["VALUE a 0\r\n", "bad-value", 9],
  ["VALUE  0 1\r\nx\r\n", "bad-value", 6],
  ["VALUE a 0 1 2 3\r\nx\r\n", "bad-value", 12],
  [`VALUE a 0 1${" 2".repeat(20)}\r\nx\r\n`, "bad-value", 12],
  ["VALUE a 0 1 \r\nx\r\n", "bad-value", 12],
  ["VALUE a -1 1\r\nx\r\n", "bad-value", 8],
  ["VALUE a 4294967296 1\r\nx\r\n", "bad-value", 8],
  ["VALUE a 0 -1\r\n", "bad-value", 10],
  ["VALUE a 0 x\r\n", "bad-value", 10],
  ["VALUE a 0 4294967295\r\n", "bad-value", 10],
  ["VALUE a 0 4294967297\r\nx\r\n", "bad-value", 10],
  ["VALUE a 0 1 x\r\nx\r\n", "bad-value", 12],
  ["VALUE a 0 1 18446744073709551616\r\nx\r\n", "bad-value", 12],
  [`VALUE ${"k".repeat(251)} 0 1\r\nx\r\n`, "bad-value", 6],
  ["VALUE a 0 1\r\nxy\r\n", "bad-value", 14],
  ["VALUE a 0 1\r\nx\n\n", "bad-value", 14],
  ["VALUE a 0 1\r\nx\r\r", "bad-value", 15],
  ["VALUE a 0 1048577\r\n", "value-too-large", 10],
  ["CONFIG cluster 0\r\n", "bad-value", 16],
  ["CONFIG cluster 0 1 5\r\nx\r\n", "bad-value", 19],
  ["CONFIG cluster 0 2\r\n1\n\n\r\n", "bad-value", 22],
  [`STAT ${"x".repeat(2043)}\r\n`, "line-too-long", 2048],
  ["x".repeat(2049), "line-too-long", 2048],
  [`VALUE a 0 ${"0".repeat(2048)}1\r\nx\r\n`, "line-too-long", 2048],
];

for (const [text, meaning] of [...canonical, ...tolerated]) {
  test(`reads ${shown(text)}, whole, byte by byte and with more behind`, () => {
    const one: SeenReply = { found: "reply", reply: meaning, wire: text };
    const next: SeenReply = { found: "reply", reply: { kind: "ok" }, wire: "OK\r\n" };
    expect(decodeReplies([wire(text)])).toEqual([one]);
    expect(decodeReplies(byteByByte(wire(text)))).toEqual([one]);
    expect(decodeReplies([wire(`${text}OK\r\n`)])).toEqual([one, next]);
    expect(decodeReplies([wire(`OK\r\n${text}${text}`)])).toEqual([next, one, one]);
    expect(decodeReplies([wire(`${text}OK\r\n`)], {}, 0)).toEqual([one, next]);
    expect(decodeReplies(byteByByte(wire(text)), {}, 0)).toEqual([one]);
  });
}

for (const [text, meaning] of canonical) {
  test(`writes ${shown(text)}`, () => {
    expect(encodeReplies([meaning])).toEqual(wire(text));
  });
}

for (const [text, fault, faultAt] of broken) {
  test(`gives up at byte ${faultAt} of ${shown(text)}: ${fault}`, () => {
    const whole = wire(`OK\r\n${text}OK\r\n`);
    const seen = [
      { found: "reply", reply: { kind: "ok" }, wire: "OK\r\n" },
      { found: "fatal", fault, faultAt },
    ];
    for (const partsFromBytes of [Infinity, 0]) {
      expect(decodeReplies([whole], {}, partsFromBytes)).toEqual(seen);
      expect(decodeReplies(byteByByte(whole), {}, partsFromBytes)).toEqual(seen);
    }
  });
}

test("every kind of reply is in the table", () => {
  const kinds = ["number", ...Object.keys(REPLY_WORDS)];
  expect(new Set(canonical.map(([, { kind }]) => kind))).toEqual(new Set(kinds));
});

test("flags of a meta reply are found by their letters", () => {
  const decoder = new TextReplyDecoder();
  decoder.receive(wire("HD\r\nHD t-1 f0 f9 7 Oabc W\r\nEN\r\n"));
  expect([decoder.next(), decoder.meta.count]).toEqual(["reply", 0]);
  expect([decoder.next(), decoder.meta.count]).toEqual(["reply", 4]);
  const { bytes, meta } = decoder;
  const token = (letter: string): string => latin1Text(bytes, meta.tokenStart(letter), meta.tokenEnd(letter));
  expect([token("t"), token("f"), token("O"), token("W")]).toEqual(["-1", "0", "abc", ""]);
  expect([meta.has("7"), meta.has("k"), meta.indexOf("O")]).toEqual([false, false, 2]);
  expect([decoder.next(), decoder.kind, decoder.meta.count]).toEqual(["reply", "en", 0]);
});

test("of more flags than fit the first ones are found, and the line has all", () => {
  const decoder = new TextReplyDecoder();
  const line = `HD ${manyFlags.join(" ")}\r\n`;
  decoder.receive(wire(`${line}OK\r\n`));
  expect(decoder.next()).toBe("reply");
  const { bytes, start, end, meta } = decoder;
  expect([meta.count, meta.has("T"), meta.has("U")]).toEqual([20, true, false]);
  expect(latin1Text(bytes, start, end)).toBe(line);
  expect([decoder.next(), decoder.kind]).toEqual(["reply", "ok"]);
});
