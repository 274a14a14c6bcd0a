// The end of a client: what is under way is answered, and then nothing is left.

import { ClientError } from "@memwire/client";
import { expect, test } from "vitest";
import { ClientScene, EXACT } from "../src/client-scene.ts";

const CLOSED = { code: "client-closed", server: "", message: "the client was closed" };

test("a client that was never used closes at once", async () => {
  const made = new ClientScene({ scripted: 1 });
  await made.settle(made.client.close());
  expect(made.simulation.happened).toBeLessThan(3);
  await made.close();
});

test("closing lets what is under way be answered, and takes nothing more", async () => {
  const made = new ClientScene({ servers: 2 });
  const { client } = made;
  const calls = Promise.all([client.set("a", "x"), client.get("a"), client.getMany(["a", "b", "c"])]);
  const closing = client.close();
  expect(client.close()).toBe(closing);
  for (const call of [
    client.get("a"),
    client.set("a", "x"),
    client.getMany([]),
    client.getEach(["a"], () => {}),
  ]) {
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject(CLOSED);
  }
  const [, item, { items }] = await made.settle(calls);
  expect([item?.flags, items.size]).toEqual([0, 1]);
  await made.settle(closing);
  expect(client.close()).toBe(closing);
  await made.close();
});

test("closing waits no longer than the deadlines of what is under way", async () => {
  const made = new ClientScene({ scripted: 2, network: EXACT, queuedTimeoutMs: 5_000, replyTimeoutMs: 700 });
  const { client, simulation } = made;
  const [silent, deaf] = [made.keysOf(0, 1)[0] as string, made.keysOf(1, 1)[0] as string];
  simulation.faults.connects("server-1", "unanswered");
  const calls = [made.failure(client.get(silent)), made.failure(client.set(deaf, "x"))];
  await made.settle(client.close());
  expect(simulation.elapsedMs).toBe(1_002); // the connect, which may take a second, and the way of the last word
  expect(await Promise.all(calls)).toMatchObject([
    { code: "timed-out", server: "server-0" },
    { code: "timed-out", server: "server-1" },
  ]);
  simulation.run();
  expect(simulation.connections()).toEqual([]);
});

test("what was aborted keeps nobody from closing", async () => {
  const made = new ClientScene({ scripted: 1, network: EXACT });
  const { client, simulation } = made;
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [client.get("a", { signal }), client.getMany(["a", "b"], { signal })];
  const failures = calls.map((call) => made.failure(call));
  simulation.advance(10);
  const closing = client.close();
  controller.abort();
  for (const { code } of await Promise.all(failures)) expect(code).toBe("aborted");
  await made.settle(closing);
  expect(simulation.elapsedMs).toBeLessThan(20);
  await made.close();
});

test("the late answer of what was aborted is not taken for that of a call that closing waits for", async () => {
  const made = new ClientScene({ scripted: 1, network: EXACT });
  const { client, script, simulation } = made;
  const controller = new AbortController();
  const given = made.failure(client.get("a", { signal: controller.signal }));
  simulation.advance(10);
  controller.abort();
  await given;
  const waiting = client.get("b");
  simulation.advance(10);
  const closing = client.close();
  script.connection.say("END\r\n");
  simulation.advance(10);
  script.connection.say("VALUE b 7 1\r\nx\r\nEND\r\n");
  expect(await made.settle(waiting)).toMatchObject({ flags: 7 });
  await made.settle(closing);
  await made.close();
});

test("a client closes while it connects, when nobody waits for that any more", async () => {
  const made = new ClientScene({ scripted: 1, network: EXACT });
  const { client, simulation } = made;
  simulation.faults.connects("server-0", "unanswered");
  const controller = new AbortController();
  const call = made.failure(client.get("a", { signal: controller.signal }));
  simulation.advance(10);
  expect(client.servers()[0]?.state).toBe("connecting");
  controller.abort();
  await call;
  await made.settle(client.close());
  expect(simulation.elapsedMs).toBeLessThan(20);
  await made.close();
});

test("a caller's mistakes keep nobody from closing", async () => {
  const made = new ClientScene({ scripted: 1 });
  const { client } = made;
  const broken = { signal: {} as never };
  const calls = [
    client.get("a b"),
    client.set("a", 5 as never),
    client.getMany(["a b"]),
    client.get("a", broken),
    client.set("a", "x", broken),
    client.getEach(["a"], () => {}, broken),
    client.getFrom(7, "a"),
  ];
  for (const call of calls) await expect(call).rejects.toBeInstanceOf(Error);
  await made.settle(client.close());
  await made.close();
});

test("a connection with calls and an idle one are both closed, and no timer goes on", async () => {
  const made = new ClientScene({
    servers: 3,
    connections: 2,
    idleTimeoutMs: 60_000,
    network: { connectGiveUpMs: 1_000 },
  });
  const { client, simulation } = made;
  const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
  await made.settle(Promise.all(keys.map((key) => client.set(key, key))));
  simulation.advance(30_000);
  expect(simulation.connections().filter(({ host }) => host === "client").length).toBe(6);
  const many = client.getMany(keys);
  await made.settle(client.close());
  expect((await many).items.size).toBe(50);
  const { elapsedMs } = simulation;
  await made.close();
  expect(simulation.elapsedMs - elapsedMs).toBeLessThan(10_000); // no idle timer of the client
});
