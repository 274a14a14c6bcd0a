import { expect, test } from "vitest";
import { expectPassedOn, Table } from "./bench.ts";

const answered: [request: string, forwarded: string, answer: string][] = [
  ["mg k v f t Oabc k\r\n", "mg k v f t Oabc k\r\n", "VA 3 f5 t-1 Oabc kk\r\nabc\r\n"],
  ["mg k\r\n", "mg k\r\n", "HD\r\n"],
  ["mg k v\r\n", "mg k v\r\n", "EN\r\n"],
  ["mg Zm9v b k v\r\n", "mg Zm9v b k v\r\n", "VA 0 b kZm9v\r\n\r\n"],
  ["mg foo v k\r\n", "mg foo v k\r\n", "VA 1 kZm9v b\r\nx\r\n"],
  ["mg Zm9v b k v\r\n", "mg Zm9v b k v\r\n", "VA 1 kfoo\r\nx\r\n"], // it was stored under plain foo
  ["mg k v N30 R30\r\n", "mg k v N30 R30\r\n", "VA 0 W\r\n\r\n"],
  ["ms k 3 T60 F5 c\r\nabc\r\n", "ms k 3 T60 F5 c\r\nabc\r\n", "HD c77\r\n"],
  ["ms k 3 ME\r\nabc\r\n", "ms k 3 ME\r\nabc\r\n", "NS\r\n"],
  ["ms k 3 C1\r\nabc\r\n", "ms k 3 C1\r\nabc\r\n", "EX\r\n"],
  ["ms k 3 C1\r\nabc\r\n", "ms k 3 C1\r\nabc\r\n", "NF\r\n"],
  ["md k\r\n", "md k\r\n", "HD\r\n"],
  ["md k Ox I\r\n", "md k Ox I\r\n", "NF Ox\r\n"],
  ["ma k v D5\r\n", "ma k v D5\r\n", "VA 2\r\n15\r\n"],
  ["ma k N0 J13\r\n", "ma k N0 J13\r\n", "HD\r\n"],
  ["ma k\r\n", "ma k\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"],
  ["me k\r\n", "me k\r\n", "ME k exp=-1 la=0 cas=1 fetch=no cls=1 size=60\r\n"],
  ["me k\r\n", "me k\r\n", "EN\r\n"],
  ["ms k 3\r\nabc\r\n", "ms k 3\r\nabc\r\n", "SERVER_ERROR out of memory storing object\r\n"],
];

test.each(answered)("%j goes on as %j and is answered %j", expectPassedOn);

const quiet: [request: string, forwarded: string, answer: string, told: string][] = [
  ["mg k v q\r\n", "mg k v\r\n", "EN\r\n", ""],
  ["mg k v q\r\n", "mg k v\r\n", "VA 1\r\nx\r\n", "VA 1\r\nx\r\n"],
  ["mg k q k\r\n", "mg k k\r\n", "HD kk\r\n", "HD kk\r\n"],
  ["ms k 1 q\r\nx\r\n", "ms k 1\r\nx\r\n", "HD\r\n", ""],
  ["ms k 1 q ME\r\nx\r\n", "ms k 1 ME\r\nx\r\n", "NS\r\n", "NS\r\n"],
  ["ms k 1 C5 q\r\nx\r\n", "ms k 1 C5\r\nx\r\n", "EX\r\n", "EX\r\n"],
  ["md k q\r\n", "md k\r\n", "HD\r\n", ""],
  ["md k q\r\n", "md k\r\n", "NF\r\n", "NF\r\n"],
  ["ma k q\r\n", "ma k\r\n", "HD\r\n", ""],
  ["ma k q v\r\n", "ma k v\r\n", "VA 1\r\n2\r\n", ""],
  ["ma k q v\r\n", "ma k v\r\n", "NF\r\n", "NF\r\n"],
  ["ms k 1 q\r\nx\r\n", "ms k 1\r\nx\r\n", "SERVER_ERROR no\r\n", "SERVER_ERROR no\r\n"],
];

test.each(quiet)("%j goes on as %j, and of %j the client hears %j", (request, forwarded, answer, told) => {
  const table = new Table();
  const client = table.client();
  table.say(client, `${request}mn\r\n`);
  expect(table.server(0).read()).toBe(forwarded);
  table.say(table.server(0), answer);
  expect(client.read()).toBe(`${told}MN\r\n`);
});

test("a quiet client hears of no number, however small the values are that are handed on as they come", () => {
  const table = new Table({ wholeBytesMax: 1 });
  const client = table.client();
  table.say(client, "ma k v q\r\nma k v\r\nmn\r\n");
  table.say(table.server(0), "VA 2\r\n15\r\nVA 2\r\n16\r\n");
  expect(client.read()).toBe("VA 2\r\n16\r\nMN\r\n");
});

test("mn comes behind all that was asked before it, whatever servers that went to", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "mg a0 v q Oa\r\nmg b1 v q Ob\r\nmn\r\nmg c2 v\r\n");
  table.say(table.server(2), "EN\r\n");
  table.say(table.server(1), "VA 1 Ob\r\nb\r\n");
  expect(client.read()).toBe("");
  table.say(table.server(0), "EN\r\n");
  expect(client.read()).toBe("VA 1 Ob\r\nb\r\nMN\r\nEN\r\n");
});

test("many quiet mg of one packet leave in one write to each server, and so do their answers", () => {
  const table = new Table();
  const client = table.client();
  const keys = Array.from({ length: 24 }, (_, i) => `k${i}x${i % 3}`);
  table.say(client, `${keys.map((key) => `mg ${key} v k q\r\n`).join("")}mn\r\n`);
  for (const port of [0, 1, 2]) {
    const server = table.server(port);
    expect(server.sends).toBe(1);
    table.say(server, server.read().replaceAll(/mg (\S+) v k\r\n/g, "VA 1 k$1\r\nx\r\n"));
  }
  expect(client.read()).toBe(`${keys.map((key) => `VA 1 k${key}\r\nx\r\n`).join("")}MN\r\n`);
});

test("a server that cannot be asked is told of even where the request is quiet", () => {
  const table = new Table();
  table.dead.add(0);
  const client = table.client();
  table.say(client, "mg k v q\r\nms k 1 q\r\nx\r\nmn\r\n");
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\nSERVER_ERROR Connection refused\r\nMN\r\n");
});

test("a key in base64 belongs to the server of the key that it stands for", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "mg azE= b v\r\n"); // k1
  expect(table.server(1).read()).toBe("mg azE= b v\r\n");
});

const wrong: [request: string, answer: string][] = [
  ["mg k v Oa\r\n", "VA 1 Ob\r\nx\r\n"],
  ["mg k v\r\n", "VA 1 Ob\r\nx\r\n"],
  ["mg k v k\r\n", "VA 1 kj\r\nx\r\n"],
  ["mg k v\r\n", "VALUE k 0 1\r\nx\r\nEND\r\n"],
  ["mg k v\r\n", "END\r\n"],
  ["mg k v\r\n", "NF\r\n"],
  ["mg k v\r\n", "MN\r\n"],
  ["ms k 1\r\nx\r\n", "STORED\r\n"],
  ["ms k 1\r\nx\r\n", "VA 1\r\nx\r\n"],
  ["ms k 1\r\nx\r\n", "EN\r\n"],
  ["md k\r\n", "NS\r\n"],
  ["md k\r\n", "NOT_FOUND\r\n"],
  ["ma k\r\n", "5\r\n"],
  ["me k\r\n", "HD\r\n"],
  ["get k\r\n", "VA 1\r\nx\r\n"],
  ["delete k\r\n", "HD\r\n"],
];

test.each(wrong)("%j is not answered by %j: the connection is out of step", (request, answer) => {
  const table = new Table();
  const client = table.client();
  table.say(client, request);
  table.say(table.server(0), answer);
  expect(client.read()).toBe("SERVER_ERROR backend failure\r\n");
  expect(table.server(0).closed).toBe(true);
});

const refused: [request: string, answer: string][] = [
  ["mg\r\n", "CLIENT_ERROR bad command line format\r\n"],
  ["mg k v v\r\n", "CLIENT_ERROR duplicate flag\r\n"],
  ["mg k Y\r\n", "CLIENT_ERROR invalid flag\r\n"],
  ["ms k 9 v v\r\nflush_all\r\n", "CLIENT_ERROR duplicate flag\r\n"],
  ["mg a\0b v\r\n", "CLIENT_ERROR bad command line format\r\n"],
  [`mg ${"k".repeat(251)} v\r\n`, "CLIENT_ERROR bad command line format\r\n"],
  ["mg !! b v\r\n", "CLIENT_ERROR error decoding key\r\n"],
  [`mg k O${"o".repeat(32)}\r\n`, "CLIENT_ERROR opaque token too long\r\n"],
];

test.each(refused)("%j is refused by %j and reaches no server", (request, answer) => {
  const table = new Table();
  const client = table.client();
  table.say(client, `${request}mn\r\n`);
  expect(client.read()).toBe(`${answer}MN\r\n`);
  expect(table.hands.size).toBe(1);
});

test("an ms that is too large takes the old value with it, as memcached does", () => {
  const table = new Table();
  const client = table.client();
  const tooLarge = `${"x".repeat(1_048_577)}\r\n`;
  table.say(client, `ms k0 1048577 q\r\n${tooLarge}ms azA= 1048577 b\r\n${tooLarge}mn\r\n`);
  expect(table.server(0).read()).toBe("md k0\r\nmd azA= b\r\n");
  table.say(table.server(0), "HD\r\nNF\r\n");
  const told = "SERVER_ERROR object too large for cache\r\n";
  expect(client.read()).toBe(`${told}${told}MN\r\n`);
});

test("an ms that is too large for a key with a NUL takes no other key's value with it", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, `ms k\0k0 1048577\r\n${"x".repeat(1_048_577)}\r\nmn\r\n`);
  expect(client.read()).toBe("SERVER_ERROR object too large for cache\r\nMN\r\n");
  expect(table.connects(0)).toBe(0);
});

test("what is asked of a server that is down is a miss where that is asked for", () => {
  const table = new Table({}, { health: { failuresMax: 1, whenDown: "miss" } });
  table.dead.add(0);
  const client = table.client();
  table.say(client, "mg k v\r\n");
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\n");
  const requests =
    "mg k v k Oa\r\nmg azA= v b k\r\nmg k q\r\nms k 1 Ob\r\nx\r\nms k 1 C5\r\nx\r\nmd k\r\nma k\r\nme k\r\n";
  table.say(client, requests);
  expect(client.read()).toBe("EN kk Oa\r\nEN kazA= b\r\nNS Ob\r\nNF\r\nNF\r\nNF\r\nEN\r\n");
});
