// What must come of requests that are not as they should be: for each wire what memcached says, command by command.
//
// The rows are what memcached 1.6.45 answered, but for `delete`, where superfluous words are refused as 1.6.18 does,
// and flags of 2^32 and above, which both take and cut down silently.

import { latin1Text, REFUSAL_TEXT, TextRequestDecoder } from "@memwire/codec";
import { expect, test } from "vitest";
import { byteByByte, decodeRequests, shown, spoken, wire } from "./wire.ts";

const FORMAT = "CLIENT_ERROR bad command line format";
const CHUNK = "CLIENT_ERROR bad data chunk";
const DELTA = "CLIENT_ERROR invalid numeric delta argument";
const EXPTIME = "CLIENT_ERROR invalid exptime argument";
const USAGE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";
const LARGE = "SERVER_ERROR object too large for cache";
const KEYS = "CLIENT_ERROR too many keys in one command";

const long = "k".repeat(251);

/** The wire, and what is said: the command where one is taken, "silence" where an error is not told. */
const rows: readonly [wire: string, said: readonly string[]][] = [
  // lines that are no command
  ["\r\n", [FORMAT]],
  ["\n", [FORMAT]],
  ["x\r\n", [FORMAT]],
  ["ab\n", [FORMAT]],
  ["abc\n", ["ERROR"]],
  ["ab\r\n", ["ERROR"]],
  ["   \r\n", ["ERROR"]],
  [" get a\r\n", ["ERROR"]],
  ["foo\r\n", ["ERROR"]],
  ["foo a 0 0 1\r\n", ["ERROR"]],
  ["GET a\r\n", ["ERROR"]],
  ["Get a\r\n", ["ERROR"]],
  ["SET a 0 0 1\r\nx\r\n", ["ERROR", FORMAT]],
  ["getx a\r\n", ["ERROR"]],
  ["get\ta\r\n", ["ERROR"]],
  ["bget a\r\n", ["ERROR"]],
  ["deletes a\r\n", ["ERROR"]],
  ["\xff\xfe\xfd\r\n", ["ERROR"]],
  ["*1\r\n$4\r\nPING\r\n", ["ERROR", "ERROR", "ERROR"]],
  [`${"x".repeat(1500)}\r\n`, ["ERROR"]],
  // too few words
  ["get\r\n", [FORMAT]],
  ["get \r\n", [FORMAT]],
  ["gets\r\n", [FORMAT]],
  ["gat\r\n", [FORMAT]],
  ["gat 100\r\n", [FORMAT]],
  ["gats 0\r\n", [FORMAT]],
  ["set\r\n", [FORMAT]],
  ["set a\r\n", [FORMAT]],
  ["set a 0\r\n", [FORMAT]],
  ["set a 0 0\r\n", [FORMAT]],
  ["append\r\nadd a\r\nreplace a 0 0\r\nprepend x\r\n", [FORMAT, FORMAT, FORMAT, FORMAT]],
  ["cas a 0 0\r\n", [FORMAT]],
  ["cas a 0 0 1\r\ny\r\n", [FORMAT, FORMAT]],
  ["touch\r\ntouch a\r\n", [FORMAT, FORMAT]],
  ["incr\r\nincr a\r\ndecr a\r\n", [FORMAT, FORMAT, FORMAT]],
  ["delete\r\n", [FORMAT]],
  ["verbosity\r\n", [FORMAT]],
  // keys
  [`get ${long}\r\n`, [FORMAT]],
  [`get a ${long} b\r\n`, [FORMAT]],
  [`gets a ${long}\r\n`, [FORMAT]],
  [`gat 0 ${long}\r\n`, [FORMAT]],
  [`gat abc a ${long}\r\n`, [EXPTIME]],
  [`touch ${long} 0\r\n`, [FORMAT]],
  [`touch ${long} abc\r\n`, [FORMAT]],
  [`incr ${long} abc\r\n`, [FORMAT]],
  [`delete ${long}\r\n`, [FORMAT]],
  [`delete ${long} 5\r\n`, [USAGE]],
  [`set ${long} 0 0 1\r\nx\r\n`, [FORMAT]],
  [`set ${long} 0 0 1 noreply\r\nx\r\n`, ["silence"]],
  [`set ${"k".repeat(1500)} 0 0 1\r\nx\r\n`, [FORMAT]],
  [`get ${"k".repeat(1000)}\r\n`, [FORMAT]],
  // numbers of the storage commands: the data block is skipped once its length is known
  ["set a -1 0 1\r\nx\r\n", [FORMAT]],
  ["set a +1 0 1\r\nx\r\n", [FORMAT]],
  ["set a abc 0 1\r\nx\r\n", [FORMAT]],
  ["set a 1.5 0 1\r\nx\r\n", [FORMAT]],
  ["set a 4294967296 0 1\r\nx\r\n", [FORMAT]],
  ["set a x -1 1\r\nx\r\n", [FORMAT]],
  ["set a 0 x 1\r\nx\r\n", [FORMAT]],
  ["set a 0 - 1\r\nx\r\n", [FORMAT]],
  ["set a 0 --1 1\r\nx\r\n", [FORMAT]],
  ["set a 0 99999999999999999999 1\r\nx\r\n", [FORMAT]],
  ["set a 0 9223372036854775808 1\r\nx\r\n", [FORMAT]],
  ["set a 0 9223372036854775807 1\r\nx\r\n", ["set"]],
  ["set a abc 0 7\r\nget a\r\n\r\n", [FORMAT]],
  ["set a abc 0 1 noreply\r\nx\r\n", ["silence"]],
  ["cas a 0 0 1 -1\r\ny\r\n", [FORMAT]],
  ["cas a 0 0 1 18446744073709551616\r\ny\r\n", [FORMAT]],
  ["cas a 0 0 1 noreply\r\ny\r\n", ["silence"]],
  // lengths: without one the data block cannot be told from commands
  ["set a 0 0 -1\r\nx\r\n", [FORMAT, FORMAT]],
  ["set a 0 0 -2\r\n", [FORMAT]],
  ["set a 0 0 1.5\r\nx\r\n", [FORMAT, FORMAT]],
  ["set a 0 0 +1\r\nx\r\n", [FORMAT, FORMAT]],
  ["set a 0 0 2147483646\r\n", [FORMAT]],
  ["set a 0 0 2147483647\r\n", [FORMAT]],
  ["set a 0 0 2147483648\r\n", [FORMAT]],
  ["set a 0 0 4294967295\r\n", [FORMAT]],
  ["set a 0 0 100000000000000000000\r\n", [FORMAT]],
  ["set a 0 0 noreply\r\n", [FORMAT]],
  // data blocks
  ["set a 0 0 3\r\nabcdef\r\n", [CHUNK, FORMAT]],
  ["add a 0 0 3\r\nabcdef\r\n", [CHUNK, FORMAT]],
  ["set a 0 0 1\r\nxyzw\r\n", [CHUNK, FORMAT]],
  ["set a 0 0 1 noreply\r\nxyz\r\n", ["silence", FORMAT]],
  ["set a 0 0 1\r\nx\n\n", [CHUNK]],
  ["set a 0 0 1\r\nx\r\r", [CHUNK]],
  ["set a 0 0 0\r\nab", [CHUNK]],
  [`set a 0 0 1048577\r\n${"z".repeat(1_048_577)}\r\n`, [LARGE]],
  [`add a 0 0 1048577 noreply\r\n${"z".repeat(1_048_577)}\r\n`, ["silence"]],
  [`set ${long} 0 0 1048577\r\n${"z".repeat(1_048_577)}\r\n`, [FORMAT]],
  // delete
  ["delete a 5\r\n", [USAGE]],
  ["delete a 10\r\n", [USAGE]],
  ["delete a 00\r\n", [USAGE]],
  ["delete a noreply 0\r\n", [USAGE]],
  ["delete a 5 noreply\r\n", ["silence"]],
  ["delete a noreply noreply\r\n", ["silence"]],
  ["delete a 0 noreply x\r\n", ["ERROR"]],
  ["delete a 0 0 noreply\r\n", ["ERROR"]],
  // numbers of the others
  ["incr a -1\r\n", [DELTA]],
  ["incr a 1.5\r\n", [DELTA]],
  ["incr a abc\r\n", [DELTA]],
  ["incr a +1\r\n", [DELTA]],
  ["decr a 18446744073709551616\r\n", [DELTA]],
  ["incr a abc noreply\r\n", ["silence"]],
  ["incr a noreply\r\n", ["silence"]],
  ["touch a abc\r\n", [EXPTIME]],
  ["touch a 99999999999999999999\r\n", [EXPTIME]],
  ["touch a abc noreply\r\n", ["silence"]],
  ["touch a noreply\r\n", ["silence"]],
  ["gat abc a\r\n", [EXPTIME]],
  ["gats 9223372036854775808 a\r\n", [EXPTIME]],
  ["flush_all abc\r\n", [EXPTIME]],
  ["flush_all abc noreply\r\n", ["silence"]],
  ["verbosity a\r\n", [FORMAT]],
  ["verbosity -1\r\n", [FORMAT]],
  ["verbosity 4294967296\r\n", [FORMAT]],
  ["verbosity noreply\r\n", ["silence"]],
];

/** Refusals after which the connection is closed, with what is behind them unread. */
const closing: readonly string[] = [
  "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /set%20a HTTP/1.0\n",
  "x".repeat(9000),
  `set ${"k".repeat(3000)}`,
  `set ${"k".repeat(3000)} 0 0 1\r\nx\r\n`,
  `${" ".repeat(101)}get ${"k ".repeat(2000)}\r\n`,
  `gat 0 ${"k ".repeat(2000)}\r\n`,
];

for (const [text, said] of rows) {
  test(`answers ${shown(text)} with ${said.join(", ")}, and is in step behind it`, () => {
    const whole = wire(`${text}version\r\n`);
    expect(spoken(decodeRequests([whole]))).toEqual([...said, "version"]);
    const pieces = text.length < 5000 ? byteByByte(whole) : [whole.subarray(0, 40), whole.subarray(40)];
    expect(spoken(decodeRequests(pieces))).toEqual([...said, "version"]);
  });
}

for (const text of closing) {
  test(`closes at ${shown(text)} without a word`, () => {
    const whole = wire(`version\r\n${text}version\r\n`);
    expect(spoken(decodeRequests([whole]))).toEqual(["version", "closed"]);
    expect(spoken(decodeRequests(byteByByte(whole)))).toEqual(["version", "closed"]);
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

test("every refusal that has a text is in the table", () => {
  const said = new Set(rows.flatMap(([, texts]) => texts));
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
