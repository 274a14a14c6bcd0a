// What happens to connections: limits, half-close, going away, draining.

import { RequestDecoder } from "@memwire/codec";
import { ServerEngine } from "@memwire/server";
import { describe, expect, test, vi } from "vitest";
import { req } from "./binary-party.ts";
import { Bench } from "./party.ts";

test("a connection over the limit is told so and closed, and counted; a place that is freed can be taken", () => {
  const bench = new Bench(new ServerEngine({ limits: { connectionsMax: 2 } }));
  const first = bench.connect();
  bench.connect();
  const third = bench.connect();
  expect([third.text, third.state]).toEqual(["ERROR Too many open connections\r\n", "closed"]);
  expect(bench.engine.counters).toMatchObject({
    currConnections: 2,
    totalConnections: 2,
    rejectedConnections: 1,
  });
  first.reset();
  expect(bench.connect().ask("version\r\n")).toContain("VERSION");
  expect(bench.engine.counters).toMatchObject({ currConnections: 2, totalConnections: 3 });
});

test("a connection over the limit that goes on talking is not listened to", () => {
  const bench = new Bench(new ServerEngine({ limits: { connectionsMax: 1 } }));
  bench.connect();
  const second = bench.connect(false);
  second.send("set k 0 0 1\r\nv\r\n");
  second.read();
  expect(second.text).toBe("ERROR Too many open connections\r\n");
  expect(bench.engine.store.counters.currItems).toBe(0);
});

test("twenty clients with values of 400 KB take turns at the same buffers", () => {
  const bench = new Bench(new ServerEngine());
  const { replyPool, requestPool } = bench.engine.settings;
  const clients = Array.from({ length: 20 }, () => bench.connect(false));
  const value = "v".repeat(400_000);
  const round = (): void => {
    for (const [i, client] of clients.entries())
      client.send(`set k${i} 0 0 400000\r\n${value}\r\nget k${i}\r\n`);
    for (const client of clients) while (client.take());
  };
  round();
  const made = replyPool.made + requestPool.made;
  for (let i = 0; i < 3; i++) round();
  expect(replyPool.made + requestPool.made).toBe(made);
  expect(replyPool.dropped + requestPool.dropped).toBe(0);
});

describe("a decoder of a connection that is closed", () => {
  const decodersOf = (streams: readonly string[]): number => {
    const begun = vi.spyOn(RequestDecoder.prototype, "begin");
    const bench = new Bench(new ServerEngine());
    for (const stream of streams) {
      const party = bench.connect().send(stream);
      expect(party.state).toBe("closed");
      expect(bench.connect().ask("get k\r\n")).toBe("END\r\n");
    }
    const { contexts } = begun.mock;
    begun.mockRestore();
    expect(contexts).toHaveLength(2 * streams.length);
    return new Set(contexts).size;
  };

  test("serves the next one, whatever was said last", () => {
    expect(decodersOf(["quit\r\n", req("quit"), "version\r\nquit\r\n", req("quitq")])).toBe(1);
  });

  test("is gone where the stream could not go on, or said more", () => {
    const fatal = [`${"x".repeat(3_000)}\r\n`, `${req("noop")}${"x".repeat(24)}`, "quit\r\nget k\r\n"];
    expect(decodersOf(fatal)).toBe(fatal.length + 1);
  });
});

test("a half-closed connection is answered, then closed", () => {
  const party = new Bench(new ServerEngine()).connect(false);
  party.send("set k 0 0 1\r\nv\r\nget k\r\n").end();
  expect(party.state).toBe("open");
  party.read();
  expect([party.text, party.state]).toEqual(["STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\n", "closed"]);
});

test("a client that goes away in the middle of a value stores nothing and disturbs nobody", () => {
  const bench = new Bench(new ServerEngine());
  bench.connect().send("set k 0 0 1\r\nv\r\n");
  const other = bench.connect();
  const gone = bench.connect();
  gone.send("set k 0 0 1000\r\nhalf of it");
  gone.reset();
  const ended = bench.connect();
  ended.send("set k 0 0 1000\r\nhalf of it").end();
  expect(ended.state).toBe("closed");
  expect(other.ask("get k\r\n")).toBe("VALUE k 0 1\r\nv\r\nEND\r\n");
  expect(bench.engine.counters.currConnections).toBe(2);
});

test("quit closes at once; what came before it is answered, what came behind it is not", () => {
  const party = new Bench(new ServerEngine()).connect();
  party.send("set k 0 0 1\r\nv\r\nquit\r\nget k\r\n");
  expect([party.text, party.state]).toEqual(["STORED\r\n", "closed"]);
});

describe("drain", () => {
  test("answers what was asked, takes nothing more, closes every connection", () => {
    const bench = new Bench(new ServerEngine());
    const idle = bench.connect();
    const busy = bench.connect(false);
    busy.send("set k 0 0 1\r\nv\r\n").send("get k\r\n");
    bench.engine.drain(bench.now);
    bench.turn();
    busy.send("delete k\r\n");
    expect([idle.state, busy.state]).toEqual(["closed", "open"]);
    busy.read();
    expect([busy.text, busy.state]).toEqual(["STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\n", "closed"]);
    expect(bench.connect().state).toBe("closed");
    expect(bench.engine.store.counters.currItems).toBe(1);
  });

  test("finishes a retrieval of which some values are sent, and begins no other", () => {
    const bench = new Bench(new ServerEngine({ limits: { unsentBytesMax: 1 } }));
    const party = bench.connect(false);
    party.send("set k 0 0 1\r\nv\r\nget k k k\r\nget k\r\n");
    party.take();
    bench.engine.drain(bench.now);
    party.read();
    expect(party.text).toBe(`STORED\r\n${"VALUE k 0 1\r\nv\r\n".repeat(3)}END\r\n`);
    expect(party.state).toBe("closed");
  });

  test("waits for a client no longer than its time", () => {
    const limits = { drainMs: 1_000, receiveTimeoutMs: Infinity, sendTimeoutMs: Infinity };
    const bench = new Bench(new ServerEngine({ limits }));
    const stuck = bench.connect(false);
    stuck.send("version\r\nversion\r\n");
    expect(bench.engine.deadline).toBe(Infinity);
    bench.engine.drain(bench.now);
    expect(bench.engine.deadline).toBe(bench.now + 1_000);
    bench.elapse(999);
    bench.engine.elapsed(bench.now); // told too early: nothing happens
    bench.turn();
    expect(stuck.state).toBe("open");
    bench.elapse(1);
    expect(stuck.state).toBe("closed");
    expect(bench.engine.deadline).toBe(Infinity);
  });
});
