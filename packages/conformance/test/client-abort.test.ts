// Calls that are given up, at every moment of their life.

import { Chance } from "@memwire/adapter-memory";
import type { CallOptions, Client, ClientError } from "@memwire/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientScene, EXACT, type SceneOptions } from "../src/client-scene.ts";

function scene(name: string, options: SceneOptions, run: (scene: ClientScene) => Promise<void>): void {
  test(name, async () => {
    const made = new ClientScene({ scripted: 1, network: EXACT, ...options });
    await run(made);
    await made.close();
  });
}

const REASON = new Error("nobody wants it any more");
const aborted = (server: string): object => ({ code: "aborted", server, cause: REASON });

const everyCall: readonly [name: string, call: (client: Client, options: CallOptions) => Promise<unknown>][] =
  [
    ["get", (client, options) => client.get("a", options)],
    ["gets", (client, options) => client.gets("a", options)],
    ["gat", (client, options) => client.gat("a", 1, options)],
    ["getMany", (client, options) => client.getMany(["a"], options)],
    ["getEach", (client, options) => client.getEach(["a"], () => {}, options)],
    ["getFrom", (client, options) => client.getFrom(0, "a", options)],
    ["set", (client, options) => client.set("a", "x", options)],
    ["add", (client, options) => client.add("a", "x", options)],
    ["replace", (client, options) => client.replace("a", "x", options)],
    ["append", (client, options) => client.append("a", "x", options)],
    ["prepend", (client, options) => client.prepend("a", "x", options)],
    ["cas", (client, options) => client.cas("a", "x", 1n, options)],
    ["delete", (client, options) => client.delete("a", options)],
    ["incr", (client, options) => client.incr("a", 1, options)],
    ["decr", (client, options) => client.decr("a", 1, options)],
    ["touch", (client, options) => client.touch("a", 1, options)],
  ];

scene("a call whose signal is aborted already asks nobody", {}, async (made) => {
  for (const [name, call] of everyCall) {
    const error = await made.failure(call(made.client, { signal: AbortSignal.abort(REASON) }));
    expect(error, name).toMatchObject({ ...aborted(""), message: "the call was aborted" });
  }
  expect(made.simulation.connections()).toEqual([]);
});

scene("a call that waits for its connection is never sent once it is aborted", {}, async (made) => {
  const { client } = made;
  const controller = new AbortController();
  const { signal } = controller;
  const kept = client.set("kept", "x");
  const given = everyCall.map(([, call]) => made.failure(call(client, { signal })));
  const last = client.get("last", { signal: new AbortController().signal });
  controller.abort(REASON);
  for (const error of await Promise.all(given))
    expect(error).toMatchObject({ code: "aborted", cause: REASON });
  made.script.answer = (text) => (text.endsWith("last\r\n") ? "STORED\r\nEND\r\n" : "");
  expect(await made.settle(Promise.all([kept, last]))).toEqual([undefined, undefined]);
  expect(made.read("server-0")).toBe("set kept 0 0 1\r\nx\r\nget last\r\n");
  expect(client.servers()[0]?.counters).toMatchObject({ givenUp: 16, queuedNow: 0, inFlightNow: 0 });
});

scene("of a call in flight the answer is swallowed, and the next ones get their own", {}, async (made) => {
  const { client, simulation } = made;
  const controller = new AbortController();
  const given = everyCall.map(([, call]) => made.failure(call(client, { signal: controller.signal })));
  const next = [client.get("a"), client.incr("n", 1)] as const;
  simulation.advance(10);
  controller.abort(REASON);
  for (const error of await Promise.all(given))
    expect(error).toMatchObject({ code: "aborted", cause: REASON });
  const value = "VALUE a 0 1 77\r\nx\r\nEND\r\n";
  made.script.connection.say(
    `${value.repeat(6)}${"STORED\r\n".repeat(5)}EXISTS\r\nDELETED\r\n5\r\n6\r\nTOUCHED\r\nVALUE a 0 2\r\nme\r\nEND\r\n7\r\n`,
  );
  const [item, number] = await made.settle(Promise.all(next));
  expect([item?.value, number]).toEqual([Uint8Array.from([109, 101]), 7n]);
  expect(client.servers()[0]).toMatchObject({ state: "ready", counters: { inFlightNow: 0, replies: 18 } });
});

scene("of gets in one line only those that nobody gave up are asked", {}, async (made) => {
  const { client, simulation } = made;
  made.script.answer = () => "END\r\n";
  await made.settle(client.get("warm"));
  const controller = new AbortController();
  const { signal } = controller;
  const [one, two, three] = [
    client.get("one", { signal }),
    client.get("two"),
    client.get("three", { signal }),
  ];
  const failures = Promise.all([made.failure(one), made.failure(three)]);
  controller.abort(REASON);
  expect(await failures).toMatchObject([aborted("server-0"), aborted("server-0")]);
  expect(await made.settle(two)).toBe(undefined);
  simulation.advance(100);
  expect(made.read("server-0")).toBe("get warm\r\nget two\r\n");
});

scene("of gets in one line that was sent, the others keep their answers", {}, async (made) => {
  const { client, simulation } = made;
  made.script.answer = (text) => (text.endsWith("warm\r\n") ? "END\r\n" : "");
  await made.settle(client.get("warm"));
  const controller = new AbortController();
  const [one, two] = [client.get("one", { signal: controller.signal }), client.get("two")];
  const failure = made.failure(one);
  simulation.advance(10);
  controller.abort(REASON);
  expect(await failure).toMatchObject(aborted("server-0"));
  made.script.connection.say("VALUE one 0 1\r\n1\r\nVALUE two 0 1\r\n2\r\nEND\r\n");
  expect(await made.settle(two)).toMatchObject({ value: Uint8Array.from([50]) });
});

scene("a call that is over no longer listens to its signal", { servers: 1, scripted: 0 }, async (made) => {
  const { client } = made;
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: REASON,
    addEventListener: (_type: "abort", listener: () => void) => void listeners.add(listener),
    removeEventListener: (_type: "abort", listener: () => void) => void listeners.delete(listener),
  };
  const calls = everyCall.map(([, call]) => call(client, { signal }).catch(() => {}));
  const heldOn = [...listeners];
  expect(
    heldOn.length,
    "one for all calls: a signal goes through its listeners whenever one comes or goes",
  ).toBe(1);
  await made.settle(Promise.all(calls));
  expect(listeners.size).toBe(0);
  for (const listener of heldOn) listener(); // a signal that tells those who have left
  expect(await made.settle(client.get("a"))).toBe(undefined);
});

scene("one signal may be that of very many calls", { servers: 1, scripted: 0 }, async (made) => {
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 5_000 }, (_, i) =>
    made.client.set(`key:${i}`, "x".repeat(5_000), { signal }),
  );
  const failures = Promise.all(calls.map((call) => made.failure(call)));
  controller.abort(REASON);
  expect(new Set((await failures).map(({ code }) => code))).toEqual(new Set(["aborted"]));
  expect(made.read("server-0")).toBe("");
});

scene("many keys: what was told stays told, what was not sent never is", { scripted: 2 }, async (made) => {
  const { client, simulation, scripted } = made;
  const [own, others] = [made.keysOf(0, 2), made.keysOf(1, 2)];
  const controller = new AbortController();
  const told: unknown[] = [];
  simulation.faults.connects("server-1", "unanswered");
  const keys = [...own, ...others];
  const call = client.getEach(keys, (index) => told.push(index), { signal: controller.signal });
  const failure = made.failure(call);
  simulation.advance(10);
  made.script.connection.say(`VALUE ${own[0]} 0 1\r\nx\r\n`);
  simulation.advance(10);
  controller.abort(REASON);
  expect(await failure).toMatchObject(aborted(""));
  simulation.faults.connects("server-1", "accepted");
  made.script.connection.say(`VALUE ${own[1]} 0 1\r\nx\r\nEND\r\n`);
  const rest = Promise.all([client.get(own[0] as string), client.get(others[0] as string)]);
  for (const server of scripted) server.answer = () => "END\r\n";
  expect(await made.settle(rest)).toEqual([undefined, undefined]);
  expect(told).toEqual([0]);
  expect(made.read("server-1")).toBe(`get ${others[0]}\r\n`);
});

scene(
  "if `each` throws, the call rejects with that and nothing more is asked",
  { scripted: 2 },
  async (made) => {
    const { client, simulation } = made;
    const keys = [...made.keysOf(0, 2), ...made.keysOf(1, 2)];
    simulation.faults.connects("server-1", "unanswered");
    const told: number[] = [];
    const call = client.getEach(keys, (index) => {
      told.push(index);
      throw REASON;
    });
    const outcome = call.catch((error: unknown) => error);
    made.script.answer = () => "END\r\n";
    expect(await made.settle(outcome)).toBe(REASON);
    simulation.faults.connects("server-1", "accepted");
    expect(await made.settle(client.get(keys[0] as string))).toBe(undefined);
    simulation.advance(1_000);
    expect(told).toEqual([0]);
    expect(made.read("server-1")).toBe("");
  },
);

scene(
  "`each` may ask again, give its own call up, and close the client",
  { servers: 1, scripted: 0 },
  async (made) => {
    const { client } = made;
    await made.settle(client.set("a", "x"));
    const controller = new AbortController();
    const again: Promise<unknown>[] = [];
    let closed: Promise<void> | undefined;
    const call = client.getEach(
      ["nothing", "a", "b"],
      () => {
        again.push(
          client.get("a"),
          client.getEach(["a", "b"], () => {}),
        );
        if (again.length < 4) return;
        controller.abort(REASON);
        closed = client.close();
      },
      { signal: controller.signal },
    );
    expect(await made.failure(call)).toMatchObject(aborted(""));
    const answers = await made.settle(Promise.all(again));
    expect(answers.map((answer) => (answer as { flags?: number } | undefined)?.flags)).toEqual([
      0,
      undefined,
      0,
      undefined,
    ]);
    await made.settle(closed as Promise<void>);
  },
);

interface Draw {
  readonly seed: number;
  readonly calls: number;
  readonly stalled: boolean;
}

const draws: fc.Arbitrary<Draw> = fc.record({
  seed: fc.nat(),
  calls: fc.integer({ min: 1, max: 60 }),
  stalled: fc.boolean(),
});

test("of calls that are aborted before they are sent, the server sees exactly the others, in order", async () => {
  await fc.assert(
    fc.asyncProperty(draws, async ({ seed, calls, stalled }) => {
      const made = new ClientScene({ servers: 1, seed, network: { windowBytes: [256, 256] } });
      const { client, simulation } = made;
      const chance = new Chance(seed);
      let large: Promise<void> = Promise.resolve();
      if (stalled) {
        // What is asked from now on waits behind a value that goes out slowly.
        await made.settle(client.get("warm"));
        simulation.faults.slowReaders("server-0", 40, 1);
        large = client.set("large", "x".repeat(2_000));
        simulation.advance(2);
      }
      const before = stalled ? made.read("server-0").length : 0;
      const pending = Array.from({ length: calls }, (_, i) => {
        const controller = new AbortController();
        const { signal } = controller;
        const isGet = chance.happens(0.7);
        const promise = isGet
          ? client.get(`key:${i}`, { signal })
          : client.set(`key:${i}`, "v".repeat(chance.below(100)), { signal });
        return { controller, key: `key:${i}`, outcome: promise.then(() => "answered", codeOf) };
      });
      const given = new Set<string>();
      for (let i = chance.below(2 * calls); i > 0; i--) {
        const { controller, key } = chance.oneOf(pending);
        controller.abort(REASON);
        given.add(key);
      }
      const expected = pending.map(({ key }) => key).filter((key) => !given.has(key));
      const outcomes = await made.settle(Promise.all(pending.map(({ outcome }) => outcome)));
      expect(outcomes).toEqual(pending.map(({ key }) => (given.has(key) ? "aborted" : "answered")));
      await made.settle(large);
      const read = made.read("server-0").slice(before);
      expect(read.match(/key:\d+/g) ?? []).toEqual(expected);
      expect(client.servers()[0]?.counters).toMatchObject({
        queuedNow: 0,
        inFlightNow: 0,
        givenUp: given.size,
      });
      await made.close();
    }),
  );
});

const codeOf = (error: ClientError): string => error.code;
