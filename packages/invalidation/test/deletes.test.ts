// What servers are asked, and when again.

import { expect, test } from "vitest";
import { Table } from "./bench.ts";

test("a key is deleted once for however many writes come while it waits", () => {
  const table = new Table({ workers: 1 });
  const client = table.client();
  table.write(client, "a0", "b0", "c0", "b0", "b0");
  const server = table.server(0);
  expect(server.readKeys()).toEqual(["a0"]);
  table.say(server, "DELETED\r\n");
  table.say(server, "NOT_FOUND\r\n");
  table.say(server, "DELETED\r\n");
  expect(server.readKeys()).toEqual(["b0", "c0"]);
  expect(table.engine.keys).toBe(0);
  expect(table.engine.counters).toMatchObject({ writes: 5, coalesced: 2 });
});

test("a key that is written while its delete is in flight is deleted again, and never twice at a time", () => {
  const table = new Table();
  const client = table.client();
  table.write(client, "a0");
  const server = table.server(0);
  table.write(client, "a0", "a0", "b0");
  expect(server.readKeys()).toEqual(["a0", "b0"]);
  table.say(server, "DELETED\r\n");
  expect(server.readKeys()).toEqual(["a0"]);
  table.say(server, "DELETED\r\nNOT_FOUND\r\n");
  expect(table.engine.keys).toBe(0);
  expect(table.engine.counters).toMatchObject({ writes: 4, coalesced: 1 });
  expect(table.stats().get("done")).toBe("3");
});

test("keys of one server go in the order of their first write; the same key again in that of the second", () => {
  const table = new Table({ workers: 2 });
  const client = table.client();
  for (const key of ["a0", "b0", "c0", "a0", "d0", "c0"]) {
    table.write(client, key);
    table.wait(1);
  }
  const server = table.server(0);
  for (let i = 0; i < 5; i++) table.say(server, "DELETED\r\n");
  expect(server.readKeys()).toEqual(["a0", "b0", "c0", "a0", "d0"]);
});

test("workers: so many deletes are in flight to each server, and no more", () => {
  const table = new Table({ workers: 2 });
  const client = table.client();
  table.write(client, "a0", "b0", "c0", "a1", "b1", "c1");
  expect(table.server(0).read()).toBe("delete a0\r\ndelete b0\r\n");
  expect(table.server(1).read()).toBe("delete a1\r\ndelete b1\r\n");
  table.say(table.server(1), "DELETED\r\n");
  expect(table.server(0).read()).toBe("");
  expect(table.server(1).read()).toBe("delete c1\r\n");
});

test("nobody is connected to before there is a key for it", () => {
  const table = new Table();
  table.write(table.client(), "a1");
  expect([0, 1, 2].map((port) => table.connections(port).length)).toEqual([0, 1, 0]);
});

test("queueKeysMax: a further key is refused and counted; one that is there already is taken", () => {
  const table = new Table({ queueKeysMax: 2, workers: 1 });
  const client = table.client();
  const full = "SERVER_ERROR invalidation queue is full\r\n";
  expect(table.write(client, "a0", "b1", "c2", "b1", "a0")).toBe(
    `STORED\r\nSTORED\r\n${full}STORED\r\nSTORED\r\n`,
  );
  table.say(client, "delete c2\r\ndelete d2 noreply\r\nset c2 0 0 1 noreply\r\nx\r\n");
  expect(client.read()).toBe(full);
  expect(table.connections(2)).toEqual([]);
  const stats = table.stats();
  expect(["refused", "s0:refused", "s2:refused", "queue_keys"].map((name) => stats.get(name))).toEqual([
    "4",
    "0",
    "4",
    "2",
  ]);
  table.say(table.server(1), "DELETED\r\n"); // it was written again: that one is still to be done
  table.say(table.server(1), "DELETED\r\n");
  expect(table.write(client, "c2")).toBe("STORED\r\n");
});

test("queueBytesMax: so is one whose bytes there is no room for", () => {
  const table = new Table({ queueBytesMax: 10 });
  const client = table.client();
  const full = "SERVER_ERROR invalidation queue is full\r\n";
  expect(table.write(client, "12340", "56780", "0")).toBe(`STORED\r\nSTORED\r\n${full}`);
  table.say(table.server(0), "DELETED\r\n");
  expect(table.write(client, "123450", "90120")).toBe(`${full}STORED\r\n`);
  expect(table.engine.keyBytes).toBe(10);
});

test("a set too large whose key finds no room is refused for its value, and counted", () => {
  const table = new Table({ queueKeysMax: 1 }, { requests: { valueBytesMax: 10 } });
  const client = table.client();
  table.write(client, "a0");
  table.say(client, `set b0 0 0 11\r\n${"v".repeat(11)}\r\n`);
  expect(client.read()).toBe("SERVER_ERROR object too large for cache\r\n");
  expect(table.engine.counters.refused).toBe(1);
});

/** Writes `a0` to `c0` and loses the connection; what is asked of server 0 next is a probe. */
function tableInTrouble(): Table {
  const table = new Table({ retryMinMs: 50, retryMaxMs: 1_000 });
  table.write(table.client(), "z0");
  table.say(table.server(0), "DELETED\r\n");
  expect(table.server(0).readKeys()).toEqual(["z0"]);
  for (const key of ["a0", "b0", "c0"]) {
    table.write(table.client(), key);
    table.wait(1);
  }
  expect(table.server(0).readKeys()).toEqual(["a0", "b0", "c0"]);
  table.close(table.server(0), "reset");
  return table;
}

test("a server that failed is left alone, then probed with the oldest key, then asked for all", () => {
  const table = tableInTrouble();
  table.wait(49);
  table.write(table.client(), "d0");
  expect(table.connections(0).length).toBe(1);
  expect(table.stats().get("s0:state")).toBe("left_alone");
  table.wait(1);
  expect(table.connections(0).length).toBe(2);
  expect(table.server(0).readKeys()).toEqual(["a0"]);
  table.write(table.client(), "e0");
  expect(table.server(0).readKeys()).toEqual([]);
  table.say(table.server(0), "DELETED\r\n");
  expect(table.server(0).readKeys()).toEqual(["b0", "c0", "d0", "e0"]);
  table.say(table.server(0), "DELETED\r\nNOT_FOUND\r\nDELETED\r\nDELETED\r\n");
  expect(table.engine.keys).toBe(0);
  const stats = table.stats();
  expect(["done", "retried", "s0:retried", "s0:errors"].map((name) => stats.get(name))).toEqual([
    "6",
    "3",
    "3",
    "0",
  ]);
});

test("a write while its key is in flight to a server that fails is served by the delete that follows", () => {
  const table = new Table({ retryMinMs: 50 });
  const client = table.client();
  table.write(client, "a0");
  table.write(client, "a0");
  table.close(table.server(0), "reset");
  table.wait(50);
  table.say(table.server(0), "DELETED\r\n");
  expect(table.connections(0).flatMap((hand) => hand.readKeys())).toEqual(["a0", "a0"]);
  expect(table.engine.keys).toBe(0);
  expect(table.engine.counters).toMatchObject({ writes: 2, coalesced: 1 });
});

test("a dead server is tried at growing distances, and its keys are gone soon after it is back", () => {
  const table = new Table({ retryMinMs: 50, retryMaxMs: 1_000 });
  table.dead.add(0);
  const start = table.now;
  const tries: number[] = [];
  table.write(table.client(), "a0", "b0");
  for (let before = 0; table.now < start + 5_000; table.wait(10)) {
    if (table.connections(0).length > before) tries.push(table.now - start);
    before = table.connections(0).length;
  }
  expect(tries).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550]);
  table.dead.delete(0);
  table.wait(1_000);
  table.say(table.server(0), "DELETED\r\n");
  table.say(table.server(0), "DELETED\r\n");
  expect(table.engine.keys).toBe(0);
});

test("after a success the distances grow from the smallest again", () => {
  const table = tableInTrouble();
  for (let i = 0; i < 5; i++) {
    table.wait(50);
    table.say(table.server(0), "DELETED\r\n");
    table.write(table.client(), `k${i}0`);
    const { length } = table.connections(0);
    table.close(table.server(0), "reset");
    table.wait(49);
    expect(table.connections(0).length).toBe(length);
  }
});

const troubles: readonly [what: string, trouble: (table: Table) => void][] = [
  ["refuses connections", (table) => void table.dead.add(0)],
  ["does not answer connects", (table) => void table.silent.add(0)],
  ["does not answer", () => {}],
];

test.each(troubles)("the keys of the others never wait for a server that %s", (_what, trouble) => {
  const table = new Table();
  trouble(table);
  const client = table.client();
  for (let i = 0; i < 200; i++) {
    expect(table.write(client, `${i}-0`, `${i}-1`, `${i}-2`)).toBe("STORED\r\n".repeat(3));
    for (const port of [1, 2]) {
      expect(table.server(port).readKeys()).toEqual([`${i}-${port}`]);
      table.say(table.server(port), "DELETED\r\n");
    }
    table.wait(20);
  }
  expect(table.engine.servers().map(({ depth }) => depth)).toEqual([200, 0, 0]);
});

test("a connect that takes too long is given up and tried again", () => {
  const table = new Table({ retryMinMs: 50 }, { connectTimeoutMs: 300 });
  table.silent.add(0);
  table.write(table.client(), "a0");
  const first = table.server(0);
  table.wait(299);
  expect(first.closed).toBe(false);
  table.wait(1);
  expect(first.closed).toBe(true);
  table.silent.clear();
  table.wait(50);
  table.say(table.server(0), "DELETED\r\n");
  expect(table.engine.keys).toBe(0);
});

test("a late reply replaces the connection, so that no two deletes of one key are in flight", () => {
  const table = new Table({ retryMinMs: 50 }, { replyTimeoutMs: 200 });
  const client = table.client();
  table.write(client, "a0");
  table.wait(150);
  table.write(client, "b0");
  table.wait(50);
  const [first] = table.connections(0);
  expect(first?.closed).toBe(true);
  expect(first?.readKeys()).toEqual(["a0", "b0"]);
  table.wait(50);
  expect(table.server(0).readKeys()).toEqual(["a0"]);
  table.say(table.server(0), "NOT_FOUND\r\n");
  expect(table.server(0).readKeys()).toEqual(["b0"]);
});

test.each(["STORED", "nonsense", "VALUE a0 0 1\r\nx", "END", "OK", "7"])(
  "%j is no answer to a delete: the connection is replaced and the key deleted again",
  (answer) => {
    const table = new Table({ retryMinMs: 50 });
    table.write(table.client(), "a0");
    table.say(table.server(0), `${answer}\r\n`);
    expect(table.server(0).closed).toBe(true);
    table.wait(50);
    expect(table.connections(0).length).toBe(2);
    table.say(table.server(0), "DELETED\r\n");
    expect(table.engine.keys).toBe(0);
  },
);

test("a connection that the server closes while nothing is asked is made again for the next key", () => {
  const table = new Table();
  const client = table.client();
  table.write(client, "a0");
  table.say(table.server(0), "DELETED\r\n");
  table.end(table.server(0));
  table.write(client, "b0");
  table.say(table.server(0), "DELETED\r\n");
  expect(table.connections(0).length).toBe(2);
  expect(table.engine.servers()[0]?.deletes).toMatchObject({ done: 2, retried: 0 });
});

test.each(["SERVER_ERROR out of memory", "CLIENT_ERROR no", "ERROR"])(
  "%j leaves the key to be deleted, and the server alone for longer and longer",
  (line) => {
    const table = new Table({ retryMinMs: 50, retryMaxMs: 200 });
    const start = table.now;
    const tries: number[] = [];
    table.write(table.client(), "a0");
    while (tries.length < 6) {
      if (table.server(0).readKeys().length > 0) {
        tries.push(table.now - start);
        table.say(table.server(0), `${line}\r\n`);
      } else table.wait(1);
    }
    expect(tries).toEqual([0, 50, 150, 350, 550, 750]);
    expect(table.engine.servers()[0]).toMatchObject({
      depth: 1,
      deletes: { done: 0, errors: 6, retried: 6 },
    });
    table.wait(200);
    table.say(table.server(0), "DELETED\r\n");
    expect(table.engine.keys).toBe(0);
  },
);

test.each(["SERVER_ERROR not that one", "CLIENT_ERROR not that one", "(it goes away)"])(
  "a key that is always answered %j holds up no other",
  (line) => {
    const table = new Table({ retryMinMs: 50, retryMaxMs: 1_000, workers: 4 });
    const client = table.client();
    table.write(client, "bad0");
    const refused: number[] = [];
    const start = table.now;
    for (let ms = 0; ms < 10_000; ms++) {
      if (ms % 20 === 0) table.write(client, `good${ms}:0`);
      answerAll(table, line, refused);
      table.wait(1);
    }
    expect(table.engine.servers()[0]).toMatchObject({ deletes: { done: 500 - waitingGood(table) } });
    expect(waitingGood(table)).toBeLessThan(60);
    // And it is tried again for ever.
    expect(refused.length).toBeGreaterThan(9);
    expect(refused.at(-1)).toBeGreaterThan(start + 8_000);
  },
);

function waitingGood(table: Table): number {
  return table.engine.keys - 1;
}

/** Server 0 deletes every key but `bad0`. */
function answerAll(table: Table, line: string, refused: number[]): void {
  for (let keys = table.server(0).readKeys(); keys.length > 0; keys = table.server(0).readKeys()) {
    for (const key of keys) {
      if (key !== "bad0") table.say(table.server(0), "DELETED\r\n");
      else {
        refused.push(table.now);
        if (line.startsWith("(")) table.close(table.server(0), "reset");
        else table.say(table.server(0), `${line}\r\n`);
      }
      if (table.server(0).closed) return;
    }
  }
}
