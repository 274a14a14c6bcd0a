import { latin1Bytes } from "@memwire/codec";
import { expect, test } from "vitest";
import { expectPassedOn, Table } from "./bench.ts";

test("sends a request on as it came and its answer back as it came", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "set k1 5 0 3\r\nabc\r\n");
  expect(table.server(1).read()).toBe("set k1 5 0 3\r\nabc\r\n");
  table.say(table.server(1), "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
});

const oneLine: [request: string, forwarded: string, answer: string][] = [
  ["add k 0 0 1\r\nx\r\n", "add k 0 0 1\r\nx\r\n", "NOT_STORED\r\n"],
  ["cas k 0 0 1 77\r\nx\r\n", "cas k 0 0 1 77\r\nx\r\n", "EXISTS\r\n"],
  ["set k 0 0 1 some other words\r\nx\r\n", "set k 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["append k 0 0 1\nx\r\n", "append k 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["delete k 0\r\n", "delete k\r\n", "DELETED\r\n"],
  ["incr k 5\r\n", "incr k 5\r\n", "12\r\n"],
  ["decr k 18446744073709551615\r\n", "decr k 18446744073709551615\r\n", "NOT_FOUND\r\n"],
  ["touch k -1\r\n", "touch k -1\r\n", "TOUCHED\r\n"],
  ["incr k 1\r\n", "incr k 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"],
  ["set k 0 0 1\r\nx\r\n", "set k 0 0 1\r\nx\r\n", "SERVER_ERROR out of memory storing object\r\n"],
  ["get k\r\n", "get k\r\n", "VALUE k 0 3\r\nabc\r\nEND\r\n"],
  ["gets k\r\n", "gets k\r\n", "VALUE k 0 3 99\r\nabc\r\nEND\r\n"],
  ["gat   60  k  \r\n", "gat 60 k\r\n", "END\r\n"],
  ["gat -1 k\r\n", "gat -1 k\r\n", "END\r\n"],
  ["gats 60 k\r\n", "gats 60 k\r\n", "VALUE k 0 0 4\r\n\r\nEND\r\n"],
];

test.each(oneLine)("%j goes on as %j and is answered %j", expectPassedOn);

const answeredHere: [request: string, answer: string][] = [
  ["version\r\n", "VERSION 1.6.45\r\n"],
  ["verbosity 1\r\n", "OK\r\n"],
  ["verbosity 1 noreply\r\n", ""],
  ["flush_all\r\n", "CLIENT_ERROR flush_all not allowed\r\n"],
  ["shutdown\r\n", "SERVER_ERROR: shutdown not enabled\r\n"],
  ["stats nothing\r\n", "ERROR\r\n"],
  ["stats items\r\n", "CLIENT_ERROR stats items is not supported by this proxy\r\n"],
  ["stats detail dump\r\n", "CLIENT_ERROR stats detail is not supported by this proxy\r\n"],
  ["nonsense\r\n", "ERROR\r\n"],
  ["mn\r\n", "MN\r\n"],
  ["lru_crawler enable\r\n", "CLIENT_ERROR lru_crawler is not supported by this proxy\r\n"],
  ["lru mode flat\r\n", "CLIENT_ERROR lru is not supported by this proxy\r\n"],
  ["lru mode flat noreply\r\n", ""],
  ["slabs automove 0\r\n", "CLIENT_ERROR slabs is not supported by this proxy\r\n"],
  ["cache_memlimit 64\r\n", "CLIENT_ERROR cache_memlimit is not supported by this proxy\r\n"],
  ["cache_memlimit\r\n", "CLIENT_ERROR cache_memlimit is not supported by this proxy\r\n"],
  ["watch fetchers\r\n", "CLIENT_ERROR watch is not supported by this proxy\r\n"],
  ["refresh_certs\r\n", "CLIENT_ERROR refresh_certs is not supported by this proxy\r\n"],
  ["extstore item_age 1\r\n", "CLIENT_ERROR extstore is not supported by this proxy\r\n"],
  ["config get cluster\r\n", "ERROR\r\n"], // pylibmc sees by it that this is no ElastiCache
  ["debugtime 1\r\n", "CLIENT_ERROR debugtime is not supported by this proxy\r\n"],
  ["get\r\n", "CLIENT_ERROR bad command line format\r\n"],
  [`get ${"k".repeat(251)}\r\n`, "CLIENT_ERROR bad command line format\r\n"],
  [`get ${"k".repeat(10_000)}\r\n`, "CLIENT_ERROR bad command line format\r\n"],
  ["get a\0b\r\n", "CLIENT_ERROR bad command line format\r\n"],
  ["set a\0b 0 0 1\r\nx\r\n", "CLIENT_ERROR bad command line format\r\n"],
  ["set k 0 0 3\r\nabcdef\r\n", "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n"],
  ["incr k abc\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n"],
  [`add k 0 0 1048577\r\n${"x".repeat(1048577)}\r\n`, "SERVER_ERROR object too large for cache\r\n"],
];

test.each(answeredHere)("%j is answered here and reaches no server", (request, answer) => {
  const table = new Table();
  const client = table.client();
  table.say(client, `${request}version\r\n`);
  expect(client.read()).toBe(`${answer}VERSION 1.6.45\r\n`);
  expect(table.hands.size).toBe(1);
});

test("what the codec knows and the proxy does not counts as invalid, well formed or not", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "lru_crawler\r\nmg\r\nlru mode flat\r\nstats\r\n");
  expect(client.read()).toContain("STAT requests_invalid 3\r\n");
});

test("answers in the order asked, whatever the order in which servers answer", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nget b1\r\nversion\r\nget c2\r\n");
  table.say(table.server(2), "VALUE c2 0 1\r\nc\r\nEND\r\n");
  table.say(table.server(1), "VALUE b1 0 1\r\nb\r\nEND\r\n");
  expect(client.read()).toBe("");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\n");
  expect(client.sends).toBe(1);
  expect(client.read()).toBe(
    "VALUE a0 0 1\r\na\r\nEND\r\nVALUE b1 0 1\r\nb\r\nEND\r\nVERSION 1.6.45\r\nVALUE c2 0 1\r\nc\r\nEND\r\n",
  );
});

test("splits a multi-get by server and joins the values under one END, in the order of the keys", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "gets a0 b1  c0 d1 a0\r\n");
  expect(table.server(0).read()).toBe("gets a0 c0 a0\r\n");
  expect(table.server(1).read()).toBe("gets b1 d1\r\n");
  table.say(table.server(1), "VALUE d1 0 1 5\r\nd\r\nEND\r\n");
  table.say(table.server(0), "VALUE a0 0 1 6\r\na\r\nVALUE a0 0 1 6\r\na\r\nEND\r\n");
  expect(client.read()).toBe("VALUE a0 0 1 6\r\na\r\nVALUE d1 0 1 5\r\nd\r\nVALUE a0 0 1 6\r\na\r\nEND\r\n");
});

test("a set that is too large takes the old value with it, as memcached does", () => {
  const table = new Table();
  const client = table.client();
  const tooLarge = `${"x".repeat(1_048_577)}\r\n`;
  table.say(client, `set k0 0 0 1048577\r\n${tooLarge}set k0 0 0 1048577 noreply\r\n${tooLarge}get k0\r\n`);
  expect(table.server(0).read()).toBe("delete k0\r\ndelete k0\r\nget k0\r\n");
  table.say(table.server(0), "DELETED\r\nNOT_FOUND\r\nEND\r\n");
  expect(client.read()).toBe("SERVER_ERROR object too large for cache\r\nEND\r\n");
});

test("holds whole replies back for one turn when more are to come, and no longer", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nget b1\r\nget c2\r\n");
  const chunk = latin1Bytes("END\r\n");
  table.proxy.received(table.server(0).id, chunk, table.now);
  expect(table.proxy.poll()).toBeUndefined();
  expect(table.proxy.deadline).toBe(-Infinity);
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe("END\r\nEND\r\n");
  expect(client.sends).toBe(1);
  expect(table.proxy.deadline).toBeGreaterThan(table.now);
});

test("a large part of a reply is not held back for the rest", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0 b1\r\n");
  const value = `VALUE a0 0 70000\r\n${"v".repeat(70_000)}\r\n`;
  table.say(table.server(0), value);
  expect(client.read()).toBe(value);
  table.say(table.server(0), "END\r\n");
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

test("sends nothing quiet to a server, and says nothing quiet to a client", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "set k 0 0 1 noreply\r\nx\r\ndelete k noreply\r\nincr k 1 noreply\r\nget k\r\n");
  expect(table.server(0).read()).toBe("set k 0 0 1\r\nx\r\ndelete k\r\nincr k 1\r\nget k\r\n");
  table.say(table.server(0), "SERVER_ERROR out of memory storing object\r\nDELETED\r\nNOT_FOUND\r\n");
  expect(client.read()).toBe("");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

test("writes all requests of one turn to a server at once, and all replies of one turn to a client", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\nget c0\r\n");
  expect(table.server(0).sends).toBe(1);
  table.say(table.server(0), "END\r\nEND\r\nEND\r\n");
  expect(client.sends).toBe(1);
});

test("joins requests and replies whatever pieces they come in", () => {
  const table = new Table();
  const client = table.client();
  for (const byte of "set k0 0 0 5\r\nhello\r\nget k0 k1\r\n") table.say(client, byte);
  for (const byte of "STORED\r\nVALUE k0 0 5\r\nhello\r\nEND\r\n") table.say(table.server(0), byte);
  for (const byte of "END\r\n") table.say(table.server(1), byte);
  expect(client.read()).toBe("STORED\r\nVALUE k0 0 5\r\nhello\r\nEND\r\n");
});

test("flush_all goes to every server when it is enabled, and the first bad answer counts", () => {
  const table = new Table({}, { flushEnabled: true });
  const client = table.client();
  table.say(client, "flush_all 10\r\nflush_all noreply\r\nflush_all -1\r\n");
  for (const port of [0, 1, 2]) {
    expect(table.server(port).read()).toBe("flush_all 10\r\nflush_all 0\r\nflush_all -1\r\n");
  }
  table.say(table.server(0), "OK\r\nOK\r\nOK\r\n");
  table.say(table.server(1), "OK\r\nOK\r\nSERVER_ERROR no\r\n");
  expect(client.read()).toBe("");
  table.say(table.server(2), "OK\r\nOK\r\nOK\r\n");
  expect(client.read()).toBe("OK\r\nSERVER_ERROR no\r\n");
});

test("serves what came before quit, then closes", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nquit\r\nget b0\r\n");
  expect(table.server(0).read()).toBe("get a0\r\n");
  expect(client.closed).toBe(false);
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
  expect(client.closed).toBe(true);
});

test("answers a client that ended its side, then closes", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.end(client);
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
  expect(client.closed).toBe(true);
});

test("stats say what each server of each pool is doing", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a1\r\n");
  table.say(table.server(1), "END\r\n");
  table.say(client, "stats\r\n");
  const lines = client.read().split("\r\n");
  expect(lines).toContain("STAT alpha:s1:state ready");
  expect(lines).toContain("STAT alpha:s1:in_flight 0");
  expect(lines).toContain("STAT alpha:s0:state idle");
  expect(lines.at(-2)).toBe("END");
});
