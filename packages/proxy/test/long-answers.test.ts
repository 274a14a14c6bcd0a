// Answers that take longer than `replyTimeoutMs` and go on all the while, and those who wait behind them.

import { latin1Bytes } from "@memwire/codec";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";

const LATE = "SERVER_ERROR Connection timed out\r\n";
const BROKEN = "SERVER_ERROR backend failure\r\n";
const limits = { wholeBytesMax: 100 };
const LINE = "VALUE a0 0 1000\r\n";
const PIECE = "a".repeat(100);
const VALUE = `${LINE}${PIECE.repeat(10)}\r\n`;

/** A client to whom a value is told, of which only the line has come, and its server. */
function begun(
  table: Table,
  request = "get a0\r\n",
  line = LINE,
): { readonly client: Hand; readonly server: Hand } {
  const client = table.client();
  table.say(client, "get z0\r\n");
  const server = table.server(0);
  table.say(server, "END\r\n");
  table.say(client, request);
  table.say(server, line);
  server.read();
  client.read();
  return { client, server };
}

/** So many pieces of the value, each after some time. */
function trickle(table: Table, server: Hand, pieces: number, everyMs: number): void {
  for (let i = 0; i < pieces && !server.closed; i++) {
    table.wait(everyMs);
    if (!server.closed) table.say(server, PIECE);
  }
}

test("who waits behind one is late at the time that is theirs, and their answers are swallowed", () => {
  const table = new Table(limits, { replyTimeoutMs: 100 });
  const { client, server } = begun(table);
  const other = table.client();
  table.wait(30);
  table.say(other, "gets b0\r\nversion\r\n");
  table.wait(10);
  table.say(other, "gets c0\r\n");
  trickle(table, server, 1, 50);
  table.wait(39);
  expect(other.read()).toBe("");
  table.wait(1);
  expect(other.read()).toBe(`${LATE}VERSION 1.6.45\r\n`);
  table.wait(9);
  expect(other.read()).toBe("");
  table.wait(1);
  expect(other.read()).toBe(LATE);
  trickle(table, server, 9, 30);
  table.say(other, "gets d0\r\n");
  table.say(server, "\r\nEND\r\nVALUE b0 0 1 1\r\nb\r\nEND\r\nEND\r\nVALUE d0 0 1 1\r\nd\r\nEND\r\n");
  expect(client.read()).toBe(`${VALUE}END\r\n`);
  expect(other.read()).toBe("VALUE d0 0 1 1\r\nd\r\nEND\r\n");
  expect(table.connects(0)).toBe(1);
  const { counters, health } = table.proxy.servers()[0]!;
  expect(counters).toMatchObject({ replyTimeouts: 2, inFlightNow: 0, queuedNow: 0 });
  expect(health.failures).toEqual({}); // it answered all the while
});

test("a multi-get that has its values one by one holds nobody either", () => {
  const table = new Table({}, { replyTimeoutMs: 100 });
  const [client, other] = [table.client(), table.client()];
  table.say(client, "get a0 b0 c0\r\n");
  table.say(other, "gets d0\r\n");
  let answer = "";
  for (const key of ["a0", "b0", "c0"]) {
    table.wait(60);
    const value = `VALUE ${key} 0 1\r\nx\r\n`;
    table.say(table.server(0), value);
    answer += value;
  }
  expect(other.read()).toBe(LATE);
  table.wait(60);
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe(`${answer}END\r\n`);
});

test("of gets that went in one line, those whose values are not the one that is coming are late", () => {
  const table = new Table(limits, { replyTimeoutMs: 100 });
  const clients = [table.client(), table.client(), table.client()];
  table.say(clients[0]!, "get z0\r\n");
  const server = table.server(0);
  table.say(server, "END\r\n");
  clients[0]!.read();
  server.read();
  for (const [i, key] of ["b0", "a0", "c0"].entries()) {
    table.proxy.received(clients[i]!.id, latin1Bytes(`get ${key}\r\n`), table.now);
  }
  table.turn();
  expect(server.read()).toBe("get b0 a0 c0\r\n");
  table.say(server, LINE);
  trickle(table, server, 2, 60);
  expect(clients.map((each) => each.read())).toEqual([LATE, "", LATE]);
  trickle(table, server, 8, 60);
  table.say(server, "\r\nVALUE c0 0 1\r\nc\r\nEND\r\n");
  expect(clients.map((each) => each.read())).toEqual(["", `${VALUE}END\r\n`, ""]);
  expect(table.proxy.servers()[0]?.counters).toMatchObject({ replyTimeouts: 2, replies: 4, inFlightNow: 0 });
  expect(table.connects(0)).toBe(1);
});

test("when too many wait in vain the connection is replaced, at once and for them, and the server is not down", () => {
  const table = new Table({ ...limits, timeoutsMax: 3 }, { replyTimeoutMs: 100 });
  for (let round = 0; round < 2; round++) {
    const client = table.client();
    table.say(client, "get a0\r\n");
    if (round > 0) table.say(table.server(0), "VERSION 1.6.45\r\n");
    const server = table.server(0);
    table.say(server, LINE);
    const others = [table.client(), table.client(), table.client()];
    for (const other of others) {
      table.say(other, "gets b0\r\n");
      trickle(table, server, 1, 20);
    }
    trickle(table, server, 20, 20);
    expect(others.map((each) => each.read())).toEqual([LATE, LATE, LATE]);
    expect([server.closed, client.closed]).toEqual([true, true]);
  }
  const { counters, health, state } = table.proxy.servers()[0]!;
  expect(counters).toMatchObject({ replyTimeouts: 6, downs: 0, inFlightNow: 0 });
  expect([health.failures, health.retryAt, state]).toEqual([{ "timed-out": 2 }, undefined, "idle"]);
});

test("nobody is cut for what he asked himself behind what he is told", () => {
  const table = new Table({ ...limits, timeoutsMax: 3 }, { replyTimeoutMs: 100 });
  const { client, server } = begun(table);
  table.say(client, "gets b0\r\n".repeat(5));
  trickle(table, server, 10, 60);
  table.say(server, `\r\nEND\r\n${"END\r\n".repeat(5)}`);
  expect(client.read()).toBe(`${VALUE}END\r\n${LATE.repeat(5)}`);
  table.say(client, "gets c0\r\n");
  table.say(server, "END\r\n");
  expect([client.read(), table.connects(0)]).toEqual(["END\r\n", 1]);
});

test("one whose client is gone has the time that it had, and then costs the connection and nothing else", () => {
  const table = new Table(limits, { replyTimeoutMs: 100 });
  const { client, server } = begun(table);
  trickle(table, server, 1, 60);
  table.close(client, "reset");
  const other = table.client();
  table.wait(20);
  table.say(other, "gets b0\r\n");
  trickle(table, server, 1, 79);
  expect(server.closed).toBe(false);
  table.wait(1);
  expect([server.closed, other.read()]).toEqual([true, BROKEN]);
  expect(table.proxy.servers()[0]?.health.failures).toEqual({}); // a client could do it again and again
  table.say(other, "gets b0\r\n");
  expect([table.server(0).read(), table.connects(0)]).toEqual(["gets b0\r\n", 2]);
});

test.each(["gets a0\r\n", "get a0 b0\r\n", "mg a0 v k\r\n"])(
  "nor is it held against its server where the client had asked %j",
  (request) => {
    const table = new Table(limits, { replyTimeoutMs: 100 });
    const { client, server } = begun(
      table,
      request,
      request.startsWith("mg") ? "VA 1000 ka0\r\n" : "VALUE a0 0 1000 7\r\n",
    );
    table.close(client, "reset");
    trickle(table, server, 2, 60);
    expect(server.closed).toBe(true);
    expect(table.proxy.servers()[0]?.health.failures).toEqual({});
  },
);

test("one that began when it was late already has as long once more", () => {
  const table = new Table(limits, { replyTimeoutMs: 100 });
  const client = table.client();
  table.say(client, "get a0\r\n");
  const server = table.server(0);
  table.wait(150);
  expect(client.read()).toBe(LATE);
  table.say(server, LINE);
  trickle(table, server, 3, 33);
  expect(server.closed).toBe(false);
  table.wait(1);
  expect(server.closed).toBe(true);
});

test("nobody is late because of a client who does not take what he is told", () => {
  const table = new Table({ ...limits, unsentBytesPause: 300 }, { replyTimeoutMs: 100 });
  const { client, server } = begun(table);
  client.taking = false;
  table.say(client, "gets b0\r\n");
  table.say(server, PIECE.repeat(4));
  expect(server.paused).toBe(true);
  table.wait(1_000);
  const other = table.client();
  table.say(other, "gets c0\r\n");
  expect(server.paused).toBe(false);
  table.wait(99);
  table.say(server, `${PIECE.repeat(6)}\r\nEND\r\nEND\r\nEND\r\n`);
  expect(other.read()).toBe("END\r\n");
  table.drain(client);
  expect(client.read()).toBe(`${VALUE}END\r\nEND\r\n`);
  expect(table.proxy.servers()[0]?.counters.replyTimeouts).toBe(0);
});

test("while one goes on its connection is not idle, also when all others are late", () => {
  const table = new Table(limits, { replyTimeoutMs: 100, idleTimeoutMs: 150 });
  const { client, server } = begun(table);
  trickle(table, server, 10, 60);
  table.say(server, "\r\nEND\r\n");
  expect(client.read()).toBe(`${VALUE}END\r\n`);
  table.wait(150);
  expect(server.closed).toBe(true);
});
