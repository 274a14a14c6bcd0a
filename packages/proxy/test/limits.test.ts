import { latin1Bytes } from "@memwire/codec";
import { expect, test } from "vitest";
import { ProxyEngine } from "@memwire/proxy";
import { byLastDigit, Table } from "./bench.ts";

const stat = (table: Table, name: string): number => Number(table.stat(name));

test("pipelineMax: a client is read no further until half of its requests are answered", () => {
  const table = new Table({ pipelineMax: 4 });
  const client = table.client();
  table.say(client, "get a0\r\n".repeat(10));
  expect(table.server(0).read()).toBe("get a0\r\n".repeat(4));
  expect(client.paused).toBe(true);
  table.say(table.server(0), "END\r\n");
  expect(table.server(0).read()).toBe("");
  table.say(table.server(0), "END\r\n");
  expect(table.server(0).read()).toBe("get a0 a0\r\n");
  for (let i = 0; i < 8 && client.sent.length < 50; i++) table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n".repeat(10));
  expect(client.paused).toBe(false);
  expect(stat(table, "clients_paused")).toBeGreaterThan(0);
});

test("pipelineMax counts requests that want no reply", () => {
  const table = new Table({ pipelineMax: 2 });
  const client = table.client();
  table.say(client, "set k 0 0 1 noreply\r\nx\r\n".repeat(5));
  expect(table.server(0).read()).toBe("set k 0 0 1\r\nx\r\n".repeat(2));
  expect(client.paused).toBe(true);
});

test("a paused client that ends its side still gets all its answers", () => {
  const table = new Table({ pipelineMax: 2 });
  const client = table.client();
  table.say(client, "get a0\r\n".repeat(5));
  table.end(client);
  for (let i = 0; i < 5; i++) table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n".repeat(5));
  expect(client.closed).toBe(true);
});

test("unsentBytesPause: a client that does not take its replies is asked for no more requests", () => {
  const table = new Table({ unsentBytesPause: 1000 });
  const client = table.client();
  client.taking = false;
  const value = `VALUE a0 0 600\r\n${"v".repeat(600)}\r\nEND\r\n`;
  table.say(client, "get a0\r\nget a0\r\nget a0\r\n");
  table.say(table.server(0), value); // taken by the network, not yet by the client
  table.say(table.server(0), value + value);
  table.say(client, "get a0\r\n");
  table.say(client, "get a0\r\n");
  expect(client.paused).toBe(true);
  expect(table.server(0).read()).toBe("get a0\r\n".repeat(3));
  table.drain(client);
  expect(client.paused).toBe(false);
  expect(table.server(0).read()).toBe("get a0 a0\r\n");
});

test("unsentBytesMax: a client that still holds too much is closed, and the servers serve on", () => {
  const table = new Table({ unsentBytesMax: 1000 });
  const slow = table.client();
  slow.taking = false;
  table.say(slow, "get a0\r\n".repeat(3));
  const value = `VALUE a0 0 600\r\n${"v".repeat(600)}\r\nEND\r\n`;
  table.say(table.server(0), value);
  table.say(table.server(0), value);
  expect(slow.closed).toBe(false);
  table.say(table.server(0), value);
  expect(slow.closed).toBe(true);
  expect(table.proxy.counters.clientsTooSlow).toBe(1);
  const client = table.client();
  table.say(client, "get b0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

test("unsentBytesMax counts what is staged behind a slow server", () => {
  const table = new Table({ unsentBytesMax: 1000 });
  const client = table.client();
  table.say(client, "get a0\r\nget b1\r\n");
  table.say(table.server(1), `VALUE b1 0 1100\r\n${"v".repeat(1100)}\r\nEND\r\n`);
  expect(client.closed).toBe(true);
});

test("inFlightMax: a request over it fails at once, in its slot", () => {
  const table = new Table({ inFlightMax: 2 });
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.say(client, "get b0\r\n");
  table.say(client, "get c0\r\nget d1\r\n");
  table.say(table.server(0), "END\r\nEND\r\n");
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe("END\r\nEND\r\nSERVER_ERROR too many requests in flight\r\nEND\r\n");
  expect(stat(table, "alpha:s0:overflows")).toBe(1);
});

test("inFlightMax: what is queued counts as well, since all of it is sent at once", () => {
  const table = new Table({ inFlightMax: 2 });
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\nget c0\r\n");
  table.say(table.server(0), "END\r\nEND\r\n");
  expect(client.read()).toBe("END\r\nEND\r\nSERVER_ERROR too many requests in flight\r\n");
});

test("of two hundred full pipelines to one server nothing is refused: above half of inFlightMax each has a few under way", () => {
  const table = new Table();
  const clients = Array.from({ length: 200 }, () => table.client());
  const set = "set k0 0 0 1\r\nx\r\n";
  const pipeline = latin1Bytes("set k0 0 0 1 noreply\r\nx\r\n".repeat(1_024));
  for (const client of clients) table.proxy.received(client.id, pipeline, table.now);
  table.turn();
  expect(stat(table, "alpha:s0:in_flight")).toBeGreaterThanOrEqual(32_768);
  expect(stat(table, "alpha:s0:in_flight")).toBeLessThanOrEqual(32_768 + 200 * 4);
  // Who asks another server is not held up by it.
  const other = table.client();
  table.say(other, "get a1\r\n".repeat(100));
  expect(stat(table, "alpha:s1:in_flight")).toBe(100);
  let taken = 0;
  for (let read = table.server(0).read(); read !== ""; read = table.server(0).read()) {
    taken += read.length / set.length;
    table.say(table.server(0), "STORED\r\n".repeat(read.length / set.length));
  }
  expect(taken).toBe(200 * 1_024);
  expect(stat(table, "alpha:s0:overflows")).toBe(0);
  for (const client of clients) expect(client.paused).toBe(false);
});

test("nor where requests of all clients are half of requestsActiveMax", () => {
  const table = new Table({ requestsActiveMax: 200 });
  const clients = Array.from({ length: 20 }, () => table.client());
  for (const client of clients) table.say(client, "get a0\r\n".repeat(40));
  expect(stat(table, "requests_active")).toBeLessThanOrEqual(200);
  for (let read = table.server(0).read(); read !== ""; read = table.server(0).read()) {
    table.say(table.server(0), "END\r\n".repeat(read.match(/get/g)?.length ?? 0));
  }
  for (const client of clients) expect(client.read()).toBe("END\r\n".repeat(40));
});

test("a client that has nothing under way at a crowded server asks another one as it likes", () => {
  const table = new Table({ inFlightMax: 200 });
  const [first, client] = [table.client(), table.client()];
  table.say(first, "set a0 0 0 1\r\nx\r\n".repeat(100));
  table.say(client, "set a0 0 0 1\r\nx\r\n");
  for (let i = 0; i < 30; i++) table.say(table.client(), "set a0 0 0 1\r\nx\r\n".repeat(4));
  table.say(table.server(0), "STORED\r\n".repeat(101));
  expect(client.read()).toBe("STORED\r\n");
  table.say(first, "set a0 0 0 1\r\nx\r\n".repeat(40));
  expect(stat(table, "alpha:s0:in_flight")).toBeGreaterThanOrEqual(100);
  table.say(client, "get a1\r\n".repeat(100));
  expect(stat(table, "alpha:s1:in_flight")).toBe(100);
});

test("queuedMax: so does one that would wait behind too many", () => {
  const table = new Table({ queuedMax: 2 });
  table.silent.add(0);
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\nget c0\r\n");
  table.proxy.connected(table.server(0).id, table.now);
  table.turn();
  table.say(table.server(0), "END\r\nEND\r\n");
  expect(client.read()).toBe("END\r\nEND\r\nSERVER_ERROR too many requests in flight\r\n");
});

test("queuedBytesMax: so does one that would wait behind too many bytes", () => {
  const table = new Table({ queuedBytesMax: 100 });
  table.silent.add(0);
  const client = table.client();
  const set = `set k 0 0 80\r\n${"v".repeat(80)}\r\n`;
  table.say(client, set + set + set + set);
  table.proxy.connected(table.server(0).id, table.now);
  table.turn();
  expect(table.server(0).read()).toBe(set + set);
  table.say(table.server(0), "STORED\r\nSTORED\r\n");
  expect(client.read()).toBe(
    `STORED\r\nSTORED\r\n${"SERVER_ERROR too many requests in flight\r\n".repeat(2)}`,
  );
});

const SET = (key: string): string => `set ${key} 0 0 50000\r\n${"v".repeat(50_000)}\r\n`;
const FULL = "SERVER_ERROR queue memory limit reached\r\n";

test("queuedBytesTotalMax: above it requests fail at once for servers that many bytes wait for, and no others", () => {
  const table = new Table({ queuedBytesTotalMax: 200_000 });
  table.silent.add(0).add(1);
  const client = table.client();
  const sets = ["a0", "b0", "a1", "b1", "c0", "d0", "c1", "e2"];
  table.say(client, sets.map(SET).join(""));
  expect(stat(table, "queued_bytes")).toBeGreaterThan(200_000);
  expect(table.server(2).read()).toBe(SET("e2"));
  table.say(table.server(2), "STORED\r\n");
  for (const port of [0, 1]) {
    table.proxy.connected(table.server(port).id, table.now);
    table.turn();
    expect(table.server(port).read()).toBe(SET(`a${port}`) + SET(`b${port}`));
    table.say(table.server(port), "STORED\r\nSTORED\r\n");
  }
  expect(client.read()).toBe(`${"STORED\r\n".repeat(4)}${FULL.repeat(3)}STORED\r\n`);
  expect(stat(table, "requests_over_queued_max")).toBe(3);
  expect(stat(table, "alpha:s0:overflows")).toBe(2);
  expect(stat(table, "queued_bytes")).toBe(0);
  table.say(client, SET("a0"));
  table.say(table.server(0), "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
});

test("queuedBytesTotalMax counts what the network was given and has not taken", () => {
  const table = new Table({ queuedBytesTotalMax: 150_000 });
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  table.server(0).taking = false;
  table.say(client, SET("a0") + SET("b0"));
  table.say(client, SET("c0"));
  expect(stat(table, "queued_bytes")).toBe(3 * SET("a0").length);
  table.say(client, `${SET("d0")}get e0\r\n`);
  table.say(table.server(0), "STORED\r\nSTORED\r\n");
  table.drain(table.server(0));
  table.say(table.server(0), "STORED\r\n");
  expect(client.read()).toBe(`END\r\n${"STORED\r\n".repeat(3)}${FULL.repeat(2)}`);
  expect(stat(table, "queued_bytes")).toBe(0);
});

test("queuedBytesTotalMax: what is not sent in time, or not at all, counts no more", () => {
  const table = new Table(
    { queuedBytesTotalMax: 100_000 },
    { queuedTimeoutMs: 500, connectTimeoutMs: 2_000 },
  );
  table.silent.add(0);
  const client = table.client();
  table.say(client, SET("a0") + SET("b0"));
  expect(stat(table, "queued_bytes")).toBeGreaterThan(100_000);
  table.wait(500);
  expect(stat(table, "queued_bytes")).toBe(0);
  table.say(client, SET("a0") + SET("b0"));
  table.close(table.server(0), "refused");
  expect(stat(table, "queued_bytes")).toBe(0);
});

test("connectionsMax: a client too many is told so and closed", () => {
  const table = new Table({ connectionsMax: 1 });
  const first = table.client();
  const second = table.client();
  expect(second.read()).toBe("ERROR Too many open connections\r\n");
  expect(second.closed).toBe(true);
  table.close(first, "reset");
  expect(table.client().closed).toBe(false);
});

test("a server that nobody can connect to is refused, as the first request for it would end the process", () => {
  const make = (endpoint: unknown) => () =>
    new ProxyEngine({
      pools: [
        { name: "p", servers: [{ name: "s", endpoint: endpoint as never }], distribution: byLastDigit },
      ],
    });
  expect(make({ kind: "tcp", host: "a", port: 70_000 })).toThrow(
    "server s: port, of a, must be a whole number",
  );
  expect(make(undefined)).toThrow("server s: endpoint must be ");
});

test("options out of range are refused with what was given", () => {
  const pool = { name: "p", servers: [], distribution: byLastDigit };
  expect(() => new ProxyEngine({ pools: [] })).toThrow("a proxy needs at least one pool");
  expect(() => new ProxyEngine({ pools: [pool] })).toThrow("pool p needs at least one server");
  expect(() => new ProxyEngine({} as never)).toThrow("pools of a proxy must be an array, got undefined");
  expect(() => new Table({}, { distribution: undefined as never })).toThrow(
    new TypeError(
      "distribution of pool alpha must be one as createDistribution of @memwire/router makes it, got undefined",
    ),
  );
  const named = (name: string): unknown => new Table({}, { name });
  expect(() => named("two words")).toThrow(
    "a pool name must be 1 to 200 visible ASCII characters without blanks",
  );
  expect(() => named("кеш")).toThrow('got "кеш"');
  const users = { user: () => false } as object; // everybody could use it
  expect(() => new Table({}, users)).toThrow("pool alpha has no user: there are connectTimeoutMs, ");
  expect(() => new ProxyEngine({ pools: [], limit: {} } as never)).toThrow(
    "a proxy has no limit: there are ",
  );
  expect(() => new Table({ pipelinesMax: 1 } as object)).toThrow("limits has no pipelinesMax: there are ");
  expect(() => new Table({ pipelineMax: 0 })).toThrow("pipelineMax must be a whole number from 1, got 0");
  expect(() => new Table({}, { replyTimeoutMs: -1 })).toThrow("replyTimeoutMs must be a whole number from 1");
});
