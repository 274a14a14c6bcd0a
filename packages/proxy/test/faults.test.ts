import { expect, test } from "vitest";
import { Table } from "./bench.ts";

test("a dead server is answered with its own error in its slot, and the others serve on", () => {
  const table = new Table();
  table.dead.add(1);
  const client = table.client();
  table.say(client, "get a0\r\nget b1\r\nget c2\r\n");
  table.say(table.server(0), "END\r\n");
  table.say(table.server(2), "END\r\n");
  expect(client.read()).toBe("END\r\nSERVER_ERROR Connection refused\r\nEND\r\n");
  expect(client.closed).toBe(false);
});

test("a multi-get with a dead server gives the values of the others, then the error in place of END", () => {
  const table = new Table();
  table.dead.add(1);
  const client = table.client();
  table.say(client, "get a0 b1\r\nversion\r\n");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\n");
  expect(client.read()).toBe("VALUE a0 0 1\r\na\r\nSERVER_ERROR Connection refused\r\nVERSION 1.6.45\r\n");
});

test("a dead server is left alone for longer and longer, fails fast, and serves again when it is back", () => {
  const table = new Table({ retryMinMs: 100, retryMaxMs: 400 });
  table.dead.add(0);
  const client = table.client();
  const tries: number[] = [];
  const start = table.now;
  for (let i = 0; i < 150; i++) {
    const before = table.connects(0);
    table.say(client, "get a0\r\n");
    expect(client.read()).toBe("SERVER_ERROR Connection refused\r\n");
    if (table.connects(0) > before) tries.push(table.now - start);
    const asked = table.connects(0);
    table.wait(10);
    if (table.connects(0) > asked) tries.push(table.now - start); // it is down: nobody has to ask
  }
  expect(tries).toEqual([0, 100, 200, 600, 1000, 1400]);
  table.dead.delete(0);
  table.wait(400);
  expect(table.server(0).read()).toBe("version\r\n");
  table.say(client, "get a0\r\n");
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\n"); // nobody's request waits for a probe
  table.say(table.server(0), "VERSION 1.6.45\r\n");
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

test("a connection that is lost fails what waits for it, and is made again at the next request", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  table.say(client, "get b0\r\nset k1 0 0 1\r\nx\r\nget c0\r\n");
  table.say(table.server(1), "STORED\r\n");
  table.close(table.server(0), "reset");
  const reset = "SERVER_ERROR Connection reset by peer\r\n";
  expect(client.read()).toBe(`END\r\n${reset}STORED\r\n${reset}`);
  table.say(client, "get d0\r\n");
  expect(table.connects(0)).toBe(2);
  expect(table.server(0).read()).toBe("version\r\n");
  table.say(table.server(0), "VERSION 1.6.45\r\n");
  expect(table.server(0).read()).toBe("get d0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

test("a server that connects and drops again and again is left alone", () => {
  const table = new Table();
  const client = table.client();
  for (let i = 0; i < 5; i++) {
    table.say(client, "get a0\r\n");
    if (!table.server(0).closed) table.end(table.server(0));
    expect(client.read()).toBe("SERVER_ERROR Connection reset by peer\r\n");
  }
  expect(table.connects(0)).toBe(1);
});

test("a server that ends an idle connection is not held against it", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  table.end(table.server(0));
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\nEND\r\n");
});

test("a connect that takes too long fails everything that waits for it", () => {
  const table = new Table({}, { connectTimeoutMs: 300 });
  table.silent.add(0);
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.wait(200);
  table.say(client, "get b0\r\n");
  table.wait(99);
  expect(client.read()).toBe("");
  table.wait(1);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n".repeat(2));
  expect(table.server(0).closed).toBe(true);
});

test("a request that cannot be sent in time fails and is never sent, and the connect goes on", () => {
  const table = new Table({}, { queuedTimeoutMs: 50, connectTimeoutMs: 500 });
  table.silent.add(0);
  const client = table.client();
  table.say(client, "set a0 0 0 1\r\nx\r\n");
  table.wait(30);
  table.say(client, "get b0\r\n");
  table.wait(20);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n");
  table.proxy.connected(table.server(0).id, table.now);
  table.turn();
  expect(table.server(0).read()).toBe("get b0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

test("a request that waits too long for a server that does not read takes nothing else with it", () => {
  const table = new Table({}, { queuedTimeoutMs: 50, replyTimeoutMs: 5_000 });
  const one = table.client();
  const other = table.client();
  table.say(one, "get a0\r\n");
  table.server(0).taking = false;
  table.say(one, "get b0\r\n");
  table.say(other, "get c0\r\n");
  table.wait(60);
  expect(other.read()).toBe("SERVER_ERROR Connection timed out\r\n");
  table.drain(table.server(0));
  table.say(table.server(0), "END\r\nEND\r\n");
  expect(one.read()).toBe("END\r\nEND\r\n");
  expect(table.server(0).read()).toBe("get a0\r\nget b0\r\n");
});

test("an answer that takes long but goes on is not late", () => {
  const table = new Table({}, { replyTimeoutMs: 100 });
  const client = table.client();
  table.say(client, "get a0 b0 c0\r\n");
  let answer = "";
  for (const key of ["a0", "b0", "c0"]) {
    table.wait(90);
    const value = `VALUE ${key} 0 1\r\nx\r\n`;
    table.say(table.server(0), value);
    answer += value;
  }
  table.wait(90);
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe(`${answer}END\r\n`);
});

test("a value larger than memcached's default item comes through", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  const answer = `VALUE a0 0 2097153\r\n${"v".repeat(2_097_153)}\r\nEND\r\n`;
  table.say(table.server(0), answer);
  expect(client.read() === answer).toBe(true);
});

test("a late reply is swallowed and never reaches the next request", () => {
  const table = new Table({}, { replyTimeoutMs: 100 });
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.wait(60);
  table.say(client, "get b0\r\n");
  table.wait(40);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n");
  table.say(table.server(0), "VALUE a0 0 4\r\nlate\r\nEND\r\nVALUE b0 0 2\r\nok\r\nEND\r\n");
  expect(client.read()).toBe("VALUE b0 0 2\r\nok\r\nEND\r\n");
  expect(table.connects(0)).toBe(1);
});

test("a connection on which reply after reply is late is replaced", () => {
  const table = new Table({ timeoutsMax: 3 }, { replyTimeoutMs: 100 });
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\nget c0\r\nget d0\r\n");
  table.wait(100);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n".repeat(4));
  expect(table.server(0).closed).toBe(true);
  table.wait(100);
  table.say(client, "get e0\r\n");
  expect(table.connects(0)).toBe(2);
  table.say(table.server(0), "VERSION 1.6.45\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
});

const broken: [what: string, answer: string][] = [
  ["garbage", "hello there\r\n"],
  ["an impossible length", "VALUE a0 0 99999999999\r\n"],
  ["a value that is longer than it says", "VALUE a0 0 1\r\nxyz\r\n"],
  ["the answer to another command", "STORED\r\n"],
  ["a stat", "STAT a b\r\n"],
];

test.each(broken)("a server that answers %s fails, and its connection is replaced", (_what, answer) => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\nget c1\r\n");
  const first = table.server(0);
  table.say(first, answer);
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe("SERVER_ERROR backend failure\r\n".repeat(2) + "END\r\n");
  expect(first.closed).toBe(true);
});

const requests: Readonly<Record<string, readonly string[]>> = {
  "get k": [],
  "set k 0 0 1\r\nx": ["STORED", "NOT_STORED", "EXISTS", "NOT_FOUND"],
  "delete k": ["DELETED", "NOT_FOUND"],
  "incr k 1": ["7", "NOT_FOUND"],
  "touch k 1": ["TOUCHED", "NOT_FOUND"],
};
const lines = [
  "STORED",
  "NOT_STORED",
  "EXISTS",
  "NOT_FOUND",
  "DELETED",
  "TOUCHED",
  "OK",
  "7",
  "RESET",
  "STAT a b",
];

test.each(Object.entries(requests))("%j is answered by nothing but %j", (request, right) => {
  for (const line of [...lines, "VERSION 1"]) {
    const table = new Table();
    const client = table.client();
    table.say(client, `${request}\r\n`);
    table.say(table.server(0), `${line}\r\n`);
    expect(client.read()).toBe(right.includes(line) ? `${line}\r\n` : "SERVER_ERROR backend failure\r\n");
  }
});

test("what a server says behind a whole answer costs it the connection, not the answer", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  const first = table.server(0);
  table.say(first, "END\r\nEND\r\n");
  expect(client.read()).toBe("END\r\n");
  expect(first.closed).toBe(true);
});

test("an error of a server that it should not give is passed on, and its connection is replaced", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "set a0 0 0 1\r\nx\r\n");
  const first = table.server(0);
  table.say(first, "CLIENT_ERROR bad data chunk\r\nERROR\r\n");
  expect(client.read()).toBe("CLIENT_ERROR bad data chunk\r\n");
  expect(first.closed).toBe(true);
});

test("an answer in the middle of which the server goes away leaves the client in step", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nversion\r\n");
  table.say(table.server(0), "VALUE a0 0 10\r\n12345");
  table.end(table.server(0));
  expect(client.read()).toBe("SERVER_ERROR Connection reset by peer\r\nVERSION 1.6.45\r\n");
});

test("a client that goes away leaves its replies to nobody, and the next client gets its own", () => {
  const table = new Table();
  const gone = table.client();
  table.say(gone, "get a0 a1\r\nget b0\r\nset c0 0 0 100\r\npart of it");
  table.close(gone, "reset");
  const client = table.client();
  table.say(client, "get d0\r\n");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\nEND\r\nVALUE d0 0 1\r\nd\r\nEND\r\n");
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe("VALUE d0 0 1\r\nd\r\nEND\r\n");
  expect(gone.read()).toBe("");
});

test("an answer that has begun and does not end in time is a broken one: what is behind it fails as well", () => {
  for (const begun of ["VALUE a0 0 2 7\r\nab\r\n", "VALUE a0 0 2 7\r\nab\r\nEN", "VALUE a0 0 200 7\r\nab"]) {
    const table = new Table({}, { replyTimeoutMs: 100 });
    const client = table.client();
    table.say(client, "gets a0\r\nset b0 0 0 1\r\nx\r\n");
    const first = table.server(0);
    table.say(first, begun);
    table.wait(100);
    const value = begun.startsWith("VALUE a0 0 2 ") ? "VALUE a0 0 2 7\r\nab\r\n" : "";
    expect(client.read()).toBe(`${value}${"SERVER_ERROR backend failure\r\n".repeat(2)}`);
    expect(first.closed).toBe(true);
    table.wait(100); // it had never served: it is left alone for a moment
    table.say(client, "get a0\r\n");
    table.say(table.server(0), "VERSION 1\r\n");
    table.say(table.server(0), "END\r\n");
    expect(client.read()).toBe("END\r\n");
  }
});

test("a get of one key is told of by an error in place of the END that does not come", () => {
  for (const size of [1, 1_000]) {
    const table = new Table({ wholeBytesMax: 100 }, { replyTimeoutMs: 100 });
    const client = table.client();
    const value = `VALUE a0 0 ${size}\r\n${"a".repeat(size)}\r\n`;
    table.say(client, "get a0\r\nget b0 c0\r\n");
    table.say(table.server(0), value);
    table.wait(99);
    expect(client.read()).toBe("");
    table.wait(1);
    expect(client.read()).toBe(`${value}${"SERVER_ERROR backend failure\r\n".repeat(2)}`);
    expect(table.server(0).closed).toBe(true);
    expect(table.proxy.servers()[0]?.health.failuresInARow).toBe(1);
  }
});

test("a value that comes in three pieces over some time is no broken answer", () => {
  const table = new Table({}, { replyTimeoutMs: 300 });
  const client = table.client();
  table.say(client, "get a0\r\n");
  for (const piece of ["VALUE a0 0 9\r\nabc", "def", "ghi\r\nEND\r\n"]) {
    table.wait(99);
    table.say(table.server(0), piece);
  }
  expect(client.read()).toBe("VALUE a0 0 9\r\nabcdefghi\r\nEND\r\n");
  expect(table.connects(0)).toBe(1);
});

test("an error of a server about itself is passed on word for word, and its connection kept", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "set a0 0 0 1\r\nx\r\nget a0 b0\r\ndelete a0\r\nset a0 0 0 1\r\nx\r\nms a0 1\r\nx\r\n");
  const errors = [
    "SERVER_ERROR out of memory storing object",
    "SERVER_ERROR busy",
    "SERVER_ERROR \x01 odd",
    "SERVER_ERROR read-only",
    "SERVER_ERROR read-only",
  ];
  for (const error of errors) table.say(table.server(0), `${error}\r\n`);
  expect(client.read()).toBe(errors.map((error) => `${error}\r\n`).join(""));
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  expect([client.read(), table.connects(0)]).toEqual(["END\r\n", 1]);
});

test("a server that says it of a get while the value of a set is on its way there has its connection kept", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\n");
  const server = table.server(0);
  server.taking = false;
  table.say(client, `set a0 0 0 9999\r\n${"v".repeat(9_999)}\r\n`);
  table.say(server, "SERVER_ERROR busy\r\n");
  expect([client.read(), server.closed]).toEqual(["SERVER_ERROR busy\r\n", false]);
  table.drain(server);
  table.say(server, "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
});

const sets = ["set a0 0 0 9999\r\n", "ms a0 9999\r\n"];
const refusals: [says: string, isKept: boolean, set: string][] = sets.flatMap((set) => [
  ["SERVER_ERROR out of memory", false, set],
  ["SERVER_ERROR out of memory storing object", true, set],
  ["SERVER_ERROR object too large for cache", true, set],
]);

test.each(refusals)(
  "a server that says %j before it has read all of a value: the connection is kept, %j, by %j",
  (says, isKept, set) => {
    const table = new Table();
    const client = table.client();
    table.say(client, "get a0\r\n");
    const first = table.server(0);
    table.say(first, "END\r\n");
    first.taking = false;
    table.say(client, `${set}${"v".repeat(9_999)}\r\nget a0\r\n`);
    table.say(first, `${says}\r\n`);
    // What is left of the value would be read as commands, but by memcached, which throws it away.
    expect(first.closed).toBe(!isKept);
    const behind = isKept ? "" : "SERVER_ERROR backend failure\r\n";
    expect(client.read()).toBe(`END\r\n${says}\r\n${behind}`);
    if (isKept) {
      table.drain(first);
      table.say(first, "END\r\n");
      expect(client.read()).toBe("END\r\n");
    }
    table.say(client, "get b0\r\n");
    table.say(table.server(0), "END\r\n");
    expect([client.read(), table.connects(0)]).toEqual(["END\r\n", isKept ? 1 : 2]);
  },
);

test("all that is behind a late answer is late as well, and when they have come the connection serves on", () => {
  const table = new Table({ timeoutsMax: 10 }, { replyTimeoutMs: 100, health: { failuresMax: 0 } });
  const client = table.client();
  table.say(client, "get a0\r\nset b0 0 0 1\r\nx\r\nget c0 d0\r\n");
  table.wait(100);
  expect(client.read()).toBe("SERVER_ERROR Connection timed out\r\n".repeat(3));
  table.say(client, "get e0\r\n");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\nSTO");
  table.say(table.server(0), "RED\r\nVALUE d0 0 1\r\nd\r\nEND\r\nVALUE e0 0 1\r\ne\r\nEND\r\n");
  expect(client.read()).toBe("VALUE e0 0 1\r\ne\r\nEND\r\n");
  expect(table.connects(0)).toBe(1);
});
