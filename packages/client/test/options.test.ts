import { ClientEngine, createClient, type ClientOptions } from "@memwire/client";
import { expect, test } from "vitest";
import { HandClock, HandNetwork } from "../../engine/test/hand-network.ts";

const server = { host: "127.0.0.1", port: 11_211 };
const whole = (name: string, given: unknown): string =>
  `${name} must be a whole number from 1, got ${String(given)}`;

test.each<[Partial<ClientOptions>, string]>([
  [{ servers: [] }, "server"],
  [{ servers: [server, server] }, "two servers are 127.0.0.1 on the ring: name them"],
  ...([99_999, 0, -1, NaN, 1.5, undefined, "x"] as number[]).map((port): [Partial<ClientOptions>, string] => [
    { servers: [server, { host: "10.0.0.2", port, name: "two" }] },
    "servers[1].port, of 10.0.0.2, must be a whole number from 1 to 65535, got " +
      (port === ("x" as unknown) ? '"x"' : String(port)),
  ]),
  ...(["", "a\0b", undefined] as string[]).flatMap((word): [Partial<ClientOptions>, string][] => {
    const what = `must be text that is not empty and without NUL, got ${word === undefined ? word : JSON.stringify(word)}`;
    return [
      [{ servers: [{ host: word, port: 1, name: "one" }] }, `servers[0].host ${what}`],
      [{ servers: [{ path: word, name: "one" }] }, `servers[0].path ${what}`],
    ];
  }),
  [{ servers: [{ ...server, weight: 0 }] }, "weight of 127.0.0.1 must be a whole number from 1 to"],
  [
    { servers: [{ ...server, name: "a b" }] },
    'a server name must be 1 to 200 visible ASCII characters without blanks, got "a b"',
  ],
  [{ connections: 0 }, "connections must be a whole number from 1 to 1000, got 0"],
  [{ connections: 1_001 }, "connections must be a whole number from 1 to 1000, got 1001"],
  [{ connections: 1.5 }, "connections must be a whole number from 1 to 1000, got 1.5"],
  [{ queuedTimeoutMs: 0 }, whole("queuedTimeoutMs", 0)],
  [{ connectTimeoutMs: -1 }, whole("connectTimeoutMs", -1)],
  [{ replyTimeoutMs: NaN }, whole("replyTimeoutMs", NaN)],
  [{ idleTimeoutMs: 0.5 }, whole("idleTimeoutMs", 0.5)],
  [{ limits: { inFlightMax: 0 } }, whole("inFlightMax", 0)],
  [
    { limits: { inflightMax: 1 } as object },
    "limits has no inflightMax: there are inFlightMax, queuedBytesMax, ",
  ],
  [
    { replyTimeout: 5 } as object,
    "a client has no replyTimeout: there are clock, connectTimeoutMs, connections, distribution, ",
  ],
  [{ limits: { queuedBytesMax: Infinity } }, whole("queuedBytesMax", Infinity)],
  [{ replies: { valueBytesMax: 0 } }, whole("valueBytesMax", 0)],
  [{ hash: "md6" as never }, "md6"],
  [{ hashTag: "{" }, "{"],
])("refuses %j", (options, message) => {
  const make = () =>
    createClient({ network: new HandNetwork(), clock: new HandClock(), servers: [server], ...options });
  expect(make).toThrow(RangeError);
  expect(make).toThrow(message);
});

test.each<[servers: unknown, error: Error]>([
  [
    undefined,
    new TypeError('servers must be an array such as [{ host: "127.0.0.1", port: 11211 }], got undefined'),
  ],
  [
    ["127.0.0.1:11211"],
    new TypeError(
      'servers[0] must be { host: "127.0.0.1", port: 11211 }, or { path }, got "127.0.0.1:11211"',
    ),
  ],
  [
    [server, { ...server, wieght: 2 }],
    new RangeError("servers[1] has no wieght: there are host, name, path, port, weight"),
  ],
])("servers that are none are refused with what would be right: %j", (servers, error) => {
  const options = { network: new HandNetwork(), clock: new HandClock(), servers } as ClientOptions;
  expect(() => createClient(options)).toThrow(error);
});

test("an engine needs a server, and nobody connects to it", () => {
  const distribution = { owner: () => 0 };
  expect(() => new ClientEngine({ servers: [], distribution })).toThrow(
    new RangeError("a client needs at least one server"),
  );
  const endpoint = { kind: "tcp", ...server } as const;
  const engine = new ClientEngine({ servers: [{ name: "one", endpoint }], distribution });
  expect(() => engine.accepted()).toThrow(RangeError);
});

test("an engine refuses a server that nobody can connect to, as the first call would end the process", () => {
  const endpoint = { kind: "tcp", host: "a", port: NaN } as const;
  const make = () =>
    new ClientEngine({ servers: [{ name: "one", endpoint }], distribution: { owner: () => 0 } });
  expect(make).toThrow("server one: port, of a, must be a whole number from 0 to 65535, got NaN");
});

test("options of a call that are none are refused: a number there would be taken for a time by other clients", async () => {
  const client = createClient({ network: new HandNetwork(), clock: new HandClock(), servers: [server] });
  const sixty = 60 as never;
  for (const call of [
    client.set("a", "x", sixty),
    client.cas("a", "x", 1n, sixty),
    client.get("a", sixty),
    client.getMany(["a"], sixty),
  ]) {
    await expect(call).rejects.toThrow(
      new TypeError("options must be an object such as { exptime: 60 }, got 60"),
    );
  }
});

test("what a call cannot be made of is refused with what would be right, and no server hears of it", async () => {
  const client = createClient({ network: new HandNetwork(), clock: new HandClock(), servers: [server] });
  const each = (): void => {};
  const keys = 'keys must be an array such as ["a", "b"], got';
  const value =
    "a value must be a string or a Uint8Array, such as JSON.stringify(object) or new Uint8Array(arrayBuffer), got";
  const any = (given?: unknown): never => given as never;
  for (const [call, message] of [
    [client.getMany(any(new Set(["a"]))), `${keys} Set`],
    [client.getMany(any("abc")), `${keys} "abc"`],
    [client.getMany(any()), `${keys} undefined`],
    [client.getEach(any(new Map()), each), `${keys} Map`],
    [client.getEach(["a"], any()), "each must be a function such as (index, outcome) => {}, got undefined"],
    [
      client.get("a", { signal: any(new AbortController()) }),
      "signal must be an AbortSignal, got AbortController",
    ],
    [client.getMany(["a"], { signal: any(null) }), "signal must be an AbortSignal, got null"],
    [client.set("a", any(new ArrayBuffer(1))), `${value} ArrayBuffer`],
    [client.set("a", any({ b: 1 })), `${value} Object`],
    [client.get(any(Object.create(null))), "a key must be a string or a Uint8Array, got Object"],
    [client.get(any(() => "a")), "a key must be a string or a Uint8Array, got a function"],
  ] as const) {
    await expect(call).rejects.toThrow(new TypeError(message));
  }
  expect(client.servers()[0]?.counters.requests).toBe(0);
});

test("an option of a call that there is not is refused: with a ttl an item would be stored for ever", async () => {
  const client = createClient({ network: new HandNetwork(), clock: new HandClock(), servers: [server] });
  const misspelt = { ttl: 60, flags: 1 } as object;
  for (const call of [client.set("a", "x", misspelt), client.getMany(["a"], misspelt)]) {
    await expect(call).rejects.toThrow(new RangeError("a call has no ttl: there are exptime, flags, signal"));
  }
  expect(client.servers()[0]?.counters.requests).toBe(0);
});

test("a client made of nothing says what it is made of", () => {
  expect(() => createClient("127.0.0.1:11211" as never)).toThrow(
    new TypeError('a client takes an object of options, got "127.0.0.1:11211"'),
  );
});
