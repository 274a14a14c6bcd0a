// Clients that do what clients should not.

import { ServerEngine } from "@memwire/server";
import { expect, test } from "vitest";
import { Bench } from "./party.ts";

const MIB = 1_048_576;

test("a client that never reads holds a bounded number of bytes, and is asked no further", () => {
  const bench = new Bench(new ServerEngine({ limits: { unsentBytesMax: 10_000 } }));
  const party = bench.connect(false);
  party.send(`set k 0 0 1000\r\n${"v".repeat(1_000)}\r\n`);
  for (let i = 0; i < 1_000 && party.state === "open"; i++) party.send("get k\r\n");
  expect(party.state).toBe("paused");
  const { cmdGet, pauses } = bench.engine.counters;
  expect(pauses).toBe(1);
  // The reply to `set` is under way; behind it wait replies of 1,023 bytes, until 10,000 are passed.
  expect(cmdGet).toBe(10);
  party.send("get k\r\n".repeat(100));
  expect(bench.engine.counters.cmdGet).toBe(cmdGet);
  party.read();
  expect(party.text).toBe(
    `STORED\r\n${`VALUE k 0 1000\r\n${"v".repeat(1_000)}\r\nEND\r\n`.repeat(bench.engine.counters.cmdGet)}`,
  );
  expect(bench.engine.counters.cmdGet).toBe(cmdGet + 100);
  expect(party.state).toBe("open");
});

test("a line that asks for more than a connection may hold is answered as it is taken", () => {
  const bench = new Bench(new ServerEngine({ limits: { unsentBytesMax: 50_000 } }));
  const party = bench.connect(false);
  const value = "v".repeat(10_000);
  party.send(`set k 0 0 10000\r\n${value}\r\n`).take();
  party.text = "";
  party.send(`get${" k".repeat(1_000)}\r\nversion\r\n`);
  let largest = 0;
  for (; party.untaken !== undefined; party.take()) largest = Math.max(largest, party.untaken.length);
  const values = `VALUE k 0 10000\r\n${value}\r\n`.repeat(1_000);
  expect(party.text === `${values}END\r\nVERSION 1.6.45\r\n`).toBe(true);
  expect(largest).toBeLessThan(50_000 + 10_100);
});

test("values that a waiting retrieval has still to send are those of when it sends them", () => {
  const bench = new Bench(new ServerEngine({ limits: { unsentBytesMax: 1 } }));
  const party = bench.connect(false);
  party.send("set a 0 0 1\r\n1\r\nset b 0 0 1\r\n1\r\n");
  party.take();
  party.take();
  party.send("get a b\r\n");
  bench.connect().send("set b 0 0 1\r\n2\r\n");
  party.read();
  expect(party.text).toBe("STORED\r\nSTORED\r\nVALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nEND\r\n");
});

test("18,000 keys in one line are answered", () => {
  const party = new Bench(new ServerEngine()).connect();
  const keys = Array.from({ length: 18_000 }, (_, i) => `key:${i}`);
  for (const key of keys) party.send(`set ${key} 0 0 2 noreply\r\nok\r\n`);
  const line = `get ${keys.join(" ")}\r\n`;
  let reply = "";
  for (let at = 0; at < line.length; at += 1_000) reply += party.ask(line.slice(at, at + 1_000));
  expect(reply).toBe(`${keys.map((key) => `VALUE ${key} 0 2\r\nok\r\n`).join("")}END\r\n`);
});

test("a byte at a time is as good as all at once", () => {
  const wire =
    "set k 5 0 5\r\nhello\r\ngets k\r\nincr k 1\r\nappend k 0 0 1\r\n!\r\nget k none k\r\nquit\r\n";
  const whole = new Bench(new ServerEngine()).connect().send(wire);
  const slow = new Bench(new ServerEngine()).connect();
  for (const byte of wire) slow.send(byte);
  expect([slow.text, slow.state]).toEqual([whole.text, whole.state]);
});

test("a length of 1 GB is refused before the value comes, which is thrown away as it does", () => {
  const party = new Bench(new ServerEngine()).connect();
  expect(party.ask(`set k 0 0 ${1_024 * MIB}\r\n`)).toBe("SERVER_ERROR object too large for cache\r\n");
  const chunk = new Uint8Array(MIB).fill(0x76);
  for (let i = 0; i < 1_024; i++) party.send(chunk);
  expect(party.ask("\r\nversion\r\n")).toContain("VERSION");
});

test("a line without an end closes the connection before it grows", () => {
  const party = new Bench(new ServerEngine()).connect();
  for (let i = 0; i < 30 && party.state === "open"; i++) party.send("x".repeat(100));
  expect([party.text, party.state]).toEqual(["", "closed"]);
});
