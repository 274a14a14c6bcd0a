// Turns and times: nobody has the server for himself, and nobody who is stuck holds on to it.

import { ServerEngine, type ServerLimits } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { describe, expect, test } from "vitest";
import { Bench, START } from "./party.ts";

/** With all that it has logged. */
function benchWith(limits: Partial<ServerLimits>): { bench: Bench; log: string[] } {
  const log: string[] = [];
  const store = new SlabStore({ bytesMax: 2_097_152 });
  return { bench: new Bench(new ServerEngine({ limits, store, log: (line) => void log.push(line) })), log };
}

describe("a turn", () => {
  test("6 sets in one packet, one a turn, are 5 yields, as with memcached -R 1", () => {
    const { bench } = benchWith({ requestsPerTurn: 1 });
    expect(bench.connect().ask("set a 0 0 1\r\nx\r\n".repeat(6))).toBe("STORED\r\n".repeat(6));
    expect(bench.engine.counters.connYields).toBe(5);
  });

  test("what is done in one turn is no yield", () => {
    const { bench } = benchWith({ requestsPerTurn: 6 });
    bench.connect().send("get a\r\n".repeat(6));
    expect(bench.engine.counters.connYields).toBe(0);
  });

  test("a client is answered before the second turn of one that asked for a thousand things", () => {
    const { bench } = benchWith({ requestsPerTurn: 20 });
    const { engine } = bench;
    const greedy = engine.accepted(START, 0);
    const modest = engine.accepted(START, 0);
    engine.received(greedy, new TextEncoder().encode("get a\r\n".repeat(1_000)), START);
    engine.received(modest, new TextEncoder().encode("get a\r\n"), START);
    expect(engine.poll()).toMatchObject({ kind: "send", id: modest });
    expect(engine.counters.cmdGet).toBe(21);
    expect(engine.deadline).toBe(-Infinity);
  });

  test.each([
    ["one line", `get ${"big ".repeat(1_000)}\r\n`],
    ["a thousand lines", "get big\r\n".repeat(1_000)],
  ])("a client that takes a thousand values of %s at once is sent one piece a turn", (_, line) => {
    const { bench } = benchWith({ unsentBytesMax: 2_000 });
    bench.connect().send(`set big 0 0 1000\r\n${"v".repeat(1_000)}\r\n`);
    const { engine } = bench;
    const greedy = engine.accepted(START, 0);
    const modest = engine.accepted(START, 0);
    engine.received(greedy, new TextEncoder().encode(line), START);
    engine.received(modest, new TextEncoder().encode("get big\r\n"), START);
    const turns: number[][] = [];
    for (let turn = 0; turn < 3; turn++) {
      const sent: number[] = [];
      for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
        if (command.kind !== "send") continue;
        sent.push(command.id);
        engine.drained(command.id, START);
      }
      turns.push(sent);
      expect(engine.deadline).toBe(-Infinity);
      engine.elapsed(START);
    }
    expect(turns).toEqual([[greedy, modest], [greedy], [greedy]]);
    // As in memcached, conn_yields is of -R alone.
    expect(engine.counters).toMatchObject({ pauses: 1, connYields: 0 });
  });

  test("what is sent meanwhile waits unread, and is answered in order", () => {
    const { bench } = benchWith({ requestsPerTurn: 2 });
    const { engine } = bench;
    const id = engine.accepted(START, 0);
    const ask = (text: string): void => engine.received(id, new TextEncoder().encode(text), START);
    ask("set n 0 0 1\r\n0\r\nincr n 1\r\nincr n 1\r\n");
    ask("incr n 1\r\nincr n 1\r\n");
    expect(engine.poll()).toEqual({ kind: "pause", id });
    let text = "";
    const kinds: string[] = [];
    while (engine.deadline === -Infinity) {
      engine.elapsed(START);
      for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
        kinds.push(command.kind);
        if (command.kind !== "send") continue;
        text += new TextDecoder().decode(command.bytes);
        engine.drained(id, START);
      }
    }
    expect(text).toBe("STORED\r\n1\r\n2\r\n3\r\n4\r\n");
    expect(kinds).toContain("resume");
  });

  test("18,725 keys in a line are more than one turn", () => {
    const { bench } = benchWith({});
    const keys = Array.from({ length: 18_725 }, (_, i) => `key:${i}`);
    expect(bench.connect().ask(`get ${keys.join(" ")}\r\n`)).toBe("END\r\n");
    expect(bench.engine.counters.connYields).toBe(8);
  });

  test("one that goes away while it waits for its turn is done with", () => {
    const { bench } = benchWith({ requestsPerTurn: 1 });
    const { engine } = bench;
    const id = engine.accepted(START, 0);
    engine.received(id, new TextEncoder().encode("set a 0 0 1\r\nx\r\n".repeat(100)), START);
    engine.closed(id, "reset", START);
    engine.elapsed(START);
    expect(engine.poll()).toBeUndefined();
    expect(engine.counters).toMatchObject({ cmdSet: 1, currConnections: 0 });
    expect(engine.deadline).toBeGreaterThanOrEqual(engine.store.maintenanceAt);
  });

  test("one that half-closes while it waits for its turn is answered all", () => {
    const { bench } = benchWith({ requestsPerTurn: 1 });
    const party = bench.connect(false);
    party.send("version\r\nversion\r\nquit\r\n").end().read();
    expect(party.text).toBe("VERSION 1.6.45\r\n".repeat(2));
    expect(party.state).toBe("closed");
  });
});

/** Lets time go by in steps, as timers do. */
function wait(bench: Bench, ms: number): void {
  for (const until = bench.now + ms; bench.now < until;) {
    bench.elapse(Math.max(1, Math.min(until, bench.engine.deadline) - bench.now));
  }
}

describe("a time", () => {
  const times = { idleTimeoutMs: 60_000, receiveTimeoutMs: 10_000, sendTimeoutMs: 20_000 };

  test("one that asks for nothing is closed after its time, and not before", () => {
    const { bench, log } = benchWith({ idleTimeoutMs: 60_000 });
    const idle = bench.connect();
    wait(bench, 30_000);
    idle.send("get a\r\n");
    wait(bench, 59_000);
    expect(idle.state).toBe("open");
    wait(bench, 5_000);
    expect([idle.state, idle.text]).toEqual(["closed", "END\r\n"]);
    expect(bench.engine.counters).toMatchObject({ idleKicks: 1, currConnections: 0 });
    expect(log).toEqual([expect.stringMatching(/^connection 64 closed: it asked for nothing for 6\d s$/)]);
    expect(bench.connect().ask("stats\r\n")).toContain("STAT idle_kicks 1\r\n");
  });

  test("nobody is closed for idling by default, as with memcached", () => {
    const { bench } = benchWith({});
    const idle = bench.connect();
    wait(bench, 10_000_000);
    expect(idle.state).toBe("open");
    expect(idle.ask("stats\r\n")).not.toContain("idle_kicks");
  });

  test.each<[string, string, string]>([
    ["a line", "get a", ""],
    ["a value", "set a 0 0 100\r\nxxx", ""],
    [
      "a value that is thrown away",
      "set a 0 0 100000000\r\nxxx",
      "SERVER_ERROR object too large for cache\r\n",
    ],
    [
      "the length of a value of 1 GB",
      "set a 0 0 1073741824\r\n",
      "SERVER_ERROR object too large for cache\r\n",
    ],
  ])("one that stops in the middle of %s is closed", (_, sent, text) => {
    const { bench, log } = benchWith(times);
    const party = bench.connect().send(sent);
    wait(bench, 9_000);
    expect(party.state).toBe("open");
    wait(bench, 2_000);
    expect([party.state, party.text]).toEqual(["closed", text]);
    expect(bench.engine.counters).toMatchObject({ receiveTimeouts: 1, idleKicks: 0 });
    expect(log).toEqual(["connection 64 closed: nothing came in the middle of a command for 10 s"]);
  });

  test.each([
    ["a line", "set x 0 0"],
    ["a value", "set x 0 0 100\r\n"],
    ["a name", "set x 0 0 100\r\nann"],
  ])("one that stops in the middle of %s before it has said who it is, is closed", (_, sent) => {
    const users = [{ name: "ann", password: "secret" }];
    const bench = new Bench(new ServerEngine({ limits: times, authentication: { kind: "ascii", users } }));
    const stuck = bench.connect().send(sent);
    const idle = bench.connect().send("get a\r\n");
    wait(bench, 11_000);
    expect([stuck.state, idle.state]).toEqual(["closed", "open"]);
    expect(bench.engine.counters).toMatchObject({ receiveTimeouts: 1, idleKicks: 0 });
  });

  test("one that sends a byte a second is served", () => {
    const { bench } = benchWith({ receiveTimeoutMs: 2_000 });
    const party = bench.connect();
    for (const byte of "set slow 0 0 10\r\n0123456789\r\nget slow\r\n") {
      party.send(byte);
      wait(bench, 1_000);
    }
    expect(party.text).toBe("STORED\r\nVALUE slow 0 10\r\n0123456789\r\nEND\r\n");
  });

  test("one that does not take its replies is closed, and one that takes some a minute is not", () => {
    const { bench, log } = benchWith({ ...times, unsentBytesMax: 1_000 });
    bench.connect().send(`set a 0 0 900\r\n${"v".repeat(900)}\r\n`);
    const stuck = bench.connect(false).send("get a\r\n".repeat(30));
    const slow = bench.connect(false).send("get a\r\n".repeat(30));
    expect([stuck.state, slow.state]).toEqual(["paused", "paused"]);
    for (let second = 0; second < 40; second += 10) {
      wait(bench, 10_000);
      slow.take();
    }
    expect([stuck.state, slow.state]).toEqual(["closed", "paused"]);
    expect(bench.engine.counters).toMatchObject({ sendTimeouts: 1, receiveTimeouts: 0 });
    expect(log).toEqual(["connection 65 closed: it took nothing of its replies for 20 s"]);
    slow.read();
    expect(slow.text.match(/END/g)).toHaveLength(30);
  });

  test("one that takes a value of 5 MB slowly is not closed as long as a MiB goes in its time", () => {
    const store = new SlabStore({ bytesMax: 33_554_432, itemBytesMax: 8_388_608 });
    const bench = new Bench(new ServerEngine({ limits: times, store }));
    const value = "v".repeat(5_000_000);
    bench.connect().send(`set a 0 0 ${value.length}\r\n${value}\r\n`);
    const slow = bench.connect(false).send("get a\r\n");
    let pieces = 0;
    for (; slow.untaken !== undefined; pieces++) {
      wait(bench, 15_000);
      expect(slow.state).not.toBe("closed");
      slow.take();
    }
    expect(pieces).toBeGreaterThanOrEqual(5);
    expect(slow.text).toBe(`VALUE a 0 ${value.length}\r\n${value}\r\nEND\r\n`);
  });

  test("one that watches says nothing, and stays", () => {
    const { bench } = benchWith(times);
    const watcher = bench.connect();
    expect(watcher.ask("watch fetchers\r\n")).toBe("OK\r\n");
    wait(bench, 200_000);
    expect(watcher.state).toBe("open");
    bench.connect().send("get a\r\n");
    expect(watcher.text).toContain("type=item_get key=a status=not_found");
  });

  test("ten thousand connections are looked at once in the shortest time, not all at once", () => {
    const { bench } = benchWith({ ...times, connectionsMax: 20_000 });
    const parties = Array.from({ length: 10_000 }, () => {
      bench.now += 1;
      return bench.connect();
    });
    const half = parties.slice(5_000);
    wait(bench, 49_000);
    for (const party of half) party.send("get a\r\n");
    wait(bench, 15_000);
    const closed = parties.filter(({ state }) => state === "closed");
    expect(closed).toEqual(parties.slice(0, 5_000));
    wait(bench, 60_000);
    expect(bench.engine.counters).toMatchObject({ idleKicks: 10_000, currConnections: 0 });
    expect(bench.engine.deadline).toBe(Infinity);
  });

  test("one that goes away in the middle of something is said once, one that goes away idle is not", () => {
    const { bench, log } = benchWith({});
    bench.connect().reset();
    bench.connect().send("get").reset();
    bench.connect(false).send("version\r\n").reset();
    expect(log).toEqual([
      "connection 65 went away in the middle of a command: reset",
      "connection 66 went away in the middle of a reply: reset",
    ]);
  });

  test.each([0, -1, Number.NaN])("a time of %s is refused", (idleTimeoutMs) => {
    expect(() => benchWith({ idleTimeoutMs })).toThrow(
      `idleTimeoutMs must be at least 1, Infinity for ever, got ${idleTimeoutMs}`,
    );
  });
});
