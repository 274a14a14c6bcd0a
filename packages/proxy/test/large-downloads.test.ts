import { BinaryReplyDecoder, latin1Bytes, latin1Text, SendBuffer, writeBinaryRequest } from "@memwire/codec";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";

const SIZE = 1_000;
const limits = { wholeBytesMax: 100 };
const A = "a".repeat(SIZE);
const B = "b".repeat(SIZE);
const C = "c".repeat(SIZE);
const valueOf = (key: string, value: string): string => `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;

const half = (text: string): [string, string] => [
  text.slice(0, text.length / 2),
  text.slice(text.length / 2),
];

test("a large value is told as it comes", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  const value = valueOf("a0", "v".repeat(1_000_000));
  let told = "";
  for (let at = 0; at < 1_000_000; at += 100_000) {
    table.say(table.server(0), value.slice(at, at + 100_000));
    expect(client.sent).not.toBe("");
    told += client.read();
  }
  table.say(table.server(0), `${value.slice(1_000_000)}END\r\n`);
  expect(told + client.read()).toBe(`${value}END\r\n`);
});

test("one whose server has none of the keys before it is told as it comes, too", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get x0 a0 y1\r\n");
  const value = valueOf("a0", "v".repeat(1_000_000));
  const [start, rest] = half(value);
  table.say(table.server(0), start);
  expect(client.read()).toBe(start);
  table.say(table.server(0), `${rest}END\r\n`);
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe(`${rest}END\r\n`);
});

test("one that comes before its turn is staged", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get b1\r\nmg a0 v\r\n");
  table.say(table.server(0), `VA ${SIZE}\r\n${A}\r\n`);
  expect(client.read()).toBe("");
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe(`END\r\nVA ${SIZE}\r\n${A}\r\n`);
});

test("gets of one key each that went together have each its own", () => {
  const table = new Table(limits);
  const clients = [table.client(), table.client(), table.client()];
  table.say(clients[0]!, "get z0\r\n");
  table.say(table.server(0), "END\r\n");
  for (const [i, key] of ["a0", "b0", "c0"].entries()) {
    table.proxy.received(clients[i]!.id, latin1Bytes(`get ${key}\r\n`), table.now);
  }
  table.turn();
  expect(table.server(0).read()).toBe("get z0\r\nget a0 b0 c0\r\n");
  clients[0]!.read();
  const whole = `${valueOf("a0", A)}${valueOf("c0", C)}END\r\n`;
  for (const byte of whole) table.proxy.received(table.server(0).id, latin1Bytes(byte), table.now);
  table.turn();
  expect(clients.map((client) => client.read())).toEqual([
    `${valueOf("a0", A)}END\r\n`,
    "END\r\n",
    `${valueOf("c0", C)}END\r\n`,
  ]);
});

test("values that several servers send at the same time for one multi-get are not mixed", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get a0 b1 c2 d1\r\n");
  const [a, aRest] = half(valueOf("a0", A));
  const [b, bRest] = half(valueOf("b1", B));
  const [c, cRest] = half(valueOf("c2", C));
  const small = valueOf("d1", "d");
  table.say(table.server(0), a);
  table.say(table.server(1), b);
  table.say(table.server(2), c);
  table.say(table.server(1), `${bRest}${small}END\r\n`);
  table.say(table.server(0), aRest);
  table.say(table.server(2), `${cRest}END\r\n`);
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe(`${a}${aRest}${b}${bRest}${c}${cRest}${small}END\r\n`);
});

test("a large value whose turn comes in the middle of it is told as it comes from then on", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get x0 b1\r\n");
  const [b, bRest] = half(valueOf("b1", "b".repeat(400_000)));
  table.say(table.server(1), b);
  expect(client.read()).toBe("");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe(b);
  table.say(table.server(1), `${bRest}END\r\n`);
  expect(client.read()).toBe(`${bRest}END\r\n`);
});

test("one whose turn comes because the server before it fails is told as it comes, and of the failure behind it", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get x0 b1\r\n");
  const [b, bRest] = half(valueOf("b1", "b".repeat(400_000)));
  table.say(table.server(1), b);
  expect(client.read()).toBe("");
  table.close(table.server(0), "reset");
  expect(client.read()).toBe(b);
  table.say(table.server(1), `${bRest}END\r\n`);
  expect(client.read()).toBe(`${bRest}SERVER_ERROR Connection reset by peer\r\n`);
});

test("a server that fails in the middle of a value that is told costs the client its connection, and is counted", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get a0\r\nget b1\r\n");
  table.say(table.server(0), half(valueOf("a0", A))[0]);
  table.close(table.server(0), "reset");
  expect(client.closed).toBe(true);
  table.say(table.server(1), "END\r\n");
  const other = table.client();
  table.say(other, "get b1\r\n");
  table.say(table.server(1), "END\r\n");
  expect(other.read()).toBe("END\r\n");
  expect(table.proxy.counters.clientsCut).toBe(1);
  expect(table.proxy.counters.requestsNow).toBe(0);
});

test("where the value waits aside, only that is left out", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get a0 b1\r\n");
  const [a, aRest] = half(valueOf("a0", A));
  table.say(table.server(0), a);
  table.say(table.server(1), half(valueOf("b1", B))[0]);
  table.close(table.server(1), "reset");
  table.say(table.server(0), `${aRest}END\r\n`);
  expect(client.read()).toBe(`${a}${aRest}SERVER_ERROR Connection reset by peer\r\n`);
});

/** It asks for `a0`. */
function binaryClient(table: Table): Hand {
  const client = table.client();
  const out = new SendBuffer();
  writeBinaryRequest(out, { opcode: "getk", key: latin1Bytes("a0"), opaque: 9, cas: 0n, vbucket: 0 });
  table.say(client, latin1Text(out.take()));
  return client;
}

test("a client of the binary protocol is told a large value, too", () => {
  const table = new Table(limits);
  const client = binaryClient(table);
  const [start, rest] = half(`VALUE a0 5 ${SIZE} 7\r\n${A}\r\nEND\r\n`);
  table.say(table.server(0), start);
  table.say(table.server(0), rest);
  const decoder = new BinaryReplyDecoder();
  decoder.receive(latin1Bytes(client.read()));
  expect(decoder.next()).toBe("reply");
  expect(decoder.snapshot()).toMatchObject({
    status: "ok",
    opaque: 9,
    flags: 5,
    cas: 7n,
    key: latin1Bytes("a0"),
  });
  expect(decoder.valueEnd - decoder.valueStart).toBe(SIZE);
});

test("a client of the binary protocol that has some of a value is closed when the server fails, and not when it has all", () => {
  const value = `VALUE a0 5 ${SIZE} 7\r\n${A}\r\n`;
  for (const [told, isCut] of [
    [half(value)[0], true],
    [value, false],
  ] as const) {
    const table = new Table(limits);
    const client = binaryClient(table);
    table.say(table.server(0), told);
    table.close(table.server(0), "reset");
    expect([client.closed, table.proxy.counters.clientsCut]).toEqual([isCut, isCut ? 1 : 0]);
  }
});

test("of a large value that was touched nothing is told but its flags and its cas", () => {
  for (const rest of [`${half(A)[1]}\r\nEND\r\n`, undefined]) {
    const table = new Table(limits);
    const client = table.client();
    const out = new SendBuffer();
    const key = latin1Bytes("a0");
    writeBinaryRequest(out, { opcode: "touch", key, exptime: 60, opaque: 9, cas: 0n, vbucket: 0 });
    table.say(client, latin1Text(out.take()));
    expect(table.server(0).read()).toBe("gats 60 a0\r\n");
    table.say(table.server(0), `VALUE a0 5 ${SIZE} 7\r\n${half(A)[0]}`);
    if (rest === undefined) table.close(table.server(0), "reset");
    else table.say(table.server(0), rest);
    const decoder = new BinaryReplyDecoder();
    decoder.receive(latin1Bytes(client.read()));
    expect(decoder.next()).toBe("reply");
    expect(decoder.snapshot()).toMatchObject({
      status: "ok",
      opaque: 9,
      flags: 5,
      cas: 7n,
      value: new Uint8Array(),
    });
    expect([decoder.next(), client.closed]).toEqual(["need-data", false]);
  }
});

const wrong: [request: string, reply: string][] = [
  ["get a0\r\n", `VALUE b0 0 ${SIZE}\r\n`],
  ["get a0\r\n", `VA ${SIZE}\r\n`],
  ["mg a0 v Ox\r\n", `VA ${SIZE} Oy\r\n`],
  ["mg a0 v\r\n", `VALUE a0 0 ${SIZE}\r\n`],
  ["delete a0\r\n", `VALUE a0 0 ${SIZE}\r\n`],
];

test.each(wrong)("%j is not answered by %j, whatever follows", (request, reply) => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, request);
  table.say(table.server(0), reply);
  expect(client.read()).toBe("SERVER_ERROR backend failure\r\n");
  expect(table.server(0).closed).toBe(true);
});

test("a client that does not take its values is closed at the bound of all clients, when it has much", () => {
  const table = new Table({ bufferedBytesMax: 1_000_000, unsentBytesPause: 100_000 });
  const [slow, quick, other] = [table.client(), table.client(), table.client()];
  slow.taking = false;
  table.say(slow, "gets a0\r\ngets a0\r\ngets a0\r\n");
  table.say(other, "get c0\r\n"); // or the server would be read no further
  const large = `VALUE a0 0 900000 7\r\n${"v".repeat(900_000)}\r\nEND\r\n`;
  table.say(table.server(0), large);
  table.say(table.server(0), large);
  expect(slow.closed).toBe(false);
  table.say(quick, "get b1\r\nversion\r\n");
  expect(quick.read()).toBe("SERVER_ERROR buffer memory limit reached\r\nVERSION 1.6.45\r\n");
  table.say(table.server(0), large);
  expect(slow.closed).toBe(true);
  table.say(table.server(0), "END\r\n");
  table.say(quick, "get b1\r\n");
  table.say(table.server(1), "END\r\n");
  expect([other.read(), quick.read()]).toEqual(["END\r\n", "END\r\n"]);
  expect(table.proxy.counters).toMatchObject({
    bufferedBytesNow: 0,
    clientsTooSlow: 1,
    requestsOverBufferedMax: 1,
  });
});
