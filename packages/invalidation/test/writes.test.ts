// What clients are answered.

import { expect, test } from "vitest";
import { InvalidationEngine } from "../src/mod.ts";
import { byLastDigit, Table } from "./bench.ts";

const VALUE_BYTES_MAX = 1_048_576;
const tooLarge = `${VALUE_BYTES_MAX + 1}\r\n${"v".repeat(VALUE_BYTES_MAX + 1)}`;

const notTaken = (command: string): string =>
  `CLIENT_ERROR ${command} is not taken here: this program acknowledges set, add, replace, append, prepend ` +
  "and delete and deletes their keys in the fleet\r\n";

const UNKNOWN =
  "ERROR unknown command: this program acknowledges set, add, replace, append, prepend and delete and deletes their " +
  "keys in the fleet\r\n";

test.each([
  ["set k1 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["add k1 7 100 3\r\nabc\r\n", "STORED\r\n"],
  ["replace k1 0 -1 0\r\n\r\n", "STORED\r\n"],
  ["append k1 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["prepend k1 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["delete k1\r\n", "DELETED\r\n"],
  ["delete k1 0\r\n", "DELETED\r\n"],
  ["set k1 0 0 1 noreply\r\nx\r\n", ""],
  ["append k1 0 0 1 noreply\r\nx\r\n", ""],
  ["delete k1 noreply\r\n", ""],
])("%j is answered %j at once, and its key is deleted on the server that owns it", (request, reply) => {
  const table = new Table();
  table.silent.add(1);
  const client = table.client();
  table.say(client, request);
  expect(client.read()).toBe(reply);
  table.connect(table.server(1));
  expect(table.server(1).read()).toBe("delete k1\r\n");
  expect(table.connections(0).length + table.connections(2).length).toBe(0);
});

const refused: readonly [request: string, reply: string][] = [
  ["get k", notTaken("get")],
  ["get a b c d", notTaken("get")],
  ["gets k", notTaken("gets")],
  ["gat 1 k", notTaken("gat")],
  ["gats 1 k", notTaken("gats")],
  ["cas k 0 0 1 5\r\nx", notTaken("cas")],
  ["incr k 1", notTaken("incr")],
  ["decr k 1", notTaken("decr")],
  ["touch k 1", notTaken("touch")],
  ["flush_all", notTaken("flush_all")],
  ["verbosity 1", notTaken("verbosity")],
  ["shutdown", notTaken("shutdown")],
  ["incr k 1 noreply", ""],
  ["cas k 0 0 1 5 noreply\r\nx", ""],
  ["nonsense", UNKNOWN],
  ["stats items", UNKNOWN],
  ["mg k v", notTaken("mg")],
  ["ms k 11\r\ndelete k123", notTaken("ms")],
  ["md k", notTaken("md")],
  ["ma k", notTaken("ma")],
  ["me k", notTaken("me")],
  ["mn", notTaken("mn")],
  ["lru_crawler enable", notTaken("lru_crawler")],
  ["lru mode flat", notTaken("lru")],
  ["slabs automove 0", notTaken("slabs")],
  ["cache_memlimit 64", notTaken("cache_memlimit")],
  ["watch fetchers", notTaken("watch")],
  ["refresh_certs", notTaken("refresh_certs")],
  ["extstore item_age 1", notTaken("extstore")],
  ["config get cluster", notTaken("config")],
  ["debugtime 1", notTaken("debugtime")],
  ["lru mode flat noreply", ""],
  ["mg", UNKNOWN],
  ["mg k v v", UNKNOWN],
  ["ms k 11 v v\r\ndelete k123", UNKNOWN],
  ["set k", "CLIENT_ERROR bad command line format\r\n"],
  [`set ${"k".repeat(251)} 0 0 1\r\nx`, "CLIENT_ERROR bad command line format\r\n"],
  [`delete ${"k".repeat(251)}`, "CLIENT_ERROR bad command line format\r\n"],
  ["delete k 5", "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"],
  ["set k\0 0 0 1\r\nx", "CLIENT_ERROR bad command line format\r\n"],
  ["delete k\0", "CLIENT_ERROR bad command line format\r\n"],
  [`add k 0 0 ${tooLarge}`, "SERVER_ERROR object too large for cache\r\n"],
  [`set k\0 0 0 ${tooLarge}`, "SERVER_ERROR object too large for cache\r\n"],
];

test.each(refused.map(([request, reply]) => ({ request, reply, shown: request.slice(0, 40) })))(
  "$shown is refused in one line, no server hears of it, and the next request is served",
  ({ request, reply }) => {
    const table = new Table();
    const client = table.client();
    table.say(client, `${request}\r\nversion\r\n`);
    expect(client.read()).toBe(`${reply}VERSION 1.2.3\r\n`);
    expect(client.closed).toBe(false);
    expect([0, 1, 2].flatMap((port) => table.connections(port))).toEqual([]);
    expect(table.engine.counters).toMatchObject({ requestsInvalid: 1, writes: 0 });
  },
);

test("a set whose value is too large is refused, and what is stored under its key goes all the same", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, `set k2 0 0 ${tooLarge}\r\nset j2 0 0 ${tooLarge.replace("\r\n", " noreply\r\n")}\r\n`);
  expect(client.read()).toBe("SERVER_ERROR object too large for cache\r\n");
  expect(table.server(2).readKeys()).toEqual(["k2", "j2"]);
});

test("answers come in the order asked, whatever is asked in one go and however it is cut", () => {
  const text =
    "set a1 0 0 1\r\nx\r\nget a\r\ndelete b2\r\nadd c0 0 0 1 noreply\r\nx\r\nfoo\r\nversion\r\nset d1 0 0 2\r\nxy\r\n";
  const replies = `STORED\r\n${notTaken("get")}DELETED\r\n${UNKNOWN}VERSION 1.2.3\r\nSTORED\r\n`;
  const whole = new Table();
  const client = whole.client();
  whole.say(client, text);
  expect(client.read()).toBe(replies);
  const cut = new Table();
  const other = cut.client();
  for (const byte of text) cut.say(other, byte);
  expect(other.read()).toBe(replies);
});

test("a client is served pipelineMax requests a turn, and the others come in between", () => {
  const table = new Table({ pipelineMax: 2 });
  const [busy, other] = [table.client(), table.client()];
  table.receive(busy, "delete a0\r\ndelete b0\r\ndelete c0\r\ndelete d0\r\ndelete e0\r\n");
  table.receive(other, "delete z0\r\n");
  table.turn();
  expect(table.server(0).readKeys()).toEqual(["a0", "b0", "z0", "c0", "d0", "e0"]);
  expect([busy.read(), other.read()]).toEqual(["DELETED\r\n".repeat(5), "DELETED\r\n"]);
});

test("a client that waits for its next turn may end its side or go away", () => {
  const table = new Table({ pipelineMax: 2 });
  const [ends, goes] = [table.client(), table.client()];
  table.receive(ends, "delete a0\r\ndelete b0\r\ndelete c0\r\n");
  table.receive(goes, "delete a1\r\ndelete b1\r\ndelete c1\r\n");
  table.engine.ended(ends.id, table.now);
  table.close(goes, "reset");
  expect([ends.read(), ends.closed]).toEqual(["DELETED\r\n".repeat(3), true]);
  expect(table.server(0).readKeys()).toEqual(["a0", "b0", "c0"]);
  expect(table.server(1).readKeys()).toEqual(["a1", "b1"]);
  expect(table.engine.counters).toMatchObject({ connectionsNow: 0, writes: 5 });
});

test("a key is bytes: each of them reaches the server as it came", () => {
  const table = new Table();
  const client = table.client();
  const key = Array.from({ length: 248 }, (_, i) => String.fromCharCode(i < 222 ? 34 + i : 200)).join("");
  expect(table.write(client, `${key}0`)).toBe("STORED\r\n");
  expect(table.server(0).read()).toBe(`delete ${key}0\r\n`);
});

test("quit closes, and so does a client's end, after its answers", () => {
  const table = new Table();
  const one = table.client();
  table.say(one, "set a0 0 0 1\r\nx\r\nquit\r\nset b0 0 0 1\r\nx\r\n");
  expect(one.read()).toBe("STORED\r\n");
  expect(one.closed).toBe(true);
  const other = table.client();
  other.taking = false;
  table.say(other, "delete c0\r\n");
  table.end(other);
  expect(other.closed).toBe(false);
  table.engine.drained(other.id, table.now);
  table.turn();
  expect(other.read()).toBe("DELETED\r\n");
  expect(other.closed).toBe(true);
  expect(table.server(0).readKeys()).toEqual(["a0", "c0"]);
});

test("a client that goes away leaves its keys to be deleted", () => {
  const table = new Table();
  table.silent.add(1);
  const client = table.client();
  table.write(client, "k1");
  table.close(client, "reset");
  table.connect(table.server(1));
  expect(table.server(1).readKeys()).toEqual(["k1"]);
});

test("connectionsMax: a client too many is told so and closed", () => {
  const table = new Table({ connectionsMax: 1 });
  const first = table.client();
  const second = table.client();
  expect(second.read()).toBe("ERROR Too many open connections\r\n");
  expect(second.closed).toBe(true);
  expect(table.write(first, "k0")).toBe("STORED\r\n");
});

test("options out of range are refused with what was given", () => {
  const options = { servers: [], distribution: byLastDigit };
  expect(() => new InvalidationEngine(options)).toThrow("an invalidation needs at least one server");
  expect(() => new InvalidationEngine({} as never)).toThrow(
    new TypeError("servers of an invalidation must be an array, got undefined"),
  );
  expect(() => new Table({}, { distribution: (() => 0) as never })).toThrow(
    "distribution of an invalidation must be one as createDistribution of @memwire/router makes it, got a function",
  );
  expect(() => new Table({}, { limit: {} } as object)).toThrow("an invalidation has no limit: there are ");
  expect(() => new Table({ workers: 0 })).toThrow("workers must be a whole number from 1, got 0");
  expect(() => new Table({ queueKeysMax: 2 ** 24 })).toThrow(
    "queueKeysMax must be at most 16000000, got 16777216",
  );
  expect(() => new Table({}, { replyTimeoutMs: 0 })).toThrow("replyTimeoutMs must be a whole number from 1");
  expect(() => new Table({}, { connectTimeoutMs: 1.5 })).toThrow("connectTimeoutMs must be a whole number");
});
