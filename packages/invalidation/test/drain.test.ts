// The graceful end, and what stats say.

import { expect, test } from "vitest";
import { Table } from "./bench.ts";

const allClosed = (table: Table): boolean => [...table.hands.values()].every((hand) => hand.closed);

test("drain: clients are answered and closed, keys are deleted, then the servers are let go", () => {
  const table = new Table({ workers: 1 });
  const idle = table.client();
  const busy = table.client();
  busy.taking = false;
  table.say(busy, "set a0 0 0 1\r\nx\r\nset b0 0 0 1\r\nx\r\nset c0 0 0 10\r\nhalf");
  table.engine.drain(table.now);
  table.turn();
  expect(idle.closed).toBe(true);
  table.say(busy, "way there\r\nset d0 0 0 1\r\nx\r\n");
  table.engine.drained(busy.id, table.now);
  table.turn();
  expect(busy.read()).toBe("STORED\r\nSTORED\r\n");
  expect(busy.closed).toBe(true);
  const late = table.client();
  expect([late.read(), late.closed]).toEqual(["", true]);
  table.say(table.server(0), "DELETED\r\n");
  expect(allClosed(table)).toBe(false);
  table.say(table.server(0), "DELETED\r\n");
  expect(table.server(0).readKeys()).toEqual(["a0", "b0"]);
  expect(allClosed(table)).toBe(true);
  expect(table.engine.deadline).toBe(Infinity);
});

test("drain: goes on trying a server that is down, and says what is left", () => {
  const table = new Table({ retryMinMs: 50 });
  table.dead.add(1);
  table.write(table.client(), "a0", "a1", "b1");
  table.engine.drain(table.now);
  table.turn();
  table.say(table.server(0), "DELETED\r\n");
  table.wait(5_000);
  expect(table.engine.servers().map(({ depth }) => depth)).toEqual([0, 2, 0]);
  expect(table.engine.keys).toBe(2);
  table.dead.clear();
  table.wait(1_000);
  table.say(table.server(1), "DELETED\r\n");
  table.say(table.server(1), "DELETED\r\n");
  expect(table.engine.keys).toBe(0);
  expect(allClosed(table)).toBe(true);
});

test("drain with nothing to do lets go of everything at once", () => {
  const table = new Table();
  table.write(table.client(), "a0");
  table.say(table.server(0), "DELETED\r\n");
  table.engine.drain(table.now);
  table.turn();
  expect(allClosed(table)).toBe(true);
});

test("stats say what waits, for how long, and what became of the rest", () => {
  const table = new Table({ workers: 2 }, { facts: { pid: 42 }, startedAt: 1_000_000 - 3_500 });
  table.silent.add(1);
  const client = table.client();
  table.write(client, "a0", "b0", "c0");
  table.wait(100);
  table.write(client, "d1", "d1");
  table.say(client, "get a\r\n");
  table.wait(50);
  table.say(table.server(0), "DELETED\r\n");
  const stats = table.stats();
  const some = (...names: string[]): Record<string, string | undefined> =>
    Object.fromEntries(names.map((name) => [name, stats.get(name)]));
  expect(
    some("pid", "version", "uptime", "time", "curr_connections", "requests", "requests_invalid"),
  ).toEqual({
    pid: "42",
    version: "1.2.3",
    uptime: "3",
    time: "1000",
    curr_connections: "2",
    requests: "7",
    requests_invalid: "1",
  });
  expect(
    some(
      "writes",
      "coalesced",
      "refused",
      "done",
      "retried",
      "errors",
      "queue_keys",
      "queue_bytes",
      "oldest_age_ms",
    ),
  ).toEqual({
    writes: "5",
    coalesced: "0", // d1 was in flight, as far as anybody can tell
    refused: "0",
    done: "1",
    retried: "0",
    errors: "0",
    queue_keys: "3",
    queue_bytes: "6",
    oldest_age_ms: "150",
  });
  expect(some("queue_keys_max", "queue_bytes_max")).toEqual({
    queue_keys_max: "1000000",
    queue_bytes_max: "67108864",
  });
  expect(some("s0:state", "s0:depth", "s0:in_flight", "s0:oldest_age_ms", "s0:done", "s0:connects")).toEqual({
    "s0:state": "ready",
    "s0:depth": "2",
    "s0:in_flight": "2",
    "s0:oldest_age_ms": "150",
    "s0:done": "1",
    "s0:connects": "1",
  });
  expect(
    some("s1:state", "s1:depth", "s1:oldest_age_ms", "s2:state", "s2:depth", "s2:oldest_age_ms"),
  ).toEqual({
    "s1:state": "connecting",
    "s1:depth": "1",
    "s1:oldest_age_ms": "50",
    "s2:state": "idle",
    "s2:depth": "0",
    "s2:oldest_age_ms": "0",
  });
  table.wait(470); // its connect took too long just now
  expect(table.stats().get("s1:state")).toBe("left_alone");
});
