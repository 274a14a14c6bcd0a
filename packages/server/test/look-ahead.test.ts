// A server with many items looks ahead: small chunks of a turn wait for each other, and a pipeline's keys are told to
// the store. Nobody but the clock can tell.

import { latin1Bytes, latin1Text } from "@memwire/codec";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bench, type Party } from "./party.ts";

const engine = (prefetchBytesLeast: number, options: ServerOptions = {}): ServerEngine =>
  new ServerEngine({ ...options, store: new SlabStore({ bytesMax: 1_048_576, prefetchBytesLeast }) });

/** Gives the engine what a client has sent, in a turn that goes on. */
function give({ engine, now }: Bench, { id }: Party, text: string): void {
  const chunk = latin1Bytes(text);
  engine.received(id, chunk, now);
  chunk.fill(0xee);
}

const request = fc.oneof(
  fc.constantFrom("get a\r\n", "get b c a\r\n", "gat 100 a b\r\n", "mg b v k\r\n", "mg a v q\r\n", "mn\r\n"),
  fc.constantFrom(
    "set a 0 0 1\r\n1\r\n",
    "set b 0 0 7\r\nget x\r\n\r\n",
    "ms c 2\r\nzz\r\n",
    "add b 0 0 0\r\n\r\n",
  ),
  fc.constantFrom(
    "incr a 1\r\n",
    "delete b\r\n",
    "append a 0 0 1\r\n2\r\n",
    "touch c 0\r\n",
    "flush_all\r\n",
  ),
  fc.constantFrom("version\r\n", "nonsense\r\n", "set a 0 0 x\r\n", "quit\r\n", `get ${"k".repeat(300)}\r\n`),
  fc.constantFrom(`get ${"a ".repeat(300)}b\r\n`, `set c 0 0 600\r\n${"v".repeat(600)}\r\n`),
);
const step = fc.record({
  client: fc.nat(3),
  does: fc.constantFrom("send", "send", "send", "send", "send", "turn", "end", "reset"),
  text: fc.array(request, { minLength: 1, maxLength: 3 }).map((requests) => requests.join("")),
  /** How much of it comes now; the rest comes with what is sent next. */
  part: fc.constantFrom(1, 1, 1, 0.5),
});

/** What clients on one server have been sent in the end, and what it has counted. */
function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  least: number,
): unknown {
  const bench = new Bench(engine(least));
  const clients = Array.from({ length: 4 }, () => bench.connect());
  const rests = clients.map(() => "");
  const over = new Set<number>();
  for (const { client, does, text, part } of steps) {
    const party = clients[client] as Party;
    if (does === "turn") bench.turn();
    if (does === "turn" || over.has(client) || party.state === "closed") continue;
    if (does === "send") {
      const whole = (rests[client] as string) + text;
      const now = Math.ceil(whole.length * part);
      give(bench, party, whole.slice(0, now));
      rests[client] = whole.slice(now);
      continue;
    }
    over.add(client);
    if (does === "reset") party.reset();
    else party.end();
  }
  bench.turn();
  const { counters, store } = bench.engine;
  const { currItems, totalItems } = store.counters;
  return {
    clients: clients.map(({ text, state }) => [text, state]),
    counters: { ...counters },
    items: [currItems, totalItems],
  };
}

test("several clients are answered the same whether it looks ahead or not", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      expect(play(steps, 0)).toEqual(play(steps, Number.MAX_SAFE_INTEGER));
    }),
    { numRuns: Math.max(300, fc.readConfigureGlobal()?.numRuns ?? 0) },
  );
});

describe("a chunk that waits for others of its turn", () => {
  const SET = "set a 0 0 1\r\n1\r\n";

  function begun(): { bench: Bench; party: Party; other: Party } {
    const bench = new Bench(engine(0));
    return { bench, party: bench.connect(), other: bench.connect() };
  }

  test("is answered when the turn ends, in the order in which they came", () => {
    const { bench, party, other } = begun();
    give(bench, party, SET);
    give(bench, other, "incr a 1\r\n");
    give(bench, party, "incr a 1\r\n");
    expect([party.text, other.text]).toEqual(["", ""]);
    bench.poll();
    expect([party.text, other.text]).toEqual(["STORED\r\n3\r\n", "2\r\n"]);
  });

  test("is carried out though its client goes away in the same turn", () => {
    const { bench, party, other } = begun();
    give(bench, party, SET);
    party.reset();
    expect(other.ask("get a\r\n")).toBe("VALUE a 0 1\r\n1\r\nEND\r\n");
  });

  test("is answered before its client's end is", () => {
    const { bench, party } = begun();
    give(bench, party, SET);
    party.end();
    expect([party.text, party.state]).toEqual(["STORED\r\n", "closed"]);
  });

  test("is answered before the server begins to drain", () => {
    const { bench, party } = begun();
    give(bench, party, SET);
    bench.engine.drain(bench.now);
    bench.turn();
    expect([party.text, party.state]).toEqual(["STORED\r\n", "closed"]);
  });

  test("is answered before a datagram is", () => {
    const { bench, party } = begun();
    give(bench, party, SET);
    const datagram = latin1Bytes("\0\x01\0\0\0\x01\0\0incr a 1\r\n");
    bench.engine.arrived(0, { host: "client", port: 9 }, datagram, bench.now);
    bench.turn();
    expect(latin1Text(bench.datagrams[0]?.bytes ?? new Uint8Array(0)).slice(8)).toBe("2\r\n");
  });

  test("is answered before time goes by", () => {
    const { bench, party } = begun();
    party.ask("set b 0 1 1\r\n1\r\n");
    give(bench, party, "get b\r\n");
    bench.now += 2_000;
    bench.engine.elapsed(bench.now);
    bench.turn();
    expect(party.text).toBe("STORED\r\nVALUE b 0 1\r\n1\r\nEND\r\n");
  });

  test("is answered at its own time, not that of one that came later", () => {
    const { bench, party, other } = begun();
    const { engine } = bench;
    engine.received(party.id, latin1Bytes("set n 0 60 1\r\n1\r\n"), bench.now);
    engine.received(party.id, latin1Bytes("incr n 1\r\n"), bench.now + 59_999);
    engine.received(other.id, latin1Bytes("incr n 1\r\n"), bench.now + 60_000);
    bench.poll();
    expect([party.text, other.text]).toEqual(["STORED\r\n2\r\n", "NOT_FOUND\r\n"]);
  });

  test("is carried out once, whatever its host does meanwhile", () => {
    let meanwhile = (): void => {};
    const host = engine(0, { shutdownEnabled: true, onShutdown: () => meanwhile() });
    const bench = new Bench(host);
    const [first, second, third] = [bench.connect(), bench.connect(), bench.connect()];
    const SHUTDOWN = "shutdown\r\n";
    meanwhile = () => {
      throw new Error("of the host");
    };
    give(bench, first, "incr a 1\r\n");
    give(bench, second, SHUTDOWN);
    give(bench, third, "incr a 1\r\n");
    expect(() => bench.poll()).toThrow("of the host");
    bench.turn();
    expect(host.counters.incrMisses).toBe(2);
    meanwhile = () => host.drain(bench.now);
    give(bench, first, "incr a 1\r\n");
    give(bench, third, SHUTDOWN);
    bench.turn();
    expect(host.counters.incrMisses).toBe(3);
  });

  test("waits for no more than 32, and not in a turn of many", () => {
    const bench = new Bench(engine(0));
    const parties = Array.from({ length: 40 }, () => bench.connect());
    for (const party of parties) give(bench, party, "incr a 1\r\n");
    // What was asked of the store shows how far it has come.
    expect(bench.engine.counters.incrMisses).toBe(32);
    bench.turn();
    expect(bench.engine.counters.incrMisses).toBe(40);
    expect(new Set(parties.map(({ text }) => text))).toEqual(new Set(["NOT_FOUND\r\n"]));
  });
});
