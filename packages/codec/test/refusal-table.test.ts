// What must come of requests that are not as they should be: for each wire what memcached says, command by command.
//
// The rows are what memcached 1.6.45 answered, but for `delete`, where superfluous words are refused as 1.6.18 does,
// and flags of 2^32 and above, which both take and cut down silently.

import { latin1Text, REFUSAL_TEXT, TextRequestDecoder } from "@memwire/codec";
import { expect, test } from "vitest";
import { CHUNK, FORMAT, LARGE, metaRefusals, type RefusalRow } from "./meta-refusals.ts";
import { byteByByte, decodeRequests, shown, spoken, wire } from "./wire.ts";

const DELTA = "CLIENT_ERROR invalid numeric delta argument";
const EXPTIME = "CLIENT_ERROR invalid exptime argument";
const USAGE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";
const KEYS = "CLIENT_ERROR too many keys in one command";

const long = "k".repeat(251);

/** What is said: the command where one is taken, "silence" where an error is not told. */
const rows: readonly RefusalRow[] = [
  // lines that are no command
  ["\r\n", [FORMAT], 0],
  ["\n", [FORMAT], 0],
  ["x\r\n", [FORMAT], 0],
  ["ab\n", [FORMAT], 0],
  ["abc\n", ["ERROR"], 0],
  ["ab\r\n", ["ERROR"], 0],
  ["   \r\n", ["ERROR"], 0],
  [" get a\r\n", ["ERROR"], 0],
  ["foo\r\n", ["ERROR"], 0],
  ["foo a 0 0 1\r\n", ["ERROR"], 0],
  ["GET a\r\n", ["ERROR"], 0],
  ["Get a\r\n", ["ERROR"], 0],
  ["SET a 0 0 1\r\nx\r\n", ["ERROR", FORMAT], 0],
  ["getx a\r\n", ["ERROR"], 0],
  ["get\ta\r\n", ["ERROR"], 0],
  ["bget a\r\n", ["ERROR"], 0],
  ["deletes a\r\n", ["ERROR"], 0],
  ["\xff\xfe\xfd\r\n", ["ERROR"], 0],
  ["*1\r\n$4\r\nPING\r\n", ["ERROR", "ERROR", "ERROR"], 0],
  [`${"x".repeat(1500)}\r\n`, ["ERROR"], 0],
  // too few words
  ["get\r\n", [FORMAT], 3],
  ["get \r\n", [FORMAT], 4],
  ["gets\r\n", [FORMAT], 4],
  ["gat\r\n", [FORMAT], 3],
  ["gat 100\r\n", [FORMAT], 7],
  ["gats 0\r\n", [FORMAT], 6],
  ["set\r\n", [FORMAT], 3],
  ["set a\r\n", [FORMAT], 5],
  ["set a 0\r\n", [FORMAT], 7],
  ["set a 0 0\r\n", [FORMAT], 9],
  ["append\r\nadd a\r\nreplace a 0 0\r\nprepend x\r\n", [FORMAT, FORMAT, FORMAT, FORMAT], 6],
  ["cas a 0 0\r\n", [FORMAT], 9],
  ["cas a 0 0 1\r\ny\r\n", [FORMAT, FORMAT], 11],
  ["touch\r\ntouch a\r\n", [FORMAT, FORMAT], 5],
  ["incr\r\nincr a\r\ndecr a\r\n", [FORMAT, FORMAT, FORMAT], 4],
  ["delete\r\n", [FORMAT], 6],
  ["verbosity\r\n", [FORMAT], 9],
  // keys
  [`get ${long}\r\n`, [FORMAT], 4],
  [`get a ${long} b\r\n`, [FORMAT], 6],
  [`gets a ${long}\r\n`, [FORMAT], 7],
  [`gat 0 ${long}\r\n`, [FORMAT], 6],
  [`gat abc a ${long}\r\n`, [EXPTIME], 4],
  [`touch ${long} 0\r\n`, [FORMAT], 6],
  [`touch ${long} abc\r\n`, [FORMAT], 6],
  [`incr ${long} abc\r\n`, [FORMAT], 5],
  [`delete ${long}\r\n`, [FORMAT], 7],
  [`delete ${long} 5\r\n`, [USAGE], 259],
  [`set ${long} 0 0 1\r\nx\r\n`, [FORMAT], 4],
  [`set ${long} 0 0 1 noreply\r\nx\r\n`, ["silence"], 4],
  [`set ${"k".repeat(1500)} 0 0 1\r\nx\r\n`, [FORMAT], 4],
  [`get ${"k".repeat(1000)}\r\n`, [FORMAT], 4],
  // numbers of the storage commands: the data block is skipped once its length is known
  ["set a -1 0 1\r\nx\r\n", [FORMAT], 6],
  ["set a +1 0 1\r\nx\r\n", [FORMAT], 6],
  ["set a abc 0 1\r\nx\r\n", [FORMAT], 6],
  ["set a 1.5 0 1\r\nx\r\n", [FORMAT], 6],
  ["set a 4294967296 0 1\r\nx\r\n", [FORMAT], 6],
  ["set a x -1 1\r\nx\r\n", [FORMAT], 6],
  ["set a 0 x 1\r\nx\r\n", [FORMAT], 8],
  ["set a 0 - 1\r\nx\r\n", [FORMAT], 8],
  ["set a 0 --1 1\r\nx\r\n", [FORMAT], 8],
  ["set a 0 99999999999999999999 1\r\nx\r\n", [FORMAT], 8],
  ["set a 0 9223372036854775808 1\r\nx\r\n", [FORMAT], 8],
  ["set a 0 9223372036854775807 1\r\nx\r\n", ["set"]],
  ["set a abc 0 7\r\nget a\r\n\r\n", [FORMAT], 6],
  ["set a abc 0 1 noreply\r\nx\r\n", ["silence"], 6],
  ["cas a 0 0 1 -1\r\ny\r\n", [FORMAT], 12],
  ["cas a 0 0 1 18446744073709551616\r\ny\r\n", [FORMAT], 12],
  ["cas a 0 0 1 noreply\r\ny\r\n", ["silence"], 12],
  // lengths: without one the data block cannot be told from commands
  ["set a 0 0 -1\r\nx\r\n", [FORMAT, FORMAT], 10],
  ["set a 0 0 -2\r\n", [FORMAT], 10],
  ["set a 0 0 1.5\r\nx\r\n", [FORMAT, FORMAT], 10],
  ["set a 0 0 +1\r\nx\r\n", [FORMAT, FORMAT], 10],
  ["set a 0 0 2147483646\r\n", [FORMAT], 10],
  ["set a 0 0 2147483647\r\n", [FORMAT], 10],
  ["set a 0 0 2147483648\r\n", [FORMAT], 10],
  ["set a 0 0 4294967295\r\n", [FORMAT], 10],
  ["set a 0 0 100000000000000000000\r\n", [FORMAT], 10],
  ["set a 0 0 noreply\r\n", ["silence"], 10],
  // data blocks
  ["set a 0 0 3\r\nabcdef\r\n", [CHUNK, FORMAT], 16],
  ["add a 0 0 3\r\nabcdef\r\n", [CHUNK, FORMAT], 16],
  ["set a 0 0 1\r\nxyzw\r\n", [CHUNK, FORMAT], 14],
  ["set a 0 0 1 noreply\r\nxyz\r\n", ["silence", FORMAT], 22],
  ["set a 0 0 1\r\nx\n\n", [CHUNK], 14],
  ["set a 0 0 1\r\nx\r\r", [CHUNK], 14],
  ["set a 0 0 0\r\nab", [CHUNK], 13],
  [`set a 0 0 1048577\r\n${"z".repeat(1_048_577)}\r\n`, [LARGE], 10],
  [`add a 0 0 1048577 noreply\r\n${"z".repeat(1_048_577)}\r\n`, ["silence"], 10],
  [`set ${long} 0 0 1048577\r\n${"z".repeat(1_048_577)}\r\n`, [FORMAT], 4],
  // delete
  ["delete a 5\r\n", [USAGE], 9],
  ["delete a 10\r\n", [USAGE], 9],
  ["delete a 00\r\n", [USAGE], 9],
  ["delete a noreply 0\r\n", [USAGE], 9],
  ["delete a 5 noreply\r\n", ["silence"], 9],
  ["delete a noreply noreply\r\n", ["silence"], 9],
  ["delete a 0 noreply x\r\n", ["ERROR"], 19],
  ["delete a 0 0 noreply\r\n", ["ERROR"], 13],
  // numbers of the others
  ["incr a -1\r\n", [DELTA], 7],
  ["incr a 1.5\r\n", [DELTA], 7],
  ["incr a abc\r\n", [DELTA], 7],
  ["incr a +1\r\n", [DELTA], 7],
  ["decr a 18446744073709551616\r\n", [DELTA], 7],
  ["incr a abc noreply\r\n", ["silence"], 7],
  ["incr a noreply\r\n", ["silence"], 7],
  ["touch a abc\r\n", [EXPTIME], 8],
  ["touch a 99999999999999999999\r\n", [EXPTIME], 8],
  ["touch a abc noreply\r\n", ["silence"], 8],
  ["touch a noreply\r\n", ["silence"], 8],
  ["gat abc a\r\n", [EXPTIME], 4],
  ["gats 9223372036854775808 a\r\n", [EXPTIME], 5],
  ["flush_all abc\r\n", [EXPTIME], 10],
  ["flush_all abc noreply\r\n", ["silence"], 10],
  ["verbosity a\r\n", [FORMAT], 10],
  ["verbosity -1\r\n", [FORMAT], 10],
  ["verbosity 4294967296\r\n", [FORMAT], 10],
  ["verbosity noreply\r\n", ["silence"], 10],
];

/** Refusals after which the connection is closed, with what is behind them unread. */
const closing: readonly [wire: string, at: number][] = [
  ["POST / HTTP/1.1\r\nHost: x\r\n\r\n", 0],
  ["GET /set%20a HTTP/1.0\n", 0],
  ["x".repeat(9000), 2048],
  [`set ${"k".repeat(3000)}`, 2048],
  [`set ${"k".repeat(3000)} 0 0 1\r\nx\r\n`, 2048],
  [`mg a O${"o".repeat(3000)}\r\n`, 2048],
  [`${" ".repeat(101)}get ${"k ".repeat(2000)}\r\n`, 2048],
  [`touch a 0 ${"k ".repeat(2000)}\r\n`, 2048],
];

for (const [text, said, at] of [...rows, ...metaRefusals]) {
  test(`answers ${shown(text)} with ${said.join(", ")}, and is in step behind it`, () => {
    const whole = wire(`${text}version\r\n`);
    const pieces = text.length < 5000 ? byteByByte(whole) : [whole.subarray(0, 40), whole.subarray(40)];
    for (const fed of [[whole], pieces]) {
      const seen = decodeRequests(fed);
      expect(spoken(seen)).toEqual([...said, "version"]);
      expect(seen.find((one) => one.found === "invalid")?.at).toBe(at);
    }
  });
}

for (const [text, at] of closing) {
  test(`closes at ${shown(text)} without a word`, () => {
    const whole = wire(`version\r\n${text}version\r\n`);
    const pieces = text.length < 10_000 ? byteByByte(whole) : [whole.subarray(0, 40), whole.subarray(40)];
    for (const fed of [[whole], pieces]) {
      const seen = decodeRequests(fed);
      expect(spoken(seen)).toEqual(["version", "closed"]);
      expect(seen.at(-1)).toMatchObject({ at });
    }
  });
}

test("a retrieval line goes on where others are too long, after at most 100 blanks", () => {
  const keys = `${"key ".repeat(4000)}\r\n`;
  expect(spoken(decodeRequests(byteByByte(wire(`get ${keys}gets ${keys}`))))).toEqual(["get", "gets"]);
  expect(spoken(decodeRequests(byteByByte(wire(`${" ".repeat(100)}get ${keys}`))))).toEqual(["ERROR"]);
});

test("more keys than the limit are refused, all of them", () => {
  const limits = { keysMax: 3 };
  expect(spoken(decodeRequests([wire("get a b c d\r\nget a b c\r\n")], { limits }))).toEqual([KEYS, "get"]);
  expect(spoken(decodeRequests([wire("gat 0 a b c d\r\ngat 0 a b c\r\n")], { limits }))).toEqual([
    KEYS,
    "gat",
  ]);
});

test("of too many keys the first one too many is what is wrong", () => {
  const seen = decodeRequests([wire(`get${" a".repeat(20)}\r\ngat 0${" b".repeat(20)}\r\n`)], {
    limits: { keysMax: 12, metaWordsMax: 1 },
  });
  expect(seen).toMatchObject([{ at: 28 }, { at: 30 }]);
});

test("every refusal that has a text is in the table", () => {
  const said = new Set([...rows, ...metaRefusals].flatMap(([, texts]) => texts));
  const texts = Object.values(REFUSAL_TEXT).filter((text) => text !== "" && text !== KEYS);
  expect(texts.filter((text) => !said.has(text))).toEqual([]);
});

test("a value that is too large leaves command, key and noreply to the caller, who must forget the old one", () => {
  const decoder = new TextRequestDecoder({ valueBytesMax: 4 });
  decoder.receive(wire("set key 0 0 5 noreply\r\nhello\r\n"));
  expect(decoder.next()).toBe("invalid");
  const { bytes, command, keyStart, keyEnd, noreply, refusal } = decoder;
  expect([command, latin1Text(bytes, keyStart, keyEnd), noreply, refusal]).toEqual([
    "set",
    "key",
    true,
    "too-large",
  ]);
});
