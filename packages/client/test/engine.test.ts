// The engine without promises, and the promises over a network that does only what the test says.

import { ClientEngine, ClientError, createClient } from "@memwire/client";
import { latin1Bytes, latin1Text, type TextReplyDecoder } from "@memwire/codec";
import type { CloseCause, Command } from "@memwire/engine";
import type { ErrorKind, Failure, Waiter } from "@memwire/link";
import { expect, test } from "vitest";
import { HandClock, HandNetwork } from "../../engine/test/hand-network.ts";

const NOW = 1_000_000;

class Note implements Waiter {
  heard: string[] = [];

  asked(): void {
    this.heard.push("asked");
  }

  value({ bytes, valueStart, valueEnd }: TextReplyDecoder): boolean {
    this.heard.push(`value ${latin1Text(bytes, valueStart, valueEnd)}`);
    return true;
  }

  line({ kind }: TextReplyDecoder): void {
    this.heard.push(kind);
  }

  refuse(line: Uint8Array, kind: ErrorKind): void {
    this.heard.push(`${kind}: ${latin1Text(line)}`);
  }

  done(): void {
    this.heard.push("done");
  }

  fail({ code }: Failure): void {
    this.heard.push(code);
  }
}

function engineOf(servers: number): ClientEngine {
  return new ClientEngine({
    servers: Array.from({ length: servers }, (_, port) => ({
      name: `s${port}`,
      endpoint: { kind: "tcp", host: "127.0.0.1", port },
    })),
    distribution: { owner: (bytes, _start, end) => (bytes[end - 1] as number) % servers },
  });
}

/** What the engine wants done; a send is drained at once. */
function poll(engine: ClientEngine): string[] {
  const said: string[] = [];
  for (let command: Command | undefined; (command = engine.poll()) !== undefined;) {
    said.push(
      command.kind === "send"
        ? `${command.id} ${latin1Text(command.bytes)}`
        : `${command.id} ${command.kind}`,
    );
    if (command.kind === "send") engine.drained(command.id, NOW);
  }
  return said;
}

test("an engine asks the owner of a key, and its waiter hears of the answer", () => {
  const engine = engineOf(2);
  const [got, stored, counted] = [new Note(), new Note(), new Note()];
  const [even, odd] = [latin1Bytes("key0"), latin1Bytes("key1")];
  expect([engine.ownerOf(even), engine.ownerOf(odd)]).toEqual([0, 1]);
  expect(engine.get(engine.linkOf(even), even, got, NOW)).toBe(null);
  const set = {
    command: "set",
    key: odd,
    value: latin1Bytes("x"),
    flags: 0,
    exptime: 0,
    noreply: false,
  } as const;
  expect(engine.send(engine.linkOf(odd), set, stored, NOW)).toBe(null);
  const incr = { command: "incr", key: odd, delta: 1n, noreply: false } as const;
  expect(engine.send(engine.linkOf(odd), incr, counted, NOW)).toBe(null);
  expect(poll(engine)).toEqual(["1 connect", "2 connect"]);
  engine.connected(1, NOW);
  engine.connected(2, NOW);
  expect(poll(engine)).toEqual(["1 get key0\r\n", "2 set key1 0 0 1\r\nx\r\nincr key1 1\r\n"]);
  engine.received(2, latin1Bytes("STORED\r\nCLIENT_ERROR cannot increment\r\n"), NOW);
  engine.received(1, latin1Bytes("VALUE key0 0 1\r\nx\r\nEND\r\n"), NOW);
  expect(got.heard).toEqual(["asked", "value x", "done"]);
  expect(stored.heard).toEqual(["asked", "stored", "done"]);
  expect(counted.heard).toEqual(["asked", "client-error: CLIENT_ERROR cannot increment\r\n", "done"]);
});

test("a failure is answered, and a server that was left alone is idle when its time is over", () => {
  const engine = engineOf(1);
  const key = latin1Bytes("key0");
  const [first, second] = [new Note(), new Note()];
  engine.get(engine.linkOf(key), key, first, NOW);
  poll(engine);
  engine.closed(1, "unreachable", NOW);
  expect(first.heard).toEqual(["asked", "unreachable"]);
  expect(engine.get(engine.linkOf(key), key, second, NOW)).toMatchObject({ code: "unreachable" });
  expect(second.heard).toEqual([]);
  expect(engine.servers(NOW + 99)).toMatchObject([{ name: "s0", state: "left alone" }]);
  expect(engine.servers(NOW + 100)).toMatchObject([{ name: "s0", state: "idle" }]);
  expect(poll(engine)).toEqual([]);
});

test("a unix socket that is not there is said to be no such file", async () => {
  const network = new HandNetwork();
  const clock = new HandClock();
  const client = createClient({ network, clock, servers: [{ path: "/run/none" }] });
  const call = client.get("a").catch((error: unknown) => error);
  clock.turn();
  network.connects[0]?.handler.closed("not-found");
  expect(await call).toMatchObject({
    code: "not-found",
    message: expect.stringContaining("No such file or directory"),
  });
});

const causes: readonly (readonly [CloseCause, string])[] = [
  ["refused", "Connection refused"],
  ["not-found", "Host not found"],
  ["reset", "Connection reset by peer"],
  ["timed-out", "Connection timed out"],
  ["unreachable", "No route to host"],
  ["denied", "Permission denied"],
  ["exhausted", "Too many open files"],
  ["failed", "backend failure"],
  ["closed", "Connection reset by peer"],
];

test.each(causes)("a connect that ends with `%s` rejects with that code", async (cause, text) => {
  const network = new HandNetwork();
  const clock = new HandClock();
  const client = createClient({ network, clock, servers: [{ host: "one", port: 7 }] });
  const calls = [client.get("a"), client.set("b", "x"), client.getEach(["c"], () => {})];
  clock.turn();
  network.connects[0]?.handler.closed(cause);
  const [one, other] = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
  for (const error of [one, other]) {
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      name: "ClientError",
      code: cause,
      server: "one:7",
      message: `one:7: ${text}`,
    });
  }
});

test("an item is the caller's own, even if the network lends Node's buffers", async () => {
  const network = new HandNetwork();
  const clock = new HandClock();
  const client = createClient({ network, clock, servers: [{ host: "one", port: 7 }] });
  const [item, many] = [client.get("a"), client.getMany(["b"])];
  clock.turn();
  network.connects[0]?.handler.connected();
  clock.turn();
  const chunk = Buffer.from("VALUE a 0 2\r\nmy\r\nEND\r\nVALUE b 0 3\r\nown\r\nEND\r\n");
  network.connects[0]?.handler.received(chunk);
  chunk.fill(0xee);
  const values = [(await item)?.value, (await many).items.get("b")?.value];
  expect(values.map((value) => latin1Text(value ?? new Uint8Array(0)))).toEqual(["my", "own"]);
});

test("a client arms no timer before it is needed, and none is left when it is closed", async () => {
  const network = new HandNetwork();
  const clock = new HandClock();
  const client = createClient({ network, clock, servers: [{ host: "one", port: 7 }], idleTimeoutMs: 500 });
  clock.turn();
  expect([clock.timers.length, network.connects.length]).toEqual([0, 0]);
  const call = client.get("a");
  clock.turn();
  const [{ handler, transport }] = network.connects as [HandNetwork["connects"][0]];
  handler.connected();
  clock.turn();
  handler.received(latin1Bytes("END\r\n"));
  clock.turn();
  expect(await call).toBe(undefined);
  expect(clock.timers.length).toBe(1);
  const closing = client.close();
  expect(clock.timers.length).toBe(0);
  expect(transport.told).toEqual(["write get a\r\n", "close"]);
  handler.closed("closed");
  await closing;
  expect(clock.turn() + clock.timers.length).toBe(0);
});
