import {
  type CloseCause,
  type Command,
  type ConnectionId,
  type DatagramAddress,
  describeEndpoint,
  drive,
  type Driver,
  type Endpoint,
  type Engine,
  type Millis,
  type SendTo,
} from "@memwire/engine";
import { expect, test } from "vitest";
import { HandClock, HandNetwork } from "./hand-network.ts";

const endpoint: Endpoint = { kind: "tcp", host: "here", port: 1 };

test("without a network or a clock nothing is driven, as what first connects would end the process", () => {
  const { engine, network, clock } = start();
  const none = undefined as never;
  const right = "must be that of an adapter, such as openAdapter() has, got undefined";
  expect(() => drive(engine, none, clock)).toThrow(new TypeError(`network ${right}`));
  expect(() => drive(engine, network, none)).toThrow(new TypeError(`clock ${right}`));
});

test("inputs reach the engine at once, with the time, and its commands are carried out a turn later", () => {
  const { engine, clock, network } = start();
  const { handler, transport } = accepted(network);
  engine.commands.push({ kind: "send", id: 1, bytes: Uint8Array.of(97) });
  handler.received(Uint8Array.of(98));
  handler.received(Uint8Array.of(99));
  expect(engine.told).toEqual(["accepted via 0 at 1000", "received 1 b at 1000", "received 1 c at 1000"]);
  expect(transport.told).toEqual([]);
  expect(clock.turn()).toBe(1);
  expect(transport.told).toEqual(["write a"]);
  expect(clock.turn()).toBe(0);
});

test("a write that was taken is drained at once, and what the engine has then goes in the same turn", () => {
  const { engine, clock, network } = start();
  const { transport } = accepted(network);
  engine.commands.push({ kind: "send", id: 1, bytes: Uint8Array.of(97) });
  engine.onDrained = () => {
    if (transport.told.length < 3) engine.commands.push({ kind: "send", id: 1, bytes: Uint8Array.of(98) });
  };
  clock.turn();
  expect(transport.told).toEqual(["write a", "write b", "write b"]);
});

test("a write that has to wait is drained when the transport says so", () => {
  const { engine, clock, network } = start();
  const { handler, transport } = accepted(network);
  transport.taken = false;
  engine.commands.push({ kind: "send", id: 1, bytes: Uint8Array.of(97) });
  clock.turn();
  expect(engine.told).not.toContain("drained 1 at 1000");
  handler.drained();
  expect(engine.told).toContain("drained 1 at 1000");
});

test("every order reaches its transport", () => {
  const { engine, clock, network } = start();
  const { transport } = accepted(network);
  const kinds = ["pause", "resume", "end", "close"] as const;
  engine.commands.push(...kinds.map((kind) => ({ kind, id: 1 })));
  clock.turn();
  expect(transport.told).toEqual(kinds);
});

test("the ways to listen reach the network as they are", async () => {
  const { network, driver } = start();
  const options = { backlog: 7, reusePort: true };
  void driver.listen(endpoint, options);
  void driver.listen(endpoint);
  expect(network.listens.slice(-2).map((listen) => listen.options)).toEqual([options, undefined]);
});

test("a connect gets what happens to it under its own name", () => {
  const { engine, clock, network, driver } = start();
  engine.commands.push({ kind: "connect", id: 7, endpoint }, { kind: "pause", id: 7 });
  driver.wake();
  clock.turn();
  expect(driver.connections).toBe(1);
  const [{ handler, transport, ...rest }] = network.connects as [(typeof network.connects)[0]];
  expect(rest.endpoint).toBe(endpoint);
  expect(transport.told).toEqual(["pause"]);
  handler.connected();
  handler.ended();
  handler.closed("reset");
  expect(engine.told).toEqual(["connected 7 at 1000", "ended 7 at 1000", "closed 7 reset at 1000"]);
  expect(driver.connections).toBe(0);
});

test("a command for a connection that is gone goes nowhere", () => {
  const { engine, clock, network } = start();
  const { handler, transport } = accepted(network);
  engine.commands.push({ kind: "send", id: 1, bytes: Uint8Array.of(97) }, { kind: "close", id: 1 });
  handler.closed("reset");
  clock.turn();
  expect(transport.told).toEqual([]);
});

test("a connection that is said to be closed twice is closed once", () => {
  const { engine, network } = start();
  const { handler } = accepted(network);
  handler.closed("reset");
  handler.closed("closed");
  expect(engine.told.slice(1)).toEqual(["closed 1 reset at 1000"]);
});

test("listeners are numbered in the order of their calls", () => {
  const { engine, driver, network } = start();
  void driver.listen(endpoint);
  network.listens[1]?.arrive();
  network.listens[0]?.arrive();
  expect(engine.told).toEqual(["accepted via 1 at 1000", "accepted via 0 at 1000"]);
});

test("elapsed comes at the deadline, and the commands it gives are carried out at once", () => {
  const { engine, clock, network } = start();
  const { transport } = accepted(network);
  engine.deadline = 1_500;
  clock.turn();
  expect(clock.timers.map(({ deadline }) => deadline)).toEqual([1_500]);
  engine.commands.push({ kind: "pause", id: 1 });
  engine.onElapsed = () => (engine.deadline = Infinity);
  clock.goTo(1_501);
  expect(engine.told).toContain("elapsed at 1501");
  expect(transport.told).toEqual(["pause"]);
  expect(clock.timers).toEqual([]);
});

test("what came while the process stood still is heard before the deadline that it missed, and no other timer is armed", () => {
  const { engine, clock, network } = start();
  const { handler } = accepted(network);
  engine.deadline = 1_500;
  clock.turn();
  clock.goTo(1_900);
  expect(engine.told).toEqual(["accepted via 0 at 1000"]);
  engine.deadline = 1_400; // nearer, and as far past
  handler.received(Uint8Array.of(98));
  clock.turn();
  expect(clock.timers.length).toBe(1);
  engine.onElapsed = () => (engine.deadline = Infinity);
  for (const time of [1_903, 1_906, 1_909]) {
    clock.goTo(time);
    expect(engine.told.slice(1)).toEqual(["received 1 b at 1900"]);
  }
  clock.goTo(1_912);
  expect(engine.told.slice(1)).toEqual(["received 1 b at 1900", "elapsed at 1912"]);
  expect(clock.timers).toEqual([]);
});

test("where it waits for a processor as well, there are turns to read in all the same", () => {
  const { engine, clock, network } = start();
  accepted(network);
  engine.deadline = 1_500;
  clock.turn();
  engine.onElapsed = () => (engine.deadline = Infinity);
  for (const time of [2_000, 3_000, 4_000, 5_000]) {
    clock.goTo(time);
    expect(engine.told).toEqual(["accepted via 0 at 1000"]);
  }
  clock.goTo(6_000);
  expect(engine.told.slice(1)).toEqual(["elapsed at 6000"]);
});

test("a deadline that is long past when it is asked for is met at once", () => {
  const { engine, clock, driver } = start();
  engine.deadline = 5;
  driver.wake();
  clock.turn();
  engine.onElapsed = () => (engine.deadline = Infinity);
  clock.goTo(1_001);
  expect(engine.told).toEqual(["elapsed at 1001"]);
});

test("a deadline of minus infinity is met in the next turn, when others have had theirs, without a timer", () => {
  const { engine, clock, driver } = start();
  engine.deadline = -Infinity;
  driver.wake();
  clock.turn();
  expect(clock.timers).toEqual([]);
  engine.onElapsed = () => (engine.deadline = Infinity);
  expect(clock.turn()).toBe(0);
  expect(engine.told).not.toContain("elapsed at 1000");
  expect(clock.next()).toBe(1);
  expect(engine.told).toContain("elapsed at 1000");
  expect([clock.turn(), clock.next()]).toEqual([0, 0]);
  expect(engine.told.filter((told) => told.startsWith("elapsed"))).toHaveLength(1);
});

test("an engine is asked what it wants as soon as much has come, though its next turn is yet to come", () => {
  const { engine, clock, network } = start();
  const { handler, transport } = accepted(network);
  engine.deadline = -Infinity;
  clock.turn();
  engine.commands.push({ kind: "pause", id: 1 });
  handler.received(new Uint8Array(65_535));
  expect([clock.turn(), transport.told]).toEqual([0, []]);
  handler.received(new Uint8Array(65_536));
  handler.received(new Uint8Array(65_536));
  expect([clock.turn(), transport.told]).toEqual([1, ["pause"]]);
  expect(engine.told).not.toContain("elapsed at 1000");
  engine.onElapsed = () => (engine.deadline = Infinity);
  expect(clock.next()).toBe(1);
  expect(engine.told).toContain("elapsed at 1000");
});

test("and not when the driver was closed meanwhile", async () => {
  const { engine, clock, driver, network } = start();
  const { handler, transport } = accepted(network);
  engine.deadline = -Infinity;
  clock.turn();
  handler.received(new Uint8Array(65_536));
  engine.commands.push({ kind: "pause", id: 1 });
  const closing = driver.close();
  clock.turn();
  expect(transport.told).toEqual(["close"]);
  handler.closed("closed");
  await closing;
});

test("a timer that fires while a turn is deferred asks for no second one", () => {
  const { engine, clock, driver } = start();
  engine.deadline = 1_500;
  driver.wake();
  clock.turn();
  driver.wake();
  engine.deadline = -Infinity;
  clock.goTo(1_500);
  expect([clock.turn(), clock.next()]).toEqual([1, 1]);
  expect([clock.turn(), clock.next()]).toEqual([0, 1]);
});

test("a deadline that comes nearer moves the timer, one that goes away is met early and armed again", () => {
  const { engine, clock, driver } = start();
  engine.deadline = 1_500;
  driver.wake();
  clock.turn();
  engine.deadline = 1_200;
  driver.wake();
  clock.turn();
  expect(clock.timers.map(({ deadline }) => deadline)).toEqual([1_200]);
  engine.deadline = 1_800;
  driver.wake();
  clock.turn();
  clock.goTo(1_200);
  expect(clock.timers.map(({ deadline }) => deadline)).toEqual([1_800]);
});

test("what the engine was asked from outside is carried out a turn after wake", () => {
  const { engine, clock, driver, network } = start();
  const { transport } = accepted(network);
  clock.turn();
  engine.commands.push({ kind: "close", id: 1 });
  driver.wake();
  driver.wake();
  expect(transport.told).toEqual([]);
  expect(clock.turn()).toBe(1);
  expect(transport.told).toEqual(["close"]);
});

test("idle resolves when the last connection is gone", async () => {
  const { driver, network } = start();
  await driver.idle();
  const [one, other] = [accepted(network), accepted(network)];
  let idle = false;
  const waiting = driver.idle().then(() => (idle = true));
  one.handler.closed("closed");
  await Promise.resolve();
  expect(idle).toBe(false);
  other.handler.closed("closed");
  await waiting;
  expect(idle).toBe(true);
});

test("close closes listeners and connections, tells the engine nothing more, and waits for the last one", async () => {
  const { engine, clock, driver, network } = start();
  network.listens[0]?.bound();
  await Promise.resolve();
  const { handler, transport } = accepted(network);
  engine.deadline = 1_500;
  clock.turn();
  const told = [...engine.told];
  let closed = false;
  expect(network.listens[0]?.closes).toBe(0);
  const closing = driver.close().then(() => (closed = true));
  expect([network.listens[0]?.closes, transport.told, clock.timers]).toEqual([1, ["close"], []]);
  driver.wake();
  for (const input of ["connected", "ended", "drained"] as const) handler[input]();
  handler.received(Uint8Array.of(97));
  expect(clock.turn()).toBe(0);
  await Promise.resolve();
  expect(closed).toBe(false);
  handler.closed("closed");
  await closing;
  expect(engine.told).toEqual(told);
});

test("who is accepted while the driver closes is closed as well, unknown to the engine", async () => {
  const { engine, driver, network } = start();
  const closing = driver.close();
  const late = [accepted(network), accepted(network)];
  expect(late.map(({ transport }) => transport.told)).toEqual([["close"], ["close"]]);
  expect(driver.connections).toBe(2);
  for (const { handler } of late) handler.closed("closed");
  await closing;
  expect(engine.told).toEqual([]);
});

test("a driver that is closed listens no more, and says so", async () => {
  const { driver, network } = start();
  await driver.close();
  const { length } = network.listens;
  await expect(driver.listen(endpoint)).rejects.toThrow(
    new Error(`a driver that is closed cannot listen on ${describeEndpoint(endpoint)}`),
  );
  await expect(driver.bind({ host: "here", port: 1 })).rejects.toThrow(
    new Error("a driver that is closed cannot bind a socket"),
  );
  expect([network.listens.length, network.binds.length]).toEqual([length, 0]);
});

test.each<[given: unknown, message: string]>([
  [
    "127.0.0.1:1",
    'endpoint must be { kind: "tcp", host, port } or { kind: "unix", path }, got "127.0.0.1:1"',
  ],
  [{ kind: "tcp", host: "", port: 1 }, 'host must be text that is not empty and without NUL, got ""'],
  [{ kind: "tcp", port: 1 }, "host must be text that is not empty and without NUL, got undefined"],
  [{ kind: "tcp", host: "a" }, "port, of a, must be a whole number from 0 to 65535, got undefined"],
])("to listen at %j is refused, as Node would, but somewhere else", async (given, message) => {
  const { driver, network } = start();
  const { length } = network.listens;
  await expect(driver.listen(given as Endpoint)).rejects.toThrow(message);
  expect(network.listens).toHaveLength(length);
});

test("a port of the system's choice may be asked for", () => {
  const { driver, network } = start();
  const { length } = network.listens;
  void driver.listen({ kind: "tcp", host: "a", port: 0 });
  expect(network.listens).toHaveLength(length + 1);
});

test("an address that cannot be is not waited at for datagrams", async () => {
  const { driver, network } = start();
  await expect(driver.bind("127.0.0.1:1" as never)).rejects.toThrow(
    new RangeError("host must be text that is not empty and without NUL, got undefined"),
  );
  expect(network.binds).toEqual([]);
});

test("a listener that comes about after close is closed", async () => {
  const { driver, network } = start();
  const listening = driver.listen(endpoint);
  await driver.close();
  network.listens[1]?.bound();
  await listening;
  expect(network.listens[1]?.closes).toBe(1);
});

test("datagrams reach the engine with the socket they came to, and its answers go out by that socket", async () => {
  const { engine, clock, network, driver } = start();
  const from = { host: "there", port: 9 };
  const binding = [
    driver.bind({ host: "here", port: 1 }),
    driver.bind({ host: "here", port: 2 }, { reusePort: true }),
  ];
  const [first, second] = network.binds as [HandBind, HandBind];
  expect([first.options, second.options]).toEqual([undefined, { reusePort: true }]);
  second.bound(); // which is there first does not matter
  first.bound();
  await Promise.all(binding);
  second.handler.received(from, Uint8Array.of(98));
  expect(engine.told).toEqual(["arrived at socket 1 b from there:9 at 1000"]);
  engine.commands.push({ kind: "send-to", socket: 1, to: from, bytes: Uint8Array.of(97) });
  engine.commands.push({ kind: "send-to", socket: 0, to: from, bytes: Uint8Array.of(99) });
  clock.turn();
  expect([first.told, second.told]).toEqual([["c to there:9"], ["a to there:9"]]);
});

test("closing a driver closes its datagram sockets, also one that is bound only then, and says no more", async () => {
  const { engine, network, driver } = start();
  const early = driver.bind({ host: "here", port: 1 });
  network.binds[0]?.bound();
  await early;
  const late = driver.bind({ host: "here", port: 2 });
  const closing = driver.close();
  network.binds[1]?.bound();
  await Promise.all([late, closing]);
  expect(network.binds.map(({ told }) => told)).toEqual([["close"], ["close"]]);
  network.binds[0]?.handler.received({ host: "there", port: 9 }, Uint8Array.of(98));
  expect(engine.told).toEqual([]);
});

test("an engine that takes no datagrams is not bound", async () => {
  const engine: Engine = new DeafEngine();
  const network = new HandNetwork();
  const driver = drive(engine, network, new HandClock());
  await expect(driver.bind({ host: "here", port: 1 })).rejects.toThrow("the engine takes no datagrams");
  expect(network.binds).toEqual([]);
});

type HandBind = HandNetwork["binds"][0];

/** An engine that notes what it is told and gives out the commands that a test put there. */
class NotingEngine implements Engine {
  deadline: Millis = Infinity;
  readonly told: string[] = [];
  readonly commands: (Command | SendTo)[] = [];
  onDrained: () => void = () => {};
  onElapsed: () => void = () => {};
  #connections = 0;

  accepted(now: Millis, via: number): ConnectionId {
    this.told.push(`accepted via ${via} at ${now}`);
    return ++this.#connections;
  }

  connected(id: ConnectionId, now: Millis): void {
    this.told.push(`connected ${id} at ${now}`);
  }

  received(id: ConnectionId, chunk: Uint8Array, now: Millis): void {
    const what = chunk.length > 100 ? `${chunk.length} bytes` : String.fromCharCode(...chunk);
    this.told.push(`received ${id} ${what} at ${now}`);
  }

  ended(id: ConnectionId, now: Millis): void {
    this.told.push(`ended ${id} at ${now}`);
  }

  drained(id: ConnectionId, now: Millis): void {
    this.told.push(`drained ${id} at ${now}`);
    this.onDrained();
  }

  closed(id: ConnectionId, cause: CloseCause, now: Millis): void {
    this.told.push(`closed ${id} ${cause} at ${now}`);
  }

  arrived(socket: number, { host, port }: DatagramAddress, bytes: Uint8Array, now: Millis): void {
    const text = String.fromCharCode(...bytes);
    this.told.push(`arrived at socket ${socket} ${text} from ${host}:${port} at ${now}`);
  }

  elapsed(now: Millis): void {
    this.told.push(`elapsed at ${now}`);
    this.onElapsed();
  }

  poll(): Command | SendTo | undefined {
    return this.commands.shift();
  }
}

/** An engine that wants nothing and has no word for datagrams. */
class DeafEngine implements Engine {
  readonly deadline: Millis = Infinity;

  accepted(): ConnectionId {
    return 1;
  }

  connected(): void {}
  received(): void {}
  ended(): void {}
  drained(): void {}
  closed(): void {}
  elapsed(): void {}

  poll(): undefined {
    return undefined;
  }
}

/** A driver that listens once. */
function start(): { engine: NotingEngine; clock: HandClock; network: HandNetwork; driver: Driver } {
  const [engine, clock, network] = [new NotingEngine(), new HandClock(), new HandNetwork()];
  const driver = drive(engine, network, clock);
  clock.turn();
  void driver.listen(endpoint);
  return { engine, clock, network, driver };
}

function accepted(network: HandNetwork): ReturnType<HandNetwork["listens"][0]["arrive"]> {
  return (network.listens[0] as HandNetwork["listens"][0]).arrive();
}
