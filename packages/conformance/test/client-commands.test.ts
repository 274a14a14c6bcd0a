// Every command of the client over three simulated servers.

import { createClient, type Client, type Item } from "@memwire/client";
import { latin1Bytes, utf8Bytes } from "@memwire/codec";
import { drive } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientScene } from "../src/client-scene.ts";

const TWO_64 = 2n ** 64n;
const FLAGS_MAX = 4_294_967_295;

/** Runs a test against three servers, and sees to it that nothing is left of it. */
function onServers(name: string, run: (scene: ClientScene, client: Client) => Promise<void>): void {
  test(name, async () => {
    const scene = new ClientScene({ servers: 3 });
    // The clock goes on as long as the test waits for something.
    const wait = <T>(promise: Promise<T>): Promise<T> => scene.settle(promise);
    await run(scene, waiting(scene.client, wait));
    await scene.close();
  });
}

/** The same client, whose promises let time go by. */
function waiting(client: Client, wait: <T>(promise: Promise<T>) => Promise<T>): Client {
  return new Proxy(client, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const answer = method.apply(target, args);
        return answer instanceof Promise ? wait(answer) : answer;
      };
    },
  });
}

const text = (item: Item | undefined): string | undefined =>
  item === undefined ? undefined : new TextDecoder().decode(item.value);

onServers("what is set is got, with its flags, and a miss is undefined", async (_scene, client) => {
  expect(await client.get("a")).toBe(undefined);
  expect(await client.set("a", "one")).toBe(undefined);
  expect(await client.get("a")).toEqual({ value: utf8Bytes("one"), flags: 0 });
  await client.set("a", "", { flags: FLAGS_MAX });
  expect(await client.get("a")).toEqual({ value: new Uint8Array(0), flags: FLAGS_MAX });
});

onServers("add, replace, append and prepend say whether they stored", async (_scene, client) => {
  expect(await client.replace("a", "x")).toBe(false);
  expect(await client.append("a", "x")).toBe(false);
  expect(await client.prepend("a", "x")).toBe(false);
  expect(await client.add("a", "b", { flags: 7 })).toBe(true);
  expect(await client.add("a", "x")).toBe(false);
  expect(await client.append("a", "c")).toBe(true);
  expect(await client.prepend("a", "a")).toBe(true);
  expect(await client.get("a")).toEqual({ value: utf8Bytes("abc"), flags: 7 });
  expect(await client.replace("a", "new")).toBe(true);
  expect(await client.get("a")).toEqual({ value: utf8Bytes("new"), flags: 0 });
});

onServers("cas stores what nobody has changed since", async (_scene, client) => {
  expect(await client.gets("a")).toBe(undefined);
  expect(await client.cas("a", "x", 1n)).toBe("not-found");
  await client.set("a", "one");
  const seen = await client.gets("a");
  expect(seen).toEqual({ value: utf8Bytes("one"), flags: 0, cas: expect.any(BigInt) as bigint });
  const cas = seen?.cas ?? 0n;
  expect(await client.cas("a", "two", cas, { flags: 9 })).toBe("stored");
  expect(await client.cas("a", "three", cas)).toBe("exists");
  expect(await client.cas("a", "three", TWO_64 - 1n)).toBe("exists");
  expect(await client.get("a")).toEqual({ value: utf8Bytes("two"), flags: 9 });
});

onServers("delete and touch say whether it was there", async (_scene, client) => {
  expect(await client.delete("a")).toBe(false);
  expect(await client.touch("a", 60)).toBe(false);
  await client.set("a", "x");
  expect(await client.touch("a", 60)).toBe(true);
  expect(await client.delete("a")).toBe(true);
  expect(await client.get("a")).toBe(undefined);
});

onServers("incr and decr count with 64 bits, wrap at the top and stay at 0", async (_scene, client) => {
  expect(await client.incr("n", 1)).toBe(undefined);
  expect(await client.decr("n", 1)).toBe(undefined);
  await client.set("n", "41");
  expect(await client.incr("n", 1)).toBe(42n);
  expect(await client.incr("n", Number.MAX_SAFE_INTEGER)).toBe(9_007_199_254_741_033n);
  expect(await client.decr("n", TWO_64 - 1n)).toBe(0n);
  expect(await client.incr("n", TWO_64 - 1n)).toBe(TWO_64 - 1n);
  expect(await client.incr("n", 0n)).toBe(TWO_64 - 1n);
  expect(await client.incr("n", 2)).toBe(1n);
});

onServers("an item expires when exptime says, and gat and touch move that", async (scene, client) => {
  await client.set("short", "x", { exptime: 10 });
  await client.set("touched", "x", { exptime: 10 });
  await client.set("gone", "x", { exptime: -1 });
  await client.set("dated", "x", { exptime: Math.floor(scene.simulation.clock.now() / 1_000) + 3_000_000 });
  expect(await client.get("gone")).toBe(undefined);
  expect(text(await client.gat("touched", 3_600))).toBe("x");
  expect(await client.gat("never-there", 3_600)).toBe(undefined);
  scene.simulation.advance(60_000);
  expect(await client.get("short")).toBe(undefined);
  expect(text(await client.get("touched"))).toBe("x");
  await client.touch("touched", 10);
  scene.simulation.advance(60_000);
  expect(await client.get("touched")).toBe(undefined);
  expect(text(await client.get("dated"))).toBe("x");
});

onServers("keys and values are any bytes that the protocol can carry", async (_scene, client) => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const keys = [
    "é",
    "日本語",
    "\u{1f600}",
    every.filter((byte) => ![0, 10, 13, 32].includes(byte)).subarray(0, 250),
    latin1Bytes("\x01\t\x7f\xff"),
    "k".repeat(250),
  ];
  for (const key of keys) {
    await client.set(key, every);
    expect(await client.get(key)).toEqual({ value: every, flags: 0 });
  }
  await client.set("text", "VALUE a 0 1\r\nEND\r\n€");
  expect(text(await client.get("text"))).toBe("VALUE a 0 1\r\nEND\r\n€");
});

onServers("a key and a value are the caller's again when the call has returned", async (scene) => {
  const { client } = scene;
  const [key, value] = [utf8Bytes("key"), utf8Bytes("value")];
  const keys = [key.slice(), utf8Bytes("other")];
  const calls = Promise.all([
    client.set(key, value),
    client.get(key),
    client.gets(key),
    client.getMany(keys),
  ]);
  const [first] = keys as [Uint8Array];
  key.fill(0x78);
  value.fill(0x78);
  first.fill(0x78);
  keys.length = 0;
  const [, got, gots, { items }] = await scene.settle(calls);
  expect([text(got), text(gots)]).toEqual(["value", "value"]);
  expect([...items].map(([each, item]) => [each, text(item)])).toEqual([[first, "value"]]);
});

onServers("what was read is the caller's own", async (scene) => {
  const { client } = scene;
  await scene.settle(client.set("a", "value"));
  const [one, other] = await scene.settle(Promise.all([client.get("a"), client.get("a")]));
  one?.value.fill(0);
  await scene.settle(client.get("a"));
  expect(text(other)).toBe("value");
});

onServers("getMany gives what is there under the keys as they were given", async (_scene, client) => {
  await client.set("a", "1", { flags: 5 });
  await client.set("b", "2");
  const bytes = utf8Bytes("b");
  const keys = ["a", bytes, "nothing", "a", "b"];
  const { items, failures } = await client.getMany(keys);
  expect(failures.size).toBe(0);
  expect([...items].toSorted(([one], [other]) => keys.indexOf(one) - keys.indexOf(other))).toEqual([
    ["a", { value: utf8Bytes("1"), flags: 5 }],
    [bytes, { value: utf8Bytes("2"), flags: 0 }],
    ["b", { value: utf8Bytes("2"), flags: 0 }],
  ]);
});

onServers("no keys at all are answered at once, and no server is asked", async (scene, client) => {
  expect(await client.getMany([])).toEqual({ items: new Map(), failures: new Map() });
  const told: number[] = [];
  await client.getEach([], (index) => told.push(index));
  expect(told).toEqual([]);
  expect(scene.simulation.connections()).toEqual([]);
});

onServers("getEach tells of every index once, whatever keys there are", async (scene, client) => {
  const stored = Array.from({ length: 20 }, (_, i) => `key:${i}`);
  for (const key of stored) await client.set(key, key);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30 })), async (numbers) => {
      const keys = numbers.map((number) => `key:${number}`);
      const told: [index: number, value: string | undefined][] = [];
      await client.getEach(keys, (index, outcome) => told.push([index, text(outcome as Item | undefined)]));
      expect(told.toSorted(([one], [other]) => one - other)).toEqual(
        numbers.map((number, index) => [index, number < 20 ? `key:${number}` : undefined]),
      );
    }),
  );
  expect(scene.client.servers().map(({ counters }) => counters.inFlightNow)).toEqual([0, 0, 0]);
});

onServers("thousands of keys are asked in lines that each server takes", async (scene, client) => {
  const keys = Array.from({ length: 10_000 }, (_, i) => `a-rather-long-name-for-a-key:${i}`);
  await scene.settle(
    Promise.all(keys.filter((_, i) => i % 2 === 0).map((key) => scene.client.set(key, key))),
  );
  const { items, failures } = await client.getMany(keys);
  expect([items.size, failures.size]).toEqual([5_000, 0]);
  for (const [key, item] of items) expect(text(item)).toBe(key);
});

onServers("calls of one turn to one server leave in one write, and gets in one line", async (scene) => {
  const [a, b, c] = scene.keysOf(0, 3) as [string, string, string];
  const { client } = scene;
  await scene.settle(client.get(a));
  const before = scene.read("server-0");
  const all = [client.get(a), client.get(b), client.set(c, "x"), client.get(c), client.getMany([b, a])];
  await scene.settle(Promise.all(all));
  expect(scene.read("server-0").slice(before.length)).toBe(
    `get ${a} ${b}\r\nset ${c} 0 0 1\r\nx\r\nget ${c}\r\nget ${b} ${a}\r\n`,
  );
});

onServers(
  "getFrom asks the server that is named, whoever owns the key, in a line of its own",
  async (scene) => {
    const { client } = scene;
    const [key] = scene.keysOf(0, 1) as [string];
    await scene.settle(client.set(key, "x"));
    const asked = Promise.all([client.getFrom(0, key), client.getFrom(0, key), client.getFrom(1, key)]);
    expect((await scene.settle(asked)).map(text)).toEqual(["x", "x", undefined]);
    expect(scene.read("server-0")).toBe(`set ${key} 0 0 1\r\nx\r\nget ${key}\r\nget ${key}\r\n`);
    expect(scene.read("server-1")).toBe(`get ${key}\r\n`);
    for (const server of [-1, 3, 0.5, NaN]) {
      await expect(client.getFrom(server, key)).rejects.toThrow(
        new RangeError(`server must be from 0 to 2, got ${server}`),
      );
    }
  },
);

onServers("every key is asked of the server that owns it", async (scene) => {
  const { client } = scene;
  const distribution = createDistribution({ distribution: "ketama", hash: "md5", servers: scene.servers });
  const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
  await scene.settle(Promise.all([...keys.map((key) => client.set(key, "")), client.getMany(keys)]));
  const owners = keys.map((key) => distribution.owner(utf8Bytes(key), 0, key.length));
  expect(keys.map((key) => client.ownerOf(key))).toEqual(owners);
  for (const server of scene.servers.keys()) {
    const own = keys.filter((_, i) => owners[i] === server);
    expect(scene.read(`server-${server}`)).toBe(
      `${own.map((key) => `set ${key} 0 0 0\r\n\r\n`).join("")}get ${own.join(" ")}\r\n`,
    );
  }
});

onServers(
  "behind a proxy, which joins the values of several servers, every key has its own, in the order asked",
  async (scene) => {
    const { simulation, servers } = scene;
    const { clock } = simulation;
    const pool = {
      name: "pool",
      servers: servers.map(({ host, port }) => ({
        name: host,
        endpoint: { kind: "tcp", host, port } as const,
      })),
      distribution: createDistribution({ distribution: "ketama", hash: "md5", servers }),
    };
    const proxy = drive(
      new ProxyEngine({ pools: [pool], version: "1.6.45" }),
      simulation.host("proxy"),
      clock,
    );
    await proxy.listen({ kind: "tcp", host: "proxy", port: 11_211 });
    const client = createClient({
      network: simulation.host("client"),
      clock,
      servers: [{ host: "proxy", port: 11_211 }],
    });
    const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
    const stored = keys.filter((_, i) => i % 3 > 0);
    await scene.settle(Promise.all(stored.map((key) => client.set(key, key))));
    const { items } = await scene.settle(client.getMany(keys));
    expect([...items.keys()]).toEqual(stored);
    for (const [key, item] of items) expect(text(item)).toBe(key);
    const each = await scene.settle(Promise.all(keys.map((key) => client.get(key))));
    expect(each.map(text)).toEqual(keys.map((key, i) => (i % 3 > 0 ? key : undefined)));
    expect(client.servers()[0]?.counters.disconnects).toBe(0);
    await scene.settle(client.close());
    void proxy.close();
  },
);

const long = "k".repeat(251);
type Mistake = readonly [call: (client: Client) => Promise<unknown>, error: Error];
const any = (value: unknown): never => value as never;
const BAD_KEY = new RangeError("a key must have no blank, CR, LF or NUL, got byte 32 at 1");
const LONG_KEY = new RangeError("a key must have 1 to 250 bytes, got 251");
const BAD_VALUE =
  "a value must be a string or a Uint8Array, such as JSON.stringify(object) or new Uint8Array(arrayBuffer), got";
const BAD_64 = "a 64-bit number must be from 0 to 18446744073709551615, got";

const mistakes: readonly Mistake[] = [
  [(client) => client.get("a b"), BAD_KEY],
  [(client) => client.get(""), new RangeError("a key must have 1 to 250 bytes, got 0")],
  [(client) => client.gets(long), LONG_KEY],
  [(client) => client.get("é".repeat(126)), new RangeError("a key must have 1 to 250 bytes, got 252")],
  [(client) => client.gat("a", 1.5), new RangeError("exptime must be a whole number, got 1.5")],
  [(client) => client.getFrom(0, "a b"), BAD_KEY],
  [(client) => client.getMany(["fine", "a b"]), BAD_KEY],
  [(client) => client.getEach(["fine", long], () => {}), LONG_KEY],
  [
    (client) => client.set("a\nb", "x"),
    new RangeError("a key must have no blank, CR, LF or NUL, got byte 10 at 1"),
  ],
  [
    (client) => client.set("a\rb", "x"),
    new RangeError("a key must have no blank, CR, LF or NUL, got byte 13 at 1"),
  ],
  [
    (client) => client.set("a\0b", "x"),
    new RangeError("a key must have no blank, CR, LF or NUL, got byte 0 at 1"),
  ],
  [
    (client) => client.set("a", "x", { flags: FLAGS_MAX + 1 }),
    new RangeError("flags must be a whole number from 0 to 4294967295, got 4294967296"),
  ],
  [
    (client) => client.add("a", "x", { flags: -1 }),
    new RangeError("flags must be a whole number from 0 to 4294967295, got -1"),
  ],
  [
    (client) => client.replace("a", "x", { exptime: NaN }),
    new RangeError("exptime must be a whole number, got NaN"),
  ],
  [(client) => client.append(long, "x"), LONG_KEY],
  [(client) => client.prepend(long, "x"), LONG_KEY],
  [(client) => client.cas("a", "x", -1n), new RangeError(`${BAD_64} -1`)],
  [(client) => client.cas("a", "x", TWO_64), new RangeError(`${BAD_64} ${TWO_64}`)],
  [(client) => client.delete(long), LONG_KEY],
  [(client) => client.incr("a", TWO_64), new RangeError(`${BAD_64} ${TWO_64}`)],
  [(client) => client.decr("a", -1), new RangeError(`${BAD_64} -1`)],
  [(client) => client.incr("a", 0.5), new RangeError("a number to count by must be whole, got 0.5")],
  [(client) => client.incr("a", any("x")), new RangeError("a number to count by must be whole, got x")],
  [(client) => client.touch("a", Infinity), new RangeError("exptime must be a whole number, got Infinity")],
  [(client) => client.get(any(5)), new TypeError("a key must be a string or a Uint8Array, got 5")],
  [
    (client) => client.getMany(any([null])),
    new TypeError("a key must be a string or a Uint8Array, got null"),
  ],
  [(client) => client.set("a", any(5)), new TypeError(`${BAD_VALUE} 5`)],
  [(client) => client.append("a", any(undefined)), new TypeError(`${BAD_VALUE} undefined`)],
];

onServers("a caller's mistake rejects, and no server hears of it", async (scene) => {
  const { client, simulation } = scene;
  for (const [call, error] of mistakes) {
    const rejection = await call(client).then(
      () => "no rejection",
      (reason: unknown) => reason,
    );
    expect(rejection).toEqual(error);
    expect(rejection).toBeInstanceOf(error.constructor);
  }
  for (const call of [
    () => client.getMany(any(undefined)),
    () => client.cas("a", "x", any(5)),
    () => client.get("a", { signal: any({}) }),
    () => client.getEach(["a"], () => {}, { signal: any({}) }),
  ]) {
    await expect(call()).rejects.toBeInstanceOf(TypeError);
  }
  await scene.settle(client.get("a"));
  expect(simulation.connections().length).toBe(2);
});
