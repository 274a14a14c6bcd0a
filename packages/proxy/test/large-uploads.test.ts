import { BinaryReplyDecoder, latin1Bytes, latin1Text, SendBuffer, writeBinaryRequest } from "@memwire/codec";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";

const SIZE = 1_000;
const limits = { wholeBytesMax: 100 };
const VALUE = "v".repeat(SIZE);
const HEAD = `set k0 0 0 ${SIZE}\r\n`;

/** Other clients' requests to the same server, over the connection that all share. */
function others(table: Table): { readonly ask: () => void; readonly shared: Hand } {
  const other = table.client();
  table.say(other, "get other0\r\n");
  const shared = table.server(0);
  table.say(shared, "END\r\n");
  other.read();
  shared.read();
  return {
    shared,
    ask: () => {
      table.say(other, "get other0\r\n");
      expect(shared.read()).toBe("get other0\r\n");
      table.say(shared, "END\r\n");
      expect(other.read()).toBe("END\r\n");
    },
  };
}

test("a large value goes over a connection of its own, as it comes, and holds up nobody", () => {
  const table = new Table(limits);
  const { ask, shared } = others(table);
  const client = table.client();
  table.say(client, HEAD);
  const own = table.server(0);
  expect(own).not.toBe(shared);
  expect(own.read()).toBe(HEAD);
  for (let at = 0; at < SIZE; at += 250) {
    table.say(client, VALUE.slice(at, at + 250));
    expect(own.read()).toBe(VALUE.slice(at, at + 250));
    ask();
  }
  table.say(client, "\r\n");
  expect(own.read()).toBe("\r\n");
  table.say(own, "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
});

test("the connection is used again for the next large value", () => {
  const table = new Table(limits);
  const client = table.client();
  for (const reply of ["STORED\r\n", "NOT_STORED\r\n"]) {
    table.say(client, `${HEAD}${VALUE}\r\n`);
    expect(table.server(0).read()).toBe(`${HEAD}${VALUE}\r\n`);
    table.say(table.server(0), reply);
    expect(client.read()).toBe(reply);
  }
  expect(table.connects(0)).toBe(1);
});

test("and closed when none comes for a while", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `${HEAD}${VALUE}\r\n`);
  const own = table.server(0);
  table.say(own, "STORED\r\n");
  table.wait(9_000);
  expect(own.closed).toBe(false);
  table.wait(2_000);
  expect(own.closed).toBe(true);
  expect(table.proxy.deadline).toBe(Infinity);
});

test("it waits for what its client asked before, and what is behind it waits for its answer", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `set k0 0 0 1\r\nx\r\n${HEAD}${VALUE}\r\nget k0\r\n`);
  const shared = table.server(0);
  expect(shared.read()).toBe("set k0 0 0 1\r\nx\r\n");
  expect(table.connects(0)).toBe(1);
  table.say(shared, "STORED\r\n");
  const own = table.server(0);
  expect(own.read()).toBe(`${HEAD}${VALUE}\r\n`);
  expect(shared.read()).toBe("");
  table.say(own, "STORED\r\n");
  expect(shared.read()).toBe("get k0\r\n");
  table.say(shared, "END\r\n");
  expect(client.read()).toBe("STORED\r\nSTORED\r\nEND\r\n");
});

test("any way the bytes are cut the same is sent and told", () => {
  const table = new Table(limits);
  const client = table.client();
  for (const byte of `${HEAD}${VALUE}\r\nget k0\r\n`) table.say(client, byte);
  const own = table.server(0);
  expect(own.read()).toBe(`${HEAD}${VALUE}\r\n`);
  for (const byte of "STORED\r\n") table.say(own, byte);
  expect(client.read()).toBe("STORED\r\n");
  expect(table.server(0).read()).toBe("get k0\r\n");
});

test("a reply that comes before the whole value is told exactly, and the rest of the value is thrown away", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `${HEAD}${VALUE.slice(400)}`);
  const own = table.server(0);
  table.say(own, "SERVER_ERROR out of memory storing object\r\n");
  expect(client.read()).toBe("SERVER_ERROR out of memory storing object\r\n");
  expect(own.closed).toBe(true);
  table.say(client, `${VALUE.slice(0, 400)}\r\nversion\r\n`);
  expect(client.read()).toBe("VERSION 1.6.45\r\n");
});

for (const uploadsMax of [1, 2]) {
  test(`what is behind a value that is refused goes over a new connection, ${uploadsMax} to a server`, () => {
    const table = new Table({ ...limits, uploadsMax });
    const client = table.client();
    table.say(client, `${HEAD}${VALUE}\r\n${HEAD}${VALUE}\r\n`);
    table.say(table.server(0), "CLIENT_ERROR no\r\n");
    expect(client.read()).toBe("CLIENT_ERROR no\r\n");
    expect(table.connections(0).map(({ closed }) => closed)).toEqual([true, false]);
    expect(table.server(0).read()).toBe(`${HEAD}${VALUE}\r\n`);
    table.say(table.server(0), "STORED\r\n");
    expect(client.read()).toBe("STORED\r\n");
    table.wait(60_000);
    expect(table.proxy.deadline).toBe(Infinity);
  });
}

test("a client that goes away in the middle closes that connection and disturbs nobody", () => {
  const table = new Table(limits);
  const { ask, shared } = others(table);
  const client = table.client();
  table.say(client, `${HEAD}${VALUE.slice(400)}`);
  const own = table.server(0);
  table.close(client, "reset");
  expect(own.closed).toBe(true);
  expect(shared.closed).toBe(false);
  ask();
  expect(table.proxy.servers()[0]?.counters).toMatchObject({ inFlightNow: 0, queuedNow: 0 });
  expect(table.proxy.counters.requestsNow).toBe(0);
});

test("one that goes away before its server has accepted the connection is no failure of that server", () => {
  const table = new Table(limits);
  table.silent.add(0);
  const client = table.client();
  table.say(client, HEAD);
  expect(table.connects(0)).toBe(1);
  table.close(client, "reset");
  expect(table.server(0).closed).toBe(true);
  expect(table.stat("alpha:s0:connect_failures")).toBe("0");
  expect(table.stat("alpha:s0:state")).toBe("idle");
});

test("one that ends its side in the middle is closed without an answer to that", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `version\r\n${HEAD}${VALUE.slice(400)}`);
  table.end(client);
  expect(client.read()).toBe("VERSION 1.6.45\r\n");
  expect(client.closed).toBe(true);
  expect(table.server(0).closed).toBe(true);
});

test("one that ends its side behind the value is answered", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `${HEAD}${VALUE}\r\n`);
  table.end(client);
  table.say(table.server(0), "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
  expect(client.closed).toBe(true);
});

test("a value that does not end as it should is refused, and what was sent of it is not stored", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `${HEAD}${VALUE}x\r\nversion\r\n`);
  expect(client.read()).toBe(
    "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\nVERSION 1.6.45\r\n",
  );
  expect(table.server(0).closed).toBe(true);
});

test("a server that takes slowly holds its client back", () => {
  const table = new Table();
  const client = table.client();
  const bytes = 2_000_000;
  const chunk = "v".repeat(100_000);
  table.say(client, "mg z0\r\n");
  table.say(table.server(0), "EN\r\n");
  client.read();
  table.say(client, "ms k0 900000\r\n");
  const own = table.server(0);
  own.taking = false;
  let said = 0;
  while (!client.paused && said < bytes) {
    table.say(client, chunk);
    said += chunk.length;
  }
  expect(client.paused).toBe(true);
  expect(said).toBeLessThan(600_000);
  table.drain(own);
  expect(client.paused).toBe(false);
  table.say(client, "v".repeat(900_000 - said));
  table.say(client, "\r\n");
  expect(own.sent.length).toBe("ms k0 900000\r\n".length + 900_000 + 2);
  table.say(own, "HD\r\n");
  expect(client.read()).toBe("HD\r\n");
});

test("where too much waits for all servers already, each client is held back sooner", () => {
  const table = new Table({ queuedBytesTotalMax: 100_000 });
  const clients = [table.client(), table.client(), table.client()];
  const chunk = "v".repeat(10_000);
  const said = clients.map((client, i) => {
    table.say(client, `set k${i} 0 0 900000\r\n`);
    const own = table.server(i);
    own.taking = false;
    table.say(client, "v"); // with the network
    let bytes = 1;
    while (!client.paused && bytes < 890_000) {
      table.say(client, chunk);
      bytes += chunk.length;
    }
    return bytes;
  });
  expect(said).toEqual([100_001, 70_001, 70_001]);
  for (const [i, client] of clients.entries()) {
    table.drain(table.server(i));
    expect(client.paused).toBe(false);
    for (let bytes = said[i] ?? 0; bytes < 900_000; bytes += chunk.length) {
      table.say(client, chunk.slice(0, 900_000 - bytes));
    }
    table.say(client, "\r\n");
    expect(table.server(i).sent.length).toBe(`set k${i} 0 0 900000\r\n`.length + 900_002);
    table.say(table.server(i), "STORED\r\n");
    expect(client.read()).toBe("STORED\r\n");
  }
  expect(table.stat("queued_bytes")).toBe("0");
});

const TOO_MANY = "SERVER_ERROR too many large values on their way\r\n";

test("above uploadsMax of a server a value waits for a connection, its client read no further, first come first served", () => {
  const table = new Table({ ...limits, uploadsMax: 1 });
  const [one, two, three] = [table.client(), table.client(), table.client()];
  table.say(one, HEAD);
  table.say(two, `${HEAD}${VALUE}\r\nversion\r\n`);
  table.say(three, `${HEAD}${VALUE.slice(1)}`);
  expect([one.paused, two.paused, three.paused]).toEqual([false, true, true]);
  table.say(one, `${VALUE}\r\n${HEAD}${VALUE}\r\n`);
  const own = table.server(0);
  expect(own.read()).toBe(`${HEAD}${VALUE}\r\n`);
  // The second, then the third, and only then what the first asks for behind its first.
  table.say(own, "STORED\r\n");
  expect([one.read(), two.paused, own.read()]).toEqual(["STORED\r\n", true, `${HEAD}${VALUE}\r\n`]);
  table.say(own, "EXISTS\r\n");
  expect([two.read(), two.paused, own.read()]).toEqual([
    "EXISTS\r\nVERSION 1.6.45\r\n",
    false,
    `${HEAD}${VALUE.slice(1)}`,
  ]);
  table.say(three, "v\r\n");
  table.say(own, "NOT_STORED\r\n");
  expect([three.read(), own.read()]).toEqual(["NOT_STORED\r\n", `v\r\n${HEAD}${VALUE}\r\n`]);
  table.say(own, "STORED\r\n");
  expect(one.read()).toBe("STORED\r\n");
  expect(table.connects(0)).toBe(1);
  expect(table.proxy.servers()[0]?.counters.overflows).toBe(0);
});

test("it waits for queuedTimeoutMs and is then told so; the connection stays in step", () => {
  const table = new Table({ ...limits, uploadsMax: 1 }, { queuedTimeoutMs: 300 });
  const [one, two] = [table.client(), table.client()];
  table.say(one, HEAD);
  table.say(two, `${HEAD}${VALUE}\r\nversion\r\n`);
  table.wait(299);
  expect(two.read()).toBe("");
  table.wait(1);
  expect(two.read()).toBe(`${TOO_MANY}VERSION 1.6.45\r\n`);
  expect(two.paused).toBe(false);
  table.say(one, `${VALUE}\r\n`);
  table.say(table.server(0), "STORED\r\n");
  table.say(two, `${HEAD}${VALUE}\r\n`);
  table.say(table.server(0), "STORED\r\n");
  expect(two.read()).toBe("STORED\r\n");
  expect(table.proxy.servers()[0]).toMatchObject({ counters: { overflows: 1 }, health: { failures: {} } });
});

test("a client that goes away while its value waits leaves its place to the next, and nothing behind", () => {
  const table = new Table({ ...limits, uploadsMax: 1 });
  const [one, two, three] = [table.client(), table.client(), table.client()];
  table.say(one, HEAD);
  table.say(two, `${HEAD}${VALUE}\r\n`);
  table.say(three, `${HEAD}${VALUE}\r\n`);
  table.close(two, "reset");
  // A connection that is closed in the middle of a value makes room as well.
  table.close(one, "reset");
  const own = table.server(0);
  expect(table.connections(0).map(({ closed }) => closed)).toEqual([true, false]);
  expect(own.read()).toBe(`${HEAD}${VALUE}\r\n`);
  table.say(own, "STORED\r\n");
  expect(three.read()).toBe("STORED\r\n");
  table.wait(60_000);
  expect(table.proxy.deadline).toBe(Infinity);
  expect(table.proxy.counters.requestsNow).toBe(0);
});

test("one that waits fails with its server, or is answered in its place", () => {
  const table = new Table({ ...limits, uploadsMax: 1 });
  const [one, two] = [table.client(), table.client()];
  table.say(one, HEAD);
  table.say(two, `${HEAD}${VALUE}\r\nversion\r\n`);
  table.administer("s0", "down");
  expect(two.read()).toBe("SERVER_ERROR backend taken out by its operator\r\nVERSION 1.6.45\r\n");

  const missing = new Table({ ...limits, uploadsMax: 1 }, { health: { failuresMax: 1, whenDown: "miss" } });
  const [first, second] = [missing.client(), missing.client()];
  missing.say(first, HEAD);
  missing.say(second, `${HEAD}${VALUE}\r\nversion\r\n`);
  missing.dead.add(0);
  missing.close(missing.server(0), "reset");
  expect(second.read()).toBe("NOT_STORED\r\nVERSION 1.6.45\r\n");
});

test("for one that waits a value of which nothing has come for 10 s gives way, and its client stays in step", () => {
  const table = new Table({ ...limits, uploadsMax: 2 }, { queuedTimeoutMs: 60_000 });
  const [stalled, slow, next] = [table.client(), table.client(), table.client()];
  table.say(stalled, `${HEAD}vv`);
  table.say(slow, `${HEAD}vv`);
  table.wait(9_000);
  table.say(slow, "v");
  table.say(next, `${HEAD}${VALUE}\r\n`);
  table.wait(999);
  expect(table.connections(0).map(({ closed }) => closed)).toEqual([false, false]);
  table.wait(1);
  expect(table.connections(0).map(({ closed }) => closed)).toEqual([true, false, false]);
  expect(table.server(0).read()).toBe(`${HEAD}${VALUE}\r\n`);
  table.say(table.server(0), "STORED\r\n");
  expect(next.read()).toBe("STORED\r\n");
  table.say(stalled, `${VALUE.slice(2)}\r\nversion\r\n`);
  expect(stalled.read()).toBe(`${TOO_MANY}VERSION 1.6.45\r\n`);
  expect(slow.read()).toBe("");
  expect(table.proxy.servers()[0]).toMatchObject({ counters: { overflows: 1 }, health: { failures: {} } });
});

test("a value that has all come does not give way, however long its server takes to answer", () => {
  const table = new Table({ ...limits, uploadsMax: 1 }, { queuedTimeoutMs: 60_000, replyTimeoutMs: 60_000 });
  const [first, next] = [table.client(), table.client()];
  table.say(first, `${HEAD}${VALUE}\r\n`);
  table.say(next, `${HEAD}${VALUE}\r\n`);
  table.wait(30_000);
  for (const client of [first, next]) {
    table.say(table.server(0), "STORED\r\n");
    table.wait(0);
    expect(client.read()).toBe("STORED\r\n");
  }
  expect(table.connects(0)).toBe(1);
});

test("a server that does not answer, or not take, is given up after replyTimeoutMs; a client that is slow is not", () => {
  const table = new Table(limits, { replyTimeoutMs: 500 });
  const client = table.client();
  table.say(client, `${HEAD}${VALUE.slice(1)}`);
  table.wait(60_000);
  table.say(client, "v\r\n");
  table.wait(499);
  expect(client.read()).toBe("");
  table.wait(1);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n");
  expect(table.server(0).closed).toBe(true);
  table.say(client, HEAD);
  const own = table.server(0);
  own.taking = false;
  table.say(client, VALUE.slice(1));
  table.wait(500);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n");
});

test("a server that cannot be connected to, or fails in the middle, is told of, and the rest thrown away", () => {
  const table = new Table(limits);
  const client = table.client();
  table.dead.add(0);
  table.say(client, `${HEAD}${VALUE}\r\nset k0 0 0 ${SIZE} noreply\r\n${VALUE}\r\nversion\r\n`);
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\nVERSION 1.6.45\r\n");
  table.dead.delete(0);
  table.wait(100);
  table.say(client, HEAD);
  table.close(table.server(0), "reset");
  expect(client.read()).toBe("SERVER_ERROR Connection reset by peer\r\n");
  table.say(client, `${VALUE}\r\nversion\r\n`);
  expect(client.read()).toBe("VERSION 1.6.45\r\n");
});

const broken = ["END\r\n", "HD\r\n", "nonsense\r\n", "STORED\r\nSTORED\r\n"];

test.each(broken)("%j is no answer to it, or no whole one", (reply) => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `${HEAD}${VALUE}\r\n`);
  table.say(table.server(0), reply);
  const told = reply.startsWith("STORED") ? "STORED\r\n" : "SERVER_ERROR backend failure\r\n";
  expect(client.read()).toBe(told);
  expect(table.server(0).closed).toBe(true);
});

test("quiet ones, meta and binary", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, `set k0 0 0 ${SIZE} noreply\r\n${VALUE}\r\n`);
  table.say(table.server(0), "STORED\r\n");
  table.say(client, `ms k0 ${SIZE} q Oab\r\n${VALUE}\r\n`);
  expect(table.server(0).read()).toBe(`${HEAD}${VALUE}\r\nms k0 ${SIZE} Oab\r\n${VALUE}\r\n`);
  table.say(table.server(0), "HD Oab\r\n");
  expect(client.read()).toBe("");
  table.say(client, `ms k0 ${SIZE} q Oab ME\r\n${VALUE}\r\n`);
  table.say(table.server(0), "NS Oab\r\n");
  expect(client.read()).toBe("NS Oab\r\n");

  const other = table.client();
  const out = new SendBuffer();
  const value = latin1Bytes(VALUE);
  const request = { key: latin1Bytes("k0"), flags: 5, exptime: 0, value, opaque: 9, cas: 0n, vbucket: 0 };
  writeBinaryRequest(out, { opcode: "setq", ...request });
  writeBinaryRequest(out, { opcode: "add", ...request });
  table.server(0).read();
  table.say(other, latin1Text(out.take()));
  expect(table.server(0).read()).toBe(`ms k0 ${SIZE} F5 c\r\n${VALUE}\r\n`);
  table.say(table.server(0), "HD c4\r\n");
  expect(table.server(0).read()).toBe(`ms k0 ${SIZE} ME F5 c\r\n${VALUE}\r\n`);
  table.say(table.server(0), "NS\r\n");
  const decoder = new BinaryReplyDecoder();
  decoder.receive(latin1Bytes(other.read()));
  expect(decoder.next()).toBe("reply");
  expect(decoder.snapshot()).toMatchObject({ opcode: "add", status: "exists", opaque: 9 });
  expect(decoder.next()).toBe("need-data");
});

test("one for a server that is down is answered in its place where that is asked for", () => {
  const table = new Table(limits, { health: { failuresMax: 1, whenDown: "miss" } });
  table.dead.add(0);
  const client = table.client();
  table.say(client, `get k0\r\n${HEAD}${VALUE}\r\nversion\r\n`);
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\nNOT_STORED\r\nVERSION 1.6.45\r\n");
});

test("a large value alone does not fill a pipeline of one request", () => {
  const table = new Table({ ...limits, pipelineMax: 1 });
  const client = table.client();
  table.say(client, HEAD);
  table.say(client, `${VALUE}\r\n`);
  expect(table.server(0).read()).toBe(`${HEAD}${VALUE}\r\n`);
  table.say(table.server(0), "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
});
