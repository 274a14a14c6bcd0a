// Every reply of the classic text protocol as [wire, meaning], read and written from the same table; and the lines
// that no memcached sends.

import type { TextReply } from "@memwire/codec";
import { expect, test } from "vitest";
import { byteByByte, decodeReplies, encodeReplies, shown, wire, type SeenReply } from "./wire.ts";

const a = wire("a");

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
];

/** Other forms that are taken: only read. */
const tolerated: readonly [wire: string, meaning: TextReply][] = [
  ["END\n", { kind: "end" }],
  ["VALUE a 0 1\nx\r\n", { kind: "value", key: a, flags: 0, value: wire("x") }],
  ["VALUE a\rb 0 1\r\nx\r\n", { kind: "value", key: wire("a\rb"), flags: 0, value: wire("x") }],
  ["5  \r\n", { kind: "number", number: 5n }],
  ["ERROR \r\n", { kind: "error", text: "" }],
  ["ERROR : x\r\n", { kind: "error", text: ": x" }],
];

/** What cannot be paired with any request: the connection is of no more use. */
const broken: readonly [wire: string, fault: Extract<SeenReply, { found: "fatal" }>["fault"]][] = [
  ["\r\n", "not-a-reply"],
  [" END\r\n", "not-a-reply"],
  ["END \r\n", "not-a-reply"],
  ["ENDS\r\n", "not-a-reply"],
  ["EN\r\n", "not-a-reply"],
  ["end\r\n", "not-a-reply"],
  ["END:\r\n", "not-a-reply"],
  ["STORED x\r\n", "not-a-reply"],
  ["ERRORS\r\n", "not-a-reply"],
  ["-1\r\n", "not-a-reply"],
  ["1 2\r\n", "not-a-reply"],
  ["1.5\r\n", "not-a-reply"],
  ["18446744073709551616\r\n", "not-a-reply"],
  ["\x80\x81\r\n", "not-a-reply"],
  ["HTTP/1.1 400 Bad Request\r\n", "not-a-reply"],
  ["get a\r\n", "not-a-reply"],
  ["VALUE\r\n", "bad-value"],
  ["VALUE a\r\n", "bad-value"],
  ["VALUE a 0\r\n", "bad-value"],
  ["VALUE a 0 1 2 3\r\nx\r\n", "bad-value"],
  [`VALUE a 0 1${" 2".repeat(20)}\r\nx\r\n`, "bad-value"],
  ["VALUE a -1 1\r\nx\r\n", "bad-value"],
  ["VALUE a 4294967296 1\r\nx\r\n", "bad-value"],
  ["VALUE a 0 -1\r\n", "bad-value"],
  ["VALUE a 0 x\r\n", "bad-value"],
  ["VALUE a 0 4294967295\r\n", "bad-value"],
  ["VALUE a 0 1 x\r\nx\r\n", "bad-value"],
  ["VALUE a 0 1 18446744073709551616\r\nx\r\n", "bad-value"],
  [`VALUE ${"k".repeat(251)} 0 1\r\nx\r\n`, "bad-value"],
  ["VALUE a 0 1\r\nxy\r\n", "bad-value"],
  ["VALUE a 0 1\r\nx\n\n", "bad-value"],
  ["VALUE a 0 1\r\nx\r\r", "bad-value"],
  ["VALUE a 0 1048577\r\n", "value-too-large"],
  [`STAT ${"x".repeat(2043)}\r\n`, "line-too-long"],
  ["x".repeat(2049), "line-too-long"],
  [`VALUE a 0 ${"0".repeat(2048)}1\r\nx\r\n`, "line-too-long"],
];

for (const [text, meaning] of [...canonical, ...tolerated]) {
  test(`reads ${shown(text)}, whole, byte by byte and with more behind`, () => {
    const one: SeenReply = { found: "reply", reply: meaning, wire: text };
    const next: SeenReply = { found: "reply", reply: { kind: "ok" }, wire: "OK\r\n" };
    expect(decodeReplies([wire(text)])).toEqual([one]);
    expect(decodeReplies(byteByByte(wire(text)))).toEqual([one]);
    expect(decodeReplies([wire(`${text}OK\r\n`)])).toEqual([one, next]);
    expect(decodeReplies([wire(`OK\r\n${text}${text}`)])).toEqual([next, one, one]);
  });
}

for (const [text, meaning] of canonical) {
  test(`writes ${shown(text)}`, () => {
    expect(encodeReplies([meaning])).toEqual(wire(text));
  });
}

for (const [text, fault] of broken) {
  test(`gives up at ${shown(text)}: ${fault}`, () => {
    const whole = wire(`OK\r\n${text}OK\r\n`);
    const seen = [
      { found: "reply", reply: { kind: "ok" }, wire: "OK\r\n" },
      { found: "fatal", fault },
    ];
    expect(decodeReplies([whole])).toEqual(seen);
    expect(decodeReplies(byteByByte(whole))).toEqual(seen);
  });
}

test("every kind of reply is in the table", () => {
  const all: Record<TextReply["kind"], true> = {
    end: true,
    stored: true,
    "not-stored": true,
    exists: true,
    "not-found": true,
    deleted: true,
    touched: true,
    ok: true,
    reset: true,
    value: true,
    number: true,
    stat: true,
    item: true,
    prefix: true,
    version: true,
    error: true,
    "client-error": true,
    "server-error": true,
  };
  expect(new Set(canonical.map(([, { kind }]) => kind))).toEqual(new Set(Object.keys(all)));
});
