// Servers that want SASL: the proxy logs in and asks them in binary, whatever its clients speak.

import {
  BinaryRequestDecoder,
  latin1Bytes,
  latin1Text,
  SendBuffer,
  writeBinaryReply,
  type BinaryReply,
  type BinaryRequest,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";
import { COMMON, repliesIn, requestText } from "./binary-text.ts";

const credentials = { kind: "sasl", user: "ann", password: "open sesame" } as const;
const EMPTY = new Uint8Array(0);

/** What the proxy asked since the last look. */
function askedOf(hand: Hand): BinaryRequest[] {
  const decoder = new BinaryRequestDecoder();
  decoder.receive(latin1Bytes(hand.read()));
  const requests: BinaryRequest[] = [];
  for (let found = decoder.next(); found === "request"; found = decoder.next()) {
    requests.push(decoder.snapshot());
  }
  return requests;
}

const shown = (request: BinaryRequest): string =>
  [
    request.opcode,
    ...("key" in request ? [latin1Text(request.key)] : []),
    ...("value" in request ? [latin1Text(request.value)] : []),
  ].join(" ");

/** The reply to a request, as it stands on the wire. */
function replyTo(
  { opcode, opaque }: BinaryRequest,
  reply: Partial<BinaryReply> & { readonly text?: string },
): string {
  const out = new SendBuffer();
  const { text, ...rest } = reply;
  const value = text === undefined ? EMPTY : latin1Bytes(text);
  writeBinaryReply(out, { opcode, opaque, status: "ok", cas: 0n, key: EMPTY, value, ...rest });
  return latin1Text(out.take());
}

/** A server that answers what the proxy asks it, one request after the other. */
function say(
  table: Table,
  hand: Hand,
  ...replies: (Partial<BinaryReply> & { readonly text?: string })[]
): string[] {
  const requests = askedOf(hand);
  for (const [i, request] of requests.entries()) table.say(hand, replyTo(request, replies[i] ?? {}));
  return requests.map(shown);
}

const LOGIN = "sasl-auth PLAIN \0ann\0open sesame";

test("the proxy logs in before anything else, on every new connection, and asks in binary", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  for (let i = 1; i < 3; i++) {
    table.say(client, "set a0 0 0 1\r\nx\r\nget a0 b0\r\n");
    expect(say(table, table.server(0), { text: "Authenticated" })).toEqual([LOGIN]);
    const [set, first, last] = askedOf(table.server(0)) as [BinaryRequest, BinaryRequest, BinaryRequest];
    expect([set, first, last].map(shown)).toEqual(["set a0 x", "getkq a0", "getk b0"]);
    table.say(table.server(0), replyTo(set, { cas: 5n }));
    table.say(table.server(0), replyTo(first, { key: latin1Bytes("a0"), text: "x", flags: 0 }));
    table.say(table.server(0), replyTo(last, { key: latin1Bytes("b0"), status: "not-found" }));
    expect(client.read()).toBe("STORED\r\nVALUE a0 0 1\r\nx\r\nEND\r\n");
    table.end(table.server(0));
    expect(table.connects(0)).toBe(i);
  }
});

test.each<[string, Partial<BinaryReply>]>([
  ["a wrong password", { status: "auth-error" }],
  ["a server that wants more than PLAIN has", { status: "auth-continue" }],
  ["a server without SASL", { status: "unknown-command" }],
])("%s is a failure of its own kind, which says so", (_, reply) => {
  const table = new Table({}, { credentials });
  const client = table.client();
  for (let i = 0; i < 3; i++) {
    table.say(client, "get a0\r\n");
    say(table, table.server(0), reply);
    expect(client.read()).toBe("SERVER_ERROR backend authentication failed\r\n");
    expect(table.server(0).closed).toBe(true);
    table.wait(200 * (i + 1) - 1);
  }
  expect(table.proxy.servers()[0]?.health).toMatchObject({ state: "down", failures: { denied: 3 } });
});

test("a server that says text, or says nothing, is a failure as any", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "ERROR\r\n");
  expect(client.read()).toBe("SERVER_ERROR backend failure\r\n");
  table.say(client, "get a1\r\n");
  table.wait(1_000);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n");
});

test("a server that goes away while the proxy logs in fails what waits", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  table.say(client, "get a0\r\nset b0 0 0 1\r\nx\r\n");
  table.end(table.server(0));
  expect(client.read()).toBe("SERVER_ERROR Connection reset by peer\r\n".repeat(2));
});

test("a server that goes away in the middle of a value fails it, and all that waits behind", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  table.say(client, "get a0\r\nincr b0 1\r\n");
  say(table, table.server(0));
  const [get] = askedOf(table.server(0)) as [BinaryRequest];
  const reply = replyTo(get, { key: latin1Bytes("a0"), text: "hello", flags: 0 });
  table.say(table.server(0), reply.slice(0, -1));
  table.end(table.server(0));
  expect(client.read()).toBe("SERVER_ERROR Connection reset by peer\r\n".repeat(2));
});

test("an answer that begins and does not end in time costs the connection, as one that is late does not", () => {
  const table = new Table({}, { credentials, replyTimeoutMs: 100 });
  const client = table.client();
  const late = (bytes: number): string => {
    const [get] = askedOf(table.server(0)) as [BinaryRequest];
    const reply = replyTo(get, { key: latin1Bytes("a0"), text: "hello", flags: 0 });
    table.say(table.server(0), reply.slice(0, bytes));
    table.wait(100);
    table.say(table.server(0), reply.slice(bytes));
    return client.read();
  };
  table.say(client, "get a0\r\n");
  say(table, table.server(0));
  expect([late(0), table.server(0).closed]).toEqual(["SERVER_ERROR Connection timed out\r\n", false]);
  table.say(client, "get a0\r\n");
  expect([late(10), table.server(0).closed]).toEqual(["SERVER_ERROR backend failure\r\n", true]);
});

test("what is queued is asked as it was, however slowly the server takes it", () => {
  const table = new Table({}, { credentials, queuedTimeoutMs: 60_000, replyTimeoutMs: 60_000 });
  const client = table.client();
  const sets: string[] = [];
  const ask = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const value = String.fromCharCode(97 + (sets.length % 26)).repeat(50_000);
      table.say(client, `set k${sets.length}of0 0 0 50000\r\n${value}\r\n`);
      sets.push(`set k${sets.length}of0 ${value}`);
    }
  };
  ask(1);
  const server = table.server(0);
  say(table, server);
  server.taking = false;
  ask(70); // 3.5 MB: more than the network takes at once
  for (let i = 0; i < 6; i++) {
    table.proxy.drained(server.id, table.now);
    table.turn();
    ask(30); // what comes meanwhile is not written over what is still to be asked
  }
  table.drain(server);
  expect(askedOf(server).map(shown)).toEqual(sets);
});

test("a server that is down is probed by logging in, and is back when that is answered", () => {
  const table = new Table({ retryMinMs: 100 }, { credentials, health: { failuresMax: 1, retryJitter: 0 } });
  table.dead.add(0);
  const client = table.client();
  table.say(client, "get a0\r\n");
  expect(table.stat("alpha:s0:state")).toBe("down");
  table.dead.delete(0);
  table.wait(1_000);
  expect(say(table, table.server(0))).toEqual([LOGIN]);
  expect(table.stat("alpha:s0:state")).toBe("ready");
  table.say(client, "delete a0\r\n");
  expect(say(table, table.server(0), { status: "not-found", text: "Not found" })).toEqual(["delete a0"]);
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\nNOT_FOUND\r\n");
});

test("what binary cannot say is answered in its place, and costs nobody the connection", () => {
  const table = new Table({}, { credentials });
  const [client, other] = [table.client(), table.client()];
  table.say(client, "incr a0 5\r\nmg a0 t\r\nms b0 1 I\r\nx\r\ntouch a0 10\r\n");
  table.say(other, "delete c0\r\n");
  const server = table.server(0);
  say(table, server);
  const requests = askedOf(server);
  expect(requests.map(shown)).toEqual(["incr a0", "noop", "noop", "touch a0", "delete c0"]);
  const number = { number: 7n, text: "\0\0\0\0\0\0\0\x07" };
  for (const [i, request] of requests.entries()) table.say(server, replyTo(request, i === 0 ? number : {}));
  expect(client.read()).toBe(
    "7\r\nCLIENT_ERROR cannot be asked of a server with SASL: flag t of mg\r\n" +
      "CLIENT_ERROR cannot be asked of a server with SASL: flag I of ms\r\nTOUCHED\r\n",
  );
  expect(other.read()).toBe("DELETED\r\n");
  expect([server.closed, table.connects(0)]).toEqual([false, 1]);
});

test("an answer to something else is a broken one", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  table.say(client, "delete a0\r\n");
  const server = table.server(0);
  say(table, server);
  const [request] = askedOf(server) as [BinaryRequest];
  table.say(server, replyTo({ ...request, opaque: 77 }, {}));
  expect(client.read()).toBe("SERVER_ERROR backend failure\r\n");
  expect(server.closed).toBe(true);
});

test("a client of the binary protocol is told its cas uniques", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  const key = latin1Bytes("a0");
  table.say(
    client,
    requestText(
      { ...COMMON, opcode: "set", key, flags: 3, exptime: 0, value: latin1Bytes("hello") },
      { ...COMMON, opcode: "getk", key },
      { ...COMMON, opcode: "gat", key: latin1Bytes("a b0"), exptime: 9 },
    ),
  );
  const server = table.server(0);
  say(table, server);
  const asked = say(
    table,
    server,
    { cas: 11n },
    { cas: 11n, key, flags: 3, text: "hello" },
    { cas: 12n, flags: 0 },
  );
  expect(asked).toEqual(["set a0 hello", "getk a0", "gat a b0"]);
  expect(repliesIn(client.read()).map(({ opcode, status, cas }) => [opcode, status, cas])).toEqual([
    ["set", "ok", 11n],
    ["getk", "ok", 11n],
    ["gat", "ok", 12n],
  ]);
});

test("a large value goes over a connection of its own, which logs in, too; and one that is answered comes in pieces", () => {
  const table = new Table({ wholeBytesMax: 100 }, { credentials });
  const client = table.client();
  const value = "v".repeat(200_000);
  table.say(client, "set k0 0 0 200000\r\n");
  const own = table.server(0);
  expect(say(table, own)).toEqual([LOGIN]);
  const head = own.read();
  table.say(client, value.slice(0, 150_000));
  const some = own.read();
  expect(some).toBe(`0${value.slice(1, 150_000)}`); // the last byte that came waits for the next one
  table.say(client, `${value.slice(150_000)}\r\nget k0\r\n`);
  const decoder = new BinaryRequestDecoder();
  decoder.receive(latin1Bytes(head + some + own.read()));
  expect(decoder.next()).toBe("request");
  const set = decoder.snapshot();
  expect(shown(set)).toBe(`set k0 ${value}`);
  table.say(own, replyTo(set, { cas: 1n }));
  expect(client.read()).toBe("STORED\r\n");
  const shared = table.connections(0)[1] as Hand;
  say(table, shared);
  const [get] = askedOf(shared) as [BinaryRequest];
  const reply = replyTo(get, { key: latin1Bytes("k0"), flags: 0, text: value });
  table.say(shared, reply.slice(0, 100_000));
  expect(client.read()).toBe(`VALUE k0 0 200000\r\n${reply.slice(30, 100_000)}`);
  table.say(shared, reply.slice(100_000));
  expect(client.read()).toBe(`${reply.slice(100_000)}\r\nEND\r\n`);
});

test("one that is asked for by mg comes in pieces as well, and what is behind it is told behind it", () => {
  const table = new Table({ wholeBytesMax: 100 }, { credentials });
  const client = table.client();
  table.say(client, "mg k0 v s f\r\nmn\r\n");
  const server = table.server(0);
  expect(say(table, server)).toEqual([LOGIN]);
  const [get] = askedOf(server) as [BinaryRequest];
  const value = "v".repeat(200_000);
  const reply = replyTo(get, { flags: 5, text: value });
  table.say(server, reply.slice(0, 100_000));
  const some = client.read();
  table.say(server, reply.slice(100_000));
  expect(some.length).toBeGreaterThan(50_000);
  expect(some + client.read()).toBe(`VA 200000 s200000 f5\r\n${value}\r\nMN\r\n`);
});

test.each([
  ["goes away", ""],
  ["sends something else there", "xx"],
])("a client that %s before its large value's line end leaves the server without the value", (_, end) => {
  const table = new Table({ wholeBytesMax: 100 }, { credentials });
  const client = table.client();
  table.say(client, `set k0 0 0 200000\r\n${"v".repeat(200_000)}`);
  const own = table.server(0);
  say(table, own);
  const decoder = new BinaryRequestDecoder();
  const heard = (): string => {
    decoder.receive(latin1Bytes(own.read()));
    return decoder.next();
  };
  expect(heard()).toBe("need-data");
  if (end === "") table.end(client);
  else table.say(client, end);
  expect([heard(), own.closed]).toEqual(["need-data", true]);
  expect(client.read()).toBe(end === "" ? "" : "CLIENT_ERROR bad data chunk\r\n");
});
