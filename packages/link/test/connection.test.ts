// When a link connects, and what becomes of a connection that nobody uses.

import { latin1Text } from "@memwire/codec";
import { expect, test } from "vitest";
import { Bench } from "./bench.ts";

test("asking whether a request can be taken connects to nobody; a request does", () => {
  const bench = new Bench();
  expect(bench.link.refusal()).toBe(null);
  bench.turn();
  expect([bench.connections, bench.link.state]).toEqual([0, "idle"]);
  bench.set("a", "x");
  bench.turn();
  expect([bench.connections, bench.link.state, bench.read()]).toEqual([1, "ready", "set a 0 0 1\r\nx\r\n"]);
});

test("a connection that nobody uses is closed after a while, and made again", () => {
  const bench = new Bench({}, { idleMs: 500 });
  bench.get("a");
  bench.turn();
  bench.wait(300);
  bench.say("END\r\n");
  bench.wait(499);
  expect([bench.link.state, bench.link.counters.idleCloses]).toEqual(["ready", 0]);
  bench.wait(1);
  expect([bench.link.state, bench.link.counters.idleCloses]).toEqual(["idle", 1]);
  const note = bench.get("b");
  bench.turn();
  bench.say("END\r\n");
  expect([bench.connections, note.heard]).toEqual([2, "asked, done"]);
  expect(bench.link.counters).toMatchObject({ disconnects: 0, connectFailures: 0 });
});

test("a connection that is closed while a send is under way keeps the bytes that were lent to it", () => {
  const bench = new Bench({}, { idleMs: 500 });
  bench.taking = false;
  const refused = bench.set("a", "x".repeat(5_000));
  bench.turn();
  // memcached may answer when it has read no more than the line.
  bench.say("SERVER_ERROR out of memory storing object\r\n");
  expect(refused.heard).toBe("asked, refused: server-error, done");
  bench.wait(500);
  expect(bench.link.state).toBe("idle");
  bench.set("b", "y");
  bench.turn();
  const [first, second] = bench.lent.map((bytes) => latin1Text(bytes));
  expect(first).toBe(`set a 0 0 5000\r\n${"x".repeat(5_000)}\r\n`);
  expect(second).toBe("set b 0 0 1\r\ny\r\n");
});

test("a late answer, which may never come, is nothing to keep a connection for", () => {
  const bench = new Bench({}, { idleMs: 500, replyMs: 100 });
  const late = bench.get("a");
  bench.turn();
  bench.wait(499);
  expect(late.heard).toBe("asked, failed: timed-out");
  expect(bench.link.state).toBe("ready");
  bench.wait(1);
  expect(bench.link.state).toBe("idle");
  expect(bench.link.counters).toMatchObject({ inFlightNow: 0, idleCloses: 1 });
});
