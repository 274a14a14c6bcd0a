// Servers that are down, come back, flap, or are taken out by an operator.

import { createDistribution, ringName } from "@memwire/router";
import { expect, test } from "vitest";
import { serverAt, Table, type Hand } from "./bench.ts";

const REFUSED = "SERVER_ERROR Connection refused\r\n";
const TIMED_OUT = "SERVER_ERROR Connection timed out\r\n";
const TAKEN_OUT = "SERVER_ERROR backend taken out by its operator\r\n";

function ask(table: Table, client: Hand, request: string): string {
  table.say(client, request);
  return client.read();
}

/** Server 0 refuses until it is down, by what clients ask for. */
function bringDown(table: Table): Hand {
  table.dead.add(0);
  const client = table.client();
  for (let i = 0; table.stat("alpha:s0:state") !== "down"; i++) {
    if (i === 10) throw new Error("server 0 does not go down");
    ask(table, client, "get a0\r\n");
    table.wait(500);
  }
  return client;
}

/** Lets time go by until a server is connected to. */
function untilConnected(table: Table, port: number): Hand {
  for (const before = table.connects(port); table.connects(port) === before;) table.wait(1);
  return table.server(port);
}

test("a server that is down fails at once, and nothing is connected but probes", () => {
  const table = new Table({}, { health: { failuresMax: 3, retryMinMs: 1_000, retryMaxMs: 8_000 } });
  table.dead.add(0);
  const client = table.client();
  for (let i = 0; i < 100; i++) {
    expect(ask(table, client, "get a0\r\n")).toBe(REFUSED);
    table.wait(100);
  }
  expect(table.connects(0)).toBe(4); // at 0, 1, 3 and 7 s
  expect(table.proxy.servers()[0]).toMatchObject({ state: "down", counters: { probes: 1, downs: 1 } });
});

test("a server that is down is asked for nothing until it answers version, and its probe is then used", () => {
  const table = new Table({}, { health: { retryMinMs: 100, retryMaxMs: 100 } });
  const client = bringDown(table);
  table.dead.delete(0);
  table.wait(100);
  const probe = table.server(0);
  expect(probe.read()).toBe("version\r\n");
  expect(ask(table, client, "get a0\r\n")).toBe(REFUSED);
  table.say(probe, "VERSION 1.6.18\r\n");
  expect(table.stat("alpha:s0:state")).toBe("ready");
  table.say(client, "get a0\r\n");
  expect(probe.read()).toBe("get a0\r\n");
});

test.each([
  ["nothing", ""],
  ["an error", "ERROR\r\n"],
  ["something else", "STORED\r\n"],
  ["no memcached's words", "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ["more than it was asked", "VERSION 1\r\nEND\r\n"],
])("a probe that is answered by %s leaves the server down, and the next comes later", (_what, answer) => {
  const table = new Table({}, { connectTimeoutMs: 50, health: { retryMinMs: 100, retryMaxMs: 400 } });
  const client = bringDown(table);
  table.dead.delete(0);
  const probe = untilConnected(table, 0);
  if (answer === "") table.wait(50);
  else table.say(probe, answer);
  expect(probe.closed).toBe(true);
  expect(table.stat("alpha:s0:state")).toBe("down");
  const failed = table.now;
  const next = untilConnected(table, 0);
  expect(table.now - failed).toBe(400);
  table.say(next, "VERSION 1\r\n");
  table.say(client, "get a0\r\n");
  expect(next.read()).toBe("version\r\nget a0\r\n");
});

test("requests that came while a connection is made after a failure are sent behind its version, in order", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\n");
  table.say(table.server(0), "END\r\n");
  table.close(table.server(0), "reset");
  client.read();
  table.say(client, "set a0 0 0 1\r\nx\r\nget a0\r\n");
  expect(table.server(0).read()).toBe("version\r\n");
  table.say(table.server(0), "VERSION 1\r\n");
  expect(table.server(0).read()).toBe("set a0 0 0 1\r\nx\r\nget a0\r\n");
  table.say(table.server(0), "STORED\r\nEND\r\n");
  expect(client.read()).toBe("STORED\r\nEND\r\n");
  table.close(table.server(0), "reset");
  table.say(client, "get b0\r\n");
  expect(table.server(0).read()).toBe("get b0\r\n"); // nothing waited there: it had not failed
});

test("answers that are late again and again take a server down, and a timely one brings it back", () => {
  const table = new Table({ timeoutsMax: 100 }, { replyTimeoutMs: 100, health: { retryMinMs: 500 } });
  const client = table.client();
  for (let i = 0; i < 3; i++) {
    table.say(client, "get a0\r\nget b0\r\nget c0\r\n"); // three late at once are one failure
    expect(table.stat("alpha:s0:state")).toBe("ready");
    table.wait(100);
    expect(client.read()).toBe(TIMED_OUT.repeat(3));
  }
  expect(table.stat("alpha:s0:state")).toBe("down");
  expect(table.stat("alpha:s0:failures_timed_out")).toBe("3");
  expect(ask(table, client, "get a0\r\n")).toBe(TIMED_OUT);
  table.wait(500);
  expect(table.connections(0).map(({ closed }) => closed)).toEqual([true, false]);
  table.say(table.server(0), "VERSION 1\r\n");
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(client.read()).toBe("END\r\n");
  expect(table.stat("alpha:s0:failures_in_a_row")).toBe(undefined);
});

const misses: [request: string, reply: string][] = [
  ["get a0\r\n", "END\r\n"],
  ["gets a0 b0\r\n", "END\r\n"],
  ["gat 10 a0\r\n", "END\r\n"],
  ["set a0 0 0 1\r\nx\r\n", "NOT_STORED\r\n"],
  ["add a0 0 0 1\r\nx\r\n", "NOT_STORED\r\n"],
  ["append a0 0 0 1\r\nx\r\n", "NOT_STORED\r\n"],
  ["cas a0 0 0 1 7\r\nx\r\n", "NOT_FOUND\r\n"],
  ["delete a0\r\n", "NOT_FOUND\r\n"],
  ["incr a0 1\r\n", "NOT_FOUND\r\n"],
  ["touch a0 1\r\n", "NOT_FOUND\r\n"],
  ["mg a0 v\r\n", "EN\r\n"],
  ["mg a0 v k Oabc\r\n", "EN ka0 Oabc\r\n"],
  ["mg YTA= b k v\r\nme a0\r\n", "EN kYTA= b\r\nEN\r\n"],
  ["mg a0 v q\r\nmn\r\n", "MN\r\n"],
  ["ms a0 1 T0 O1\r\nx\r\n", "NS O1\r\n"],
  ["ms a0 1 C7\r\nx\r\n", "NF\r\n"],
  ["md a0\r\nma a0 k\r\n", "NF\r\nNF ka0\r\n"],
  ["set a0 0 0 1 noreply\r\nx\r\nversion\r\n", "VERSION 1.6.45\r\n"],
];

test.each(misses)("whenDown miss: %j is answered %j, and nothing is sent", (request, reply) => {
  const table = new Table({}, { health: { whenDown: "miss" } });
  const client = bringDown(table);
  const before = table.connects(0);
  expect(ask(table, client, request)).toBe(reply);
  expect(table.connects(0)).toBe(before);
  expect(Number(table.stat("alpha:s0:missed"))).toBeGreaterThan(0);
});

test.each(misses)(
  "%j of a server that is down fails at once, is counted, and nothing is connected",
  (request) => {
    const table = new Table({}, { health: { failuresMax: 1, retryMinMs: 10_000, retryMaxMs: 10_000 } });
    const client = bringDown(table);
    const looked = (): number[] => [table.connects(0), Number(table.stat("alpha:s0:failed_fast"))];
    const [connects, failedFast] = looked() as [number, number];
    const told = ask(table, client, request).replace("VERSION 1.6.45\r\n", "").replace("MN\r\n", "");
    const failures = told.length / REFUSED.length;
    expect(told).toBe(REFUSED.repeat(failures));
    expect(looked()).toEqual([connects, failedFast + Math.max(1, failures)]); // one is quiet
  },
);

test("a server that is not down yet is left alone as well, and what it is asked meanwhile is counted", () => {
  const table = new Table({}, { health: { failuresMax: 3, retryMinMs: 100, trialMs: 100 } });
  table.dead.add(0);
  const client = table.client();
  expect(ask(table, client, "get a0\r\n".repeat(3))).toBe(REFUSED.repeat(3));
  table.wait(99);
  expect(ask(table, client, "get a0\r\nset a0 0 0 1\r\nx\r\n")).toBe(REFUSED.repeat(2));
  expect(table.connects(0)).toBe(1);
  expect([table.stat("alpha:s0:state"), table.stat("alpha:s0:failed_fast")]).toEqual(["left_alone", "2"]);
});

test("whenDown miss: a multi-get has the values of the others, in order with what is asked around it", () => {
  const table = new Table({}, { health: { whenDown: "miss" } });
  const client = bringDown(table);
  table.say(client, "get a0 b1\r\nget c0\r\nget d2\r\n");
  table.say(table.server(2), "END\r\n");
  table.say(table.server(1), "VALUE b1 0 1\r\nb\r\nEND\r\n");
  expect(client.read()).toBe("VALUE b1 0 1\r\nb\r\nEND\r\nEND\r\nEND\r\n");
});

test("whenDown miss: that all is flushed cannot be said", () => {
  const table = new Table({}, { flushEnabled: true, health: { whenDown: "miss" } });
  const client = bringDown(table);
  table.say(client, "flush_all\r\n");
  for (const port of [1, 2]) table.say(table.server(port), "OK\r\n");
  expect(client.read()).toMatch(/^SERVER_ERROR /);
});

const servers = [0, 1, 2].map((port) => ({ host: "127.0.0.1", port: port + 1, name: `s${port}` }));

function ring(left: readonly number[]): { owner(bytes: Uint8Array, start: number, end: number): number } {
  const distribution = createDistribution({
    distribution: "ketama",
    hash: "md5",
    servers: left.map((i) => servers[i] as (typeof servers)[0]),
  });
  return { owner: (bytes, start, end) => left[distribution.owner(bytes, start, end)] as number };
}

/** Where each of some keys goes. */
function placement(table: Table, keys: readonly string[]): (number | string)[] {
  const client = table.client();
  return keys.map((key) => {
    for (const port of [0, 1, 2]) for (const hand of table.connections(port)) hand.read();
    const at = (): number =>
      [0, 1, 2].find((port) => table.connections(port).some(({ sent }) => sent !== "")) ?? -1;
    const reply = ask(table, client, `get ${key}\r\n`);
    if (reply !== "") return reply;
    const server = at();
    table.say(table.server(server), "END\r\n");
    expect(client.read()).toBe("END\r\n");
    return server;
  });
}

test("whenDown rehash: the keys of a server that is down go to the others, whose own stay, until it is back", () => {
  expect(servers.map(ringName)).toEqual(["s0", "s1", "s2"]);
  const keys = Array.from({ length: 60 }, (_, i) => `key:${i}`);
  const table = new Table(
    {},
    {
      distribution: ring([0, 1, 2]),
      distributionWithout: ring,
      health: { whenDown: "rehash", retryMinMs: 100 },
    },
  );
  const before = placement(table, keys);
  table.dead.add(0);
  table.close(table.server(0), "reset");
  const own = keys.find((_, i) => before[i] === 0) as string;
  for (let i = 0; i < 3; i++) {
    expect(placement(table, [own])).toEqual([REFUSED]);
    table.wait(800);
  }
  const without = placement(table, keys);
  expect(without).not.toContain(0);
  const moved = keys.filter((_, i) => before[i] !== without[i]);
  expect(moved).toEqual(keys.filter((_, i) => before[i] === 0));
  table.dead.delete(0);
  table.say(untilConnected(table, 0), "VERSION 1\r\n");
  expect(placement(table, keys)).toEqual(before);
});

test.each([
  ["fail", 100],
  ["miss", 1],
  ["rehash", 1],
] as const)("whenDown %s: one that is not down yet is tried again after %i ms", (whenDown, ms) => {
  const health = { whenDown, failuresMax: 3, retryMinMs: 1_000 };
  const table = new Table({}, { distribution: ring([0, 1, 2]), distributionWithout: ring, health });
  const keys = Array.from({ length: 60 }, (_, i) => `key:${i}`);
  const own = keys[placement(table, keys).indexOf(0)] as string;
  table.dead.add(0);
  table.close(table.server(0), "reset");
  const before = table.connects(0);
  for (let failures = 1; failures <= 3; failures++) {
    const asks = failures < 3 ? 10 : 1; // then it is down
    for (let i = 0; i < asks; i++) expect(placement(table, [own])).toEqual([REFUSED]);
    expect(table.connects(0) - before).toBe(failures);
    table.wait(ms - 1);
    expect(table.connects(0) - before).toBe(failures);
    table.wait(1);
  }
  expect(table.stat("alpha:s0:state")).toBe("down");
});

test("whenDown rehash: when all are down each says why", () => {
  const table = new Table(
    {},
    {
      distribution: ring([0, 1, 2]),
      distributionWithout: ring,
      health: { whenDown: "rehash", failuresMax: 1 },
    },
  );
  for (const port of [0, 1, 2]) table.dead.add(port);
  const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
  expect(new Set(placement(table, keys))).toEqual(new Set([REFUSED]));
  expect(new Set(table.proxy.servers().map(({ state }) => state))).toEqual(new Set(["down"]));
});

test("failOpenBelow: when too little of a pool is up all are asked as if they were well", () => {
  const table = new Table(
    {},
    {
      connectTimeoutMs: 200,
      health: { failOpenBelow: 0.5, whenDown: "miss", failuresMax: 1, retryMinMs: 100 },
    },
  );
  const client = table.client();
  table.dead.add(0);
  ask(table, client, "get a0\r\n");
  expect(ask(table, client, "get a0\r\n")).toBe("END\r\n"); // one of three: it is down, and a miss
  table.dead.add(1);
  ask(table, client, "get a1\r\n");
  expect(ask(table, client, "get a0\r\nget a1\r\n")).toBe(REFUSED.repeat(2));
  table.dead.delete(0);
  untilConnected(table, 0);
  table.say(client, "get a0\r\n"); // waits with the probe, as it does for any connection
  table.say(table.server(0), "VERSION 1\r\n");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\n");
  expect(client.read()).toBe("VALUE a0 0 1\r\na\r\nEND\r\n");
  expect(ask(table, client, "get a1\r\n")).toBe("END\r\n"); // two of three are up: that one is down again
});

test("a server that comes back and drops again and again is left alone for longer and longer", () => {
  const table = new Table(
    {},
    { health: { retryMinMs: 100, retryMaxMs: 200, flapRamp: 2, flapMaxMs: 3_000 } },
  );
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    table.say(client, "get a0\r\n");
    table.close(table.server(0), "reset");
    const lost = table.now;
    for (const before = table.connects(0); table.connects(0) === before;) {
      table.say(client, "get a0\r\n"); // while it is not down it needs to be asked for
      if (table.connects(0) === before) table.wait(10);
    }
    waits.push(table.now - lost);
    table.say(table.server(0), "VERSION 1\r\n");
    table.say(client, "get a0\r\n");
    const asked = table.server(0).read().match(/get/g) ?? [];
    table.say(table.server(0), "END\r\n".repeat(asked.length));
  }
  expect(waits).toEqual([0, 100, 100, 800, 1_600, 3_000, 3_000]);
  expect(table.stat("alpha:s0:downs")).not.toBe("0");
});

test("what a client can provoke costs a connection, and never takes a server down", () => {
  const table = new Table({}, {}, [], { replies: { valueBytesMax: 100 } });
  const client = table.client();
  const provoked = ["ERROR\r\n", "CLIENT_ERROR bad data chunk\r\n", "VALUE a0 0 101\r\n"];
  for (let i = 0; i < 30; i++) {
    table.say(client, "get a0\r\n");
    table.say(table.server(0), provoked[i % 3] as string);
    expect(client.read()).toMatch(/ERROR/);
    expect(table.server(0).closed).toBe(true);
  }
  expect(table.connects(0)).toBe(30);
  expect(table.proxy.servers()[0]).toMatchObject({
    state: "idle",
    health: { failures: {}, failuresInARow: 0 },
  });
});

test("a server that has too many connections is left alone, and clients are told that by an error of the proxy", () => {
  const table = new Table({ retryMinMs: 100 });
  const client = table.client();
  for (let i = 0; i < 3; i++) {
    table.say(client, "get a0\r\n");
    if (i > 0) table.say(table.server(0), "VERSION 1\r\n");
    table.say(table.server(0), "ERROR Too many open connections\r\n");
    expect(client.read()).toBe("SERVER_ERROR Too many open connections\r\n");
    expect(ask(table, client, "get a0\r\n")).toBe("SERVER_ERROR Too many open connections\r\n");
    if (i < 2) table.wait(1_000);
  }
  expect([table.connects(0), table.stat("alpha:s0:state")]).toEqual([3, "down"]);
});

test("it is told as well of one that says so instead of its version, or of a password", () => {
  for (const credentials of [undefined, { kind: "text", user: "me", password: "secret" }] as const) {
    const table = new Table({ retryMinMs: 100 }, credentials === undefined ? {} : { credentials });
    const client = table.client();
    table.say(client, "get a0\r\n");
    if (credentials === undefined) {
      table.close(table.server(0), "reset");
      client.read();
      table.wait(100);
      table.say(client, "get a0\r\n");
    }
    table.say(table.server(0), "ERROR Too many open connections\r\n");
    expect(client.read()).toBe("SERVER_ERROR Too many open connections\r\n");
    expect(table.server(0).closed).toBe(true);
  }
});

test("a server in trouble is in stats with what failed, since when, and until when; and no longer when it is well", () => {
  const table = new Table({}, { health: { retryMinMs: 10_000, retryMaxMs: 10_000, failuresMax: 2 } });
  table.dead.add(0);
  const client = table.client();
  ask(table, client, "get a0\r\n");
  table.wait(10_000);
  ask(table, client, "get a0\r\n");
  const stats = (): (string | undefined)[] =>
    ["state", "failures_refused", "failures_in_a_row", "since", "next_try"].map((name) =>
      table.stat(`alpha:s0:${name}`),
    );
  expect(stats()).toEqual(["down", "2", "2", "1010", "1020"]);
  expect(table.proxy.servers()[0]?.health).toMatchObject({ since: 1_010_000, retryAt: 1_020_000 });
  table.dead.delete(0);
  table.wait(10_000);
  table.say(table.server(0), "VERSION 1\r\n");
  table.say(client, "get a0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(stats()).toEqual(["ready", "2", undefined, undefined, undefined]);
});

test("taken out: what waits fails, what comes fails at once, and no connect is attempted, until it is put back", () => {
  const table = new Table({}, { preconnect: true });
  const client = table.client();
  table.say(client, "get a0\r\n");
  table.administer("s0", "down");
  expect(client.read()).toBe(TAKEN_OUT);
  expect(table.server(0).closed).toBe(true);
  expect(ask(table, client, "get a0\r\n")).toBe(TAKEN_OUT);
  table.wait(100_000);
  expect([table.connects(0), table.stat("alpha:s0:state")]).toEqual([1, "taken_out"]);
  table.administer("s0", "up");
  table.say(client, "get a0\r\n");
  expect(table.server(0).read()).toBe("get a0\r\n");
});

test("taken out in the middle of a large value: that fails, too, and its connection is closed", () => {
  const table = new Table({ wholeBytesMax: 100 });
  const client = table.client();
  table.say(client, `set a0 0 0 1000\r\n${"v".repeat(500)}`);
  table.administer("s0", "down");
  expect(client.read()).toBe(TAKEN_OUT);
  expect(table.server(0).closed).toBe(true);
  expect(ask(table, client, `${"v".repeat(500)}\r\nget a0\r\n`)).toBe(TAKEN_OUT);
});

test("taken out while it is down: no probe comes, and when it is put back one comes at once", () => {
  const table = new Table({}, { health: { retryMinMs: 100, retryMaxMs: 100 } });
  bringDown(table);
  table.administer("s0", "down");
  const before = table.connects(0);
  table.wait(10_000);
  expect(table.connects(0)).toBe(before);
  table.dead.delete(0);
  table.administer("s0", "up");
  expect(table.server(0).read()).toBe("version\r\n");
});

test("drained: what is under way is answered and then its connection closed, and what comes fails at once", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0\r\nget b0\r\n");
  table.administer("s0", "drain");
  const server = table.server(0);
  expect([server.closed, table.stat("alpha:s0:state")]).toEqual([false, "draining"]);
  table.say(client, "get c0\r\n");
  table.say(server, "END\r\nVALUE b0 0 1\r\nb\r\nEND\r\n");
  expect(client.read()).toBe(`END\r\nVALUE b0 0 1\r\nb\r\nEND\r\n${TAKEN_OUT}`);
  table.wait(0);
  expect(server.closed).toBe(true);
  table.administer("s0", "up");
  table.say(client, "get c0\r\n");
  expect(table.server(0).read()).toBe("get c0\r\n");
});

test("drained: the connections of large values are closed as well, each when its value is answered", () => {
  const table = new Table({ wholeBytesMax: 100 });
  const [first, second] = [table.client(), table.client()];
  const set = `set k0 0 0 1000\r\n${"v".repeat(1_000)}\r\n`;
  table.say(first, set);
  table.say(second, set);
  const [free, busy] = table.connections(0);
  table.say(free!, "STORED\r\n");
  table.administer("s0", "drain");
  expect([free!.closed, busy!.closed]).toEqual([true, false]);
  table.say(busy!, "STORED\r\n");
  expect(second.read()).toBe("STORED\r\n");
  expect(busy!.closed).toBe(true);
});

test("taken out with whenDown miss its keys are misses, with rehash they are the others'", () => {
  const missing = new Table({}, { health: { whenDown: "miss" } });
  missing.administer("s0", "down");
  expect(ask(missing, missing.client(), "get a0\r\n")).toBe("END\r\n");
  const table = new Table(
    {},
    { distribution: ring([0, 1, 2]), distributionWithout: ring, health: { whenDown: "rehash" } },
  );
  table.administer("s0", "drain");
  const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
  expect(new Set(placement(table, keys))).toEqual(new Set([1, 2]));
  expect(table.connects(0)).toBe(0);
});

test("chance takes something off the time that a server is left alone, if it is asked to", () => {
  const table = new Table({}, { health: { failuresMax: 1, retryMinMs: 1_000, retryJitter: 0.5 } }, [], {
    random: () => 0.5,
  });
  table.dead.add(0);
  ask(table, table.client(), "get a0\r\n");
  table.wait(749);
  expect(table.connects(0)).toBe(1);
  table.wait(1);
  expect(table.connects(0)).toBe(2);
});

test("options of health that cannot be are refused with what was given", () => {
  const pool = (health: object): unknown => new Table({}, { health });
  expect(() => pool({ failuresMax: -1 })).toThrow("failuresMax must be a whole number from 0, got -1");
  expect(() => pool({ whenDown: "rehash" })).toThrow(
    "pool alpha needs distributionWithout, because whenDown is rehash",
  );
  const table = new Table({}, { servers: [serverAt(0)] });
  expect(() => table.administer("s1", "down")).toThrow("there is no server s1 in a pool alpha");
});
