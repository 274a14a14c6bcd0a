import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";

/** A table with a client and a server that is connected: what comes in one turn leaves in one turn. */
function ready(): { table: Table; client: Hand; server: Hand } {
  const table = new Table();
  const client = table.client();
  table.say(client, "get warm0\r\n");
  const server = table.server(0);
  table.say(server, "END\r\n");
  expect(client.read()).toBe("END\r\n");
  expect(server.read()).toBe("get warm0\r\n");
  return { table, client, server };
}

test("gets of one turn are one line to the server, and each has its own answer", () => {
  const { table, client, server } = ready();
  table.say(client, "get a0\r\nget b0\r\nget c0\r\nget b0\r\nget d0\r\n");
  expect(server.read()).toBe("get a0 b0 c0 b0 d0\r\n");
  table.say(server, "VALUE b0 0 1\r\nb\r\nVALUE b0 0 1\r\nb\r\nEND\r\n");
  const b = "VALUE b0 0 1\r\nb\r\nEND\r\n";
  expect(client.read()).toBe(`END\r\n${b}END\r\n${b}END\r\n`);
  expect(table.proxy.servers()[0]?.counters).toMatchObject({
    requests: 6,
    replies: 6,
    inFlightNow: 0,
    queuedNow: 0,
  });
});

test("nothing that changes a value is overtaken", () => {
  const { table, client, server } = ready();
  table.say(client, "get a0\r\nset a0 0 0 1\r\nx\r\nget a0\r\nget a0 b0\r\nget c0\r\ngets d0\r\nget e0\r\n");
  expect(server.read()).toBe(
    "get a0\r\nset a0 0 0 1\r\nx\r\nget a0\r\nget a0 b0\r\nget c0\r\ngets d0\r\nget e0\r\n",
  );
});

test("what has to wait for a connection is not merged: each request keeps its own clock", () => {
  const table = new Table();
  table.silent.add(0);
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\n");
  table.proxy.connected(table.server(0).id, table.now);
  table.turn();
  expect(table.server(0).read()).toBe("get a0\r\nget b0\r\n");
});

test("an error in place of the answer is the answer of all that are left", () => {
  const { table, client, server } = ready();
  table.say(client, "get a0\r\nget b0\r\nget c0\r\nversion\r\n");
  table.say(server, "VALUE a0 0 1\r\na\r\nSERVER_ERROR out of memory\r\n");
  const error = "SERVER_ERROR out of memory\r\n";
  expect(client.read()).toBe(`VALUE a0 0 1\r\na\r\nEND\r\n${error}${error}VERSION 1.6.45\r\n`);
  expect(server.closed).toBe(false);
});

test("a value that nobody asked for fails what is left, and the connection is replaced", () => {
  const { table, client, server } = ready();
  table.say(client, "get a0\r\nget b0\r\n");
  table.say(server, "VALUE x0 0 1\r\nx\r\nEND\r\n");
  expect(client.read()).toBe("SERVER_ERROR backend failure\r\n".repeat(2));
  expect(server.closed).toBe(true);
});

test("late answers are swallowed as one line", () => {
  const { table, client, server } = ready();
  table.say(client, "get a0\r\nget b0\r\n");
  table.wait(1_000);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n".repeat(2));
  table.say(client, "get c0\r\n");
  table.say(server, "VALUE a0 0 1\r\na\r\nVALUE b0 0 1\r\nb\r\nEND\r\nVALUE c0 0 1\r\nc\r\nEND\r\n");
  expect(client.read()).toBe("VALUE c0 0 1\r\nc\r\nEND\r\n");
});

test("a client that goes away leaves its part of a line to nobody", () => {
  const { table, client, server } = ready();
  const other = table.client();
  table.proxy.received(
    client.id,
    Uint8Array.from("get a0\r\n", (c) => c.charCodeAt(0)),
    table.now,
  );
  table.say(other, "get b0\r\n");
  expect(server.read()).toBe("get a0 b0\r\n");
  table.close(client, "reset");
  table.say(server, "VALUE a0 0 1\r\na\r\nVALUE b0 0 1\r\nb\r\nEND\r\n");
  expect(other.read()).toBe("VALUE b0 0 1\r\nb\r\nEND\r\n");
});

test("a line has 64 keys at most, of any length, and is used again", () => {
  const { table, client, server } = ready();
  for (let round = 0; round < 3; round++) {
    const keys = Array.from({ length: 70 }, (_, i) => `${"k".repeat(i * 3)}-${round}-${i}-0`);
    table.say(client, keys.map((key) => `get ${key}\r\n`).join(""));
    expect(server.read()).toBe(`get ${keys.slice(0, 64).join(" ")}\r\nget ${keys.slice(64).join(" ")}\r\n`);
    const value = (key: string): string => `VALUE ${key} 0 1\r\nx\r\n`;
    table.say(
      server,
      `${keys.slice(0, 64).map(value).join("")}END\r\n${keys.slice(64).map(value).join("")}END\r\n`,
    );
    expect(client.read()).toBe(keys.map((key) => `${value(key)}END\r\n`).join(""));
  }
});
