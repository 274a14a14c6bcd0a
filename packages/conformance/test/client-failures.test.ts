// What a call rejects with when the world fails it, and what becomes of the others.

import { ClientError, createClient } from "@memwire/client";
import { expect, test } from "vitest";
import { ClientScene, EXACT, type SceneOptions } from "../src/client-scene.ts";

/** A test in a scene of one scripted server, unless it says otherwise, after which nothing may be left. */
function scene(name: string, options: SceneOptions, run: (scene: ClientScene) => Promise<void>): void {
  test(name, async () => {
    const made = new ClientScene({ scripted: 1, network: EXACT, ...options });
    await run(made);
    await made.close();
  });
}

const TIMED_OUT = { code: "timed-out", server: "server-0", message: "server-0: Connection timed out" };
const RESET = { code: "reset", server: "server-0", message: "server-0: Connection reset by peer" };
const REFUSED = { code: "refused", server: "server-0", message: "server-0: Connection refused" };
const OVERFLOW = { code: "overflow", server: "server-0", message: "server-0: too many requests in flight" };
const overflow = (what: string): object => ({ ...OVERFLOW, message: `server-0: too many ${what}` });

/** How long a call takes to fail. */
async function failsAfter(made: ClientScene, promise: Promise<unknown>): Promise<number> {
  const start = made.simulation.elapsedMs;
  await made.failure(promise);
  return made.simulation.elapsedMs - start;
}

scene("a server that nobody runs refuses", {}, async (made) => {
  made.simulation.faults.stop("server-0");
  expect(await made.failure(made.client.get("a"))).toMatchObject(REFUSED);
});

test("a host that does not exist is not found", async () => {
  const made = new ClientScene({ servers: 1 });
  const { network, clock } = made.simulation;
  const client = createClient({
    network,
    clock,
    servers: [{ host: "nowhere", port: 1 }],
  });
  expect(await made.failure(client.set("a", "x"))).toMatchObject({
    code: "not-found",
    server: "nowhere:1",
    message: "nowhere:1: Host not found",
  });
  await made.settle(client.close());
});

scene(
  "a connection that is lost fails what waits for it, and the next call has a new one",
  {},
  async (made) => {
    const { client, simulation } = made;
    const server = made.script;
    server.answer = (text) => (text.endsWith("get warm\r\n") ? "END\r\n" : "");
    await made.settle(client.get("warm"));
    const calls = [client.get("a"), client.set("b", "x"), client.getMany(["c", "d"])];
    simulation.advance(10);
    simulation.faults.reset("server-0");
    const [one, other, many] = calls as [
      Promise<unknown>,
      Promise<unknown>,
      ReturnType<typeof client.getMany>,
    ];
    const both = Promise.all([made.failure(one), made.failure(other)]);
    expect(await both).toMatchObject([RESET, RESET]);
    const { items, failures } = await many;
    expect(items.size).toBe(0);
    expect([...failures.keys()]).toEqual(["c", "d"]);
    expect(failures.get("d")).toMatchObject(RESET);
    const again = client.get("e");
    simulation.advance(10);
    server.connection.say("END\r\n");
    expect(await made.settle(again)).toBe(undefined);
    expect(made.accepted("server-0")).toBe(2);
  },
);

scene("a server that ends fails what waits for it", {}, async (made) => {
  const server = made.script;
  server.answer = (_text, connection) => {
    connection.transport.close();
    return "";
  };
  expect(await made.failure(made.client.get("a"))).toMatchObject(RESET);
});

scene("a connect that takes too long fails all that wait for it", { connectTimeoutMs: 300 }, async (made) => {
  const { client, simulation } = made;
  simulation.faults.connects("server-0", "unanswered");
  const [one, other] = [client.get("a"), client.set("b", "x")];
  expect(await failsAfter(made, one)).toBe(300);
  expect(await made.failure(one)).toMatchObject(TIMED_OUT);
  expect(await made.failure(other)).toMatchObject(TIMED_OUT);
  expect(client.servers()[0]).toMatchObject({ state: "left alone", counters: { connectFailures: 1 } });
});

scene(
  "a call that waits too long to be sent fails and is never sent",
  { queuedTimeoutMs: 50, connectTimeoutMs: 500, network: { ...EXACT, retryMs: 10 } },
  async (made) => {
    const { client, simulation } = made;
    simulation.faults.connects("server-0", "unanswered");
    const early = client.set("early", "x");
    simulation.advance(30);
    const late = client.set("late", "x");
    expect(await failsAfter(made, early)).toBe(20);
    expect(await made.failure(early)).toMatchObject(TIMED_OUT);
    expect(client.servers()[0]?.counters).toMatchObject({ queuedTimeouts: 1, queuedNow: 1 });
    simulation.faults.connects("server-0", "accepted");
    made.script.answer = () => "STORED\r\n";
    await made.settle(late);
    expect(made.read("server-0")).toBe("set late 0 0 1\r\nx\r\n");
  },
);

scene(
  "a late answer fails its call, and never reaches another one",
  { replyTimeoutMs: 100, limits: { timeoutsMax: 10 } },
  async (made) => {
    const { client, simulation } = made;
    const server = made.script;
    const late = client.get("a");
    expect(await failsAfter(made, late)).toBe(102); // the connect takes 2 ms
    expect(await made.failure(late)).toMatchObject(TIMED_OUT);
    const next = client.get("a");
    const number = client.incr("n", 1);
    simulation.advance(50);
    server.connection.say("VALUE a 0 3\r\nold\r\nEND\r\nVALUE a 0 3\r\nnew\r\nEND\r\n7\r\n");
    expect(await made.settle(next)).toMatchObject({ value: Uint8Array.from([110, 101, 119]) });
    expect(await made.settle(number)).toBe(7n);
    expect(client.servers()[0]).toMatchObject({
      state: "ready",
      counters: { replyTimeouts: 1, disconnects: 0 },
    });
  },
);

scene(
  "after so many late answers in a row the connection is replaced",
  { replyTimeoutMs: 100 },
  async (made) => {
    const { client, simulation } = made;
    const server = made.script;
    for (let i = 0; i < 2; i++) expect(await made.failure(client.set("a", "x"))).toMatchObject(TIMED_OUT);
    expect(client.servers()[0]).toMatchObject({ state: "ready" });
    const [third, fourth] = [client.set("c", "x"), client.set("d", "x")];
    expect(await made.failure(third)).toMatchObject(TIMED_OUT);
    expect(await made.failure(fourth)).toMatchObject(TIMED_OUT);
    expect(client.servers()[0]).toMatchObject({ state: "left alone", counters: { disconnects: 1 } });
    simulation.advance(100);
    const fifth = client.set("e", "x");
    simulation.advance(10);
    server.connections[0]?.say("STORED\r\n".repeat(4)); // nobody listens there any more
    server.connection.say("NOT_FOUND\r\n");
    expect(await made.failure(fifth)).toMatchObject({ code: "broken-reply", server: "server-0" });
    expect(server.connections.length).toBe(2);
  },
);

scene("calls beyond what may be in flight fail at once", { limits: { inFlightMax: 3 } }, async (made) => {
  const { client, simulation } = made;
  const calls = ["a", "b", "c"].map((key) => client.get(key));
  expect(await made.failure(client.get("d"))).toMatchObject(OVERFLOW);
  expect(await made.failure(client.set("d", "x"))).toMatchObject(OVERFLOW);
  simulation.advance(10);
  const { items, failures } = await made.settle(client.getMany(["d", "e"]));
  expect([items.size, failures.size]).toEqual([0, 2]);
  expect(failures.get("e")).toMatchObject(OVERFLOW);
  made.script.connection.say("END\r\nEND\r\nEND\r\n");
  expect(await made.settle(Promise.all(calls))).toEqual([undefined, undefined, undefined]);
  const last = client.get("f");
  simulation.advance(10);
  made.script.connection.say("END\r\n");
  expect(await made.settle(last)).toBe(undefined);
  expect(client.servers()[0]?.counters).toMatchObject({ overflows: 3, requests: 4 });
  expect(made.read("server-0")).toBe("get a\r\nget b\r\nget c\r\nget f\r\n");
});

scene("calls beyond what may be queued fail at once", { limits: { queuedMax: 2 } }, async (made) => {
  const { client } = made;
  const calls = [client.get("a"), client.set("b", "x")];
  expect(await made.failure(client.get("c"))).toMatchObject(overflow("requests wait to be sent"));
  made.script.answer = () => "END\r\nSTORED\r\n";
  expect(await made.settle(Promise.all(calls))).toEqual([undefined, undefined]);
  expect(made.read("server-0")).toBe("get a\r\nset b 0 0 1\r\nx\r\n");
});

scene(
  "calls beyond the bytes that may be queued fail at once",
  { limits: { queuedBytesMax: 100 } },
  async (made) => {
    const { client } = made;
    const calls = [client.set("a", "x".repeat(80)), client.set("b", "x".repeat(1_000))];
    expect(await made.failure(client.get("c"))).toMatchObject(overflow("bytes wait to be sent"));
    made.script.answer = (text) => (text.length > 1_100 ? "STORED\r\nSTORED\r\n" : "");
    expect(await made.settle(Promise.all(calls))).toEqual([undefined, undefined]);
  },
);

scene(
  "a caller's mistake is told even where the server would refuse",
  { limits: { inFlightMax: 1 } },
  async (made) => {
    const { client, simulation } = made;
    const first = client.get("a");
    await expect(client.get("a b")).rejects.toBeInstanceOf(RangeError);
    await expect(client.set("a b", "x")).rejects.toBeInstanceOf(RangeError);
    await expect(client.incr("a", 2n ** 64n)).rejects.toBeInstanceOf(RangeError);
    expect(client.servers()[0]?.counters.requests).toBe(1);
    simulation.faults.stop("server-0");
    await made.failure(first);
    await expect(client.set("a", "x", { flags: -1 })).rejects.toBeInstanceOf(RangeError);
  },
);

scene(
  "a server in trouble is left alone for longer and longer, and serves again when it is back",
  {},
  async (made) => {
    const { client, simulation } = made;
    const tries: number[] = [];
    const { faults } = simulation;
    faults.stop("server-0");
    let failures = 0;
    const start = simulation.elapsedMs;
    for (let connects = 0; simulation.elapsedMs - start < 20_000;) {
      expect(await made.failure(client.get("a"))).toMatchObject(REFUSED);
      failures++;
      const { connectFailures, failedFast } = client.servers()[0]?.counters ?? {
        connectFailures: 0,
        failedFast: 0,
      };
      if (connectFailures > connects) tries.push(Math.round((simulation.elapsedMs - start) / 100) * 100);
      connects = connectFailures;
      expect(failedFast).toBe(failures - connects);
      simulation.advance(10);
    }
    expect(tries).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300]);
    expect(client.servers()[0]?.state).toBe("left alone");
    faults.start("server-0");
    made.script.answer = () => "END\r\n";
    simulation.advance(5_000);
    expect(client.servers()[0]?.state).toBe("idle");
    expect(await made.settle(client.get("a"))).toBe(undefined);
    expect(client.servers()[0]?.state).toBe("ready");
  },
);

scene("one dead server takes only its own keys with it", { servers: 3, scripted: 0 }, async (made) => {
  const { client, simulation } = made;
  const own = [0, 1, 2].map((server) => made.keysOf(server, 5));
  const keys = own.flat();
  await made.settle(Promise.all(keys.map((key) => client.set(key, key))));
  simulation.faults.stop("server-1");
  for (let round = 0; round < 3; round++) {
    const { items, failures } = await made.settle(client.getMany(keys));
    expect(new Set(items.keys())).toEqual(new Set([...(own[0] ?? []), ...(own[2] ?? [])]));
    expect([...failures.keys()]).toEqual(own[1]);
    for (const failure of failures.values()) expect(failure.server).toBe("server-1");
  }
  simulation.faults.start("server-1");
  simulation.advance(5_000);
  const { items, failures } = await made.settle(client.getMany(keys));
  expect([items.size, failures.size]).toEqual([15, 0]);
});

scene("`each` is not called before the call has returned, even if all fails at once", {}, async (made) => {
  const { client, simulation } = made;
  simulation.faults.stop("server-0");
  await made.failure(client.get("a"));
  const told: unknown[] = [];
  const call = client.getEach(["a", "b"], (index, outcome) =>
    told.push([index, (outcome as ClientError).code]),
  );
  expect(told).toEqual([]);
  await made.settle(call);
  expect(told).toEqual([
    [0, "refused"],
    [1, "refused"],
  ]);
});

scene(
  "a connection without calls is closed after a while, and made again",
  { idleTimeoutMs: 200 },
  async (made) => {
    const { client, simulation } = made;
    const server = made.script;
    server.answer = () => "END\r\n";
    for (let i = 0; i < 5; i++) {
      await made.settle(client.get("a"));
      simulation.advance(150);
    }
    expect(made.accepted("server-0")).toBe(1);
    simulation.advance(100);
    expect(server.connection.isClosed).toBe(true);
    expect(client.servers()[0]).toMatchObject({ state: "idle", counters: { idleCloses: 1, disconnects: 0 } });
    expect(await made.settle(client.get("a"))).toBe(undefined);
    expect(made.accepted("server-0")).toBe(2);
  },
);

scene(
  "over several connections each key keeps its order, and no more of them are opened",
  { servers: 1, scripted: 0, connections: 3, network: {} },
  async (made) => {
    const { client } = made;
    const keys = Array.from({ length: 30 }, (_, i) => `key:${i}`);
    await made.settle(Promise.all(keys.map((key) => client.set(key, "0"))));
    const counts = await made.settle(
      Promise.all(Array.from({ length: 600 }, (_, i) => client.incr(keys[i % 30] as string, 1))),
    );
    expect(counts).toEqual(Array.from({ length: 600 }, (_, i) => BigInt(1 + Math.floor(i / 30))));
    await made.settle(client.getMany(keys));
    for (let i = 0; i < 5; i++) await made.settle(client.getFrom(0, "key:0"));
    expect(made.accepted("server-0")).toBe(3);
  },
);

scene("getFrom takes the connection that has the least to do", { connections: 3 }, async (made) => {
  const { client, simulation } = made;
  const calls = Array.from({ length: 6 }, (_, i) => client.getFrom(0, `key:${i}`));
  simulation.advance(10);
  const server = made.script;
  expect(server.connections.map(({ text }) => text)).toEqual([
    "get key:0\r\nget key:3\r\n",
    "get key:1\r\nget key:4\r\n",
    "get key:2\r\nget key:5\r\n",
  ]);
  for (const connection of server.connections) connection.say("END\r\nEND\r\n");
  await made.settle(Promise.all(calls));
});
