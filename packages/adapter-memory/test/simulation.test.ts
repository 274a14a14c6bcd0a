import { type Happening, type Simulation, type SimulationOptions, simulate } from "@memwire/adapter-memory";
import type { Transport } from "@memwire/engine";
import { expect, test } from "vitest";
import fc from "fast-check";
import { End } from "./end.ts";
import { connected, connecting, farEndpoint } from "./pair.ts";

test("the same seed is the same run, event for event; another seed is another", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      const [one, again, other] = [record(seed), record(seed), record(seed === 0 ? 1 : seed - 1)];
      expect(again).toEqual(one);
      expect(other.digest).not.toBe(one.digest);
    }),
  );
});

test("the same seed is the same run on every runtime", () => {
  const { digest, happened } = record(2);
  // As first seen on Node. Another number means that simulations of the same seed are no longer what they were.
  expect({ digest, happened }).toEqual({ digest: 2_616_676_197, happened: 116 });
});

test("the digest notices a byte, a time and a host that differ", () => {
  const digestOf = (seed: number, byte: number, startMs: number, host: string): number => {
    const simulation = simulate({ seed, startMs });
    void simulation.host(host).listen({ ...farEndpoint, host }, (transport) => {
      transport.write(Uint8Array.of(1, byte));
      return new End();
    });
    simulation.network.connect({ ...farEndpoint, host }, new End());
    simulation.run();
    return simulation.digest;
  };
  const digests = [
    digestOf(1, 1, 0, "a"),
    digestOf(1, 2, 0, "a"),
    digestOf(1, 1, 1, "a"),
    digestOf(1, 1, 0, "b"),
  ];
  expect(digestOf(1, 1, 0, "a")).toBe(digests[0]);
  expect(new Set(digests).size).toBe(4);
});

test("a lent chunk is overwritten when its handler returns, and rarely starts where its memory does", () => {
  const chunks: Uint8Array[] = [];
  const { simulation, near, far } = connected({ seed: 1, readBytes: [10, 10] });
  const received = far.received.bind(far);
  far.received = (chunk) => {
    received(chunk);
    chunks.push(chunk);
  };
  near.send(1_000);
  simulation.run();
  expect(far.faults).toEqual([]);
  expect(chunks.length).toBe(100);
  expect(chunks.flatMap((chunk) => [...chunk]).every((byte) => byte === 0xee)).toBe(true);
  expect(new Set(chunks.map((chunk) => chunk.byteOffset)).size).toBe(8);
});

test("bytes that are changed while they are lent are found out, after that they are the sender's", () => {
  const { simulation, transport, near, far } = raw({ seed: 5, windowBytes: [10, 10] });
  simulation.advance(10);
  const bytes = new Uint8Array(100);
  transport.write(bytes);
  simulation.until(() => near.events.includes("drained"), "drained");
  far.received = (chunk) => expect([...chunk].every((byte) => byte === 0)).toBe(true);
  bytes.fill(1);
  simulation.run();
  far.received = () => {};
  transport.write(bytes);
  bytes[99] = 2;
  expect(() => simulation.run()).toThrow(/^seed 5, .* changed before they were drained/);
});

test("writes that may not come are found out", () => {
  const { simulation, transport } = raw({ seed: 1, windowBytes: [10, 10] });
  const write = (length: number): boolean => transport.write(new Uint8Array(length));
  expect(() => write(1)).toThrow("write before connected");
  simulation.advance(10);
  expect(write(100)).toBe(false);
  expect(() => write(1)).toThrow("write before the drained of the write before");
  simulation.run();
  transport.end();
  expect(() => write(1)).toThrow("write after end");
});

test("waiting in vain says for what, and gives the seed", () => {
  const { simulation } = connecting({ seed: 77 });
  expect(() => simulation.until(() => false, "pigs to fly", 5_000)).toThrow(
    /^seed 77, .* waited 5000 ms in vain for pigs to fly$/,
  );
});

test("a simulation that goes round in circles is stopped", () => {
  const simulation = simulate({ seed: 3, eventsMax: 1_000 });
  const again = (): void => simulation.clock.defer(again);
  again();
  expect(() => simulation.run()).toThrow(/^seed 3, 0 ms, event 1000: more than 1000 events$/);
});

test("promises settle between events", async () => {
  const simulation = simulate({ seed: 1 });
  const { clock } = simulation;
  const later = (ms: number): Promise<number> =>
    new Promise((resolve) => clock.at(clock.now() + ms, () => resolve(ms)));
  const chain = async (): Promise<number> => (await later(5)) + (await later(10)) + (await later(20));
  expect(await simulation.settle(chain())).toBe(35);
  expect(simulation.elapsedMs).toBeGreaterThanOrEqual(35);
  await expect(simulation.settle(new Promise(() => {}))).rejects.toThrow("still pending");
  await expect(simulation.settle(Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("time goes by as far as asked, with or without events", () => {
  const simulation = simulate({ seed: 1, startMs: 1_000 });
  simulation.advance(12.5);
  expect([simulation.clock.now(), simulation.elapsedMs, simulation.happened]).toEqual([1_012.5, 12.5, 0]);
});

test.each<[string, Partial<SimulationOptions>]>([
  ["latencyMs", { latencyMs: [2, 1] }],
  ["windowBytes", { windowBytes: [0, 1] }],
  ["readBytes", { readBytes: [1, 1.5] }],
  ["giveUpMs", { giveUpMs: NaN }],
  ["datagramLoss", { datagramLoss: 1.1 }],
  ["datagramEcho", { datagramEcho: NaN }],
  ["seed", { seed: -1 }],
])("a %s that makes no sense is refused by name", (name, options) => {
  expect(() => simulate({ seed: 1, ...options })).toThrow(name);
});

test("there is no TLS, and whoever asks for it does not get a connection without it", async () => {
  const simulation = simulate({ seed: 1 });
  const nobody = (): never => {
    throw new Error("nobody was to be accepted");
  };
  const nothing = new Uint8Array(0);
  const tls = { chain: nothing, key: nothing };
  await expect(simulation.host("far").listen(farEndpoint, nobody, { tls })).rejects.toThrow(
    "cannot listen on far:1: the simulated network has no TLS",
  );
  void simulation.host("far").listen(farEndpoint, nobody);
  const near = new End().start((handler) => simulation.network.connect(farEndpoint, handler, { tls: {} }));
  simulation.run();
  expect([near.events, near.cause]).toEqual([["closed"], "untrusted"]);
});

test("one listens on one's own machine only, and on what is free", async () => {
  const simulation = simulate({ seed: 1 });
  const a = simulation.host("a");
  const accept = (): End => new End();
  await expect(a.listen({ kind: "tcp", host: "b", port: 1 }, accept)).rejects.toThrow(
    "b:1: this machine has no",
  );
  const listener = await a.listen({ kind: "tcp", host: "0.0.0.0", port: 1 }, accept);
  expect(listener.endpoint).toEqual({ kind: "tcp", host: "a", port: 1 });
  await expect(a.listen(listener.endpoint, accept)).rejects.toThrow("already in use");
  await simulation.host("b").listen({ kind: "tcp", host: "b", port: 1 }, accept);
});

/** A connection about to be made, with its bare transport. */
function raw(options: SimulationOptions): {
  simulation: Simulation;
  transport: Transport;
  near: End;
  far: End;
} {
  const simulation = simulate(options);
  const [near, far] = [new End(), new End()];
  void simulation.host("far").listen(farEndpoint, () => far);
  return { simulation, near, far, transport: simulation.host("near").connect(farEndpoint, near) };
}

/** Everything that happens in a run with traffic and faults. */
function record(seed: number): { digest: number; happened: number; log: string[] } {
  const log: string[] = [];
  const observe = ({ bytes, ...rest }: Happening): void => {
    log.push(JSON.stringify({ ...rest, bytes: bytes === undefined ? [] : [...bytes] }));
  };
  const { simulation, near, far } = connected({ seed, observe, windowBytes: [1, 100] });
  const { clock, faults, random } = simulation;
  for (let round = 0; round < 20; round++) {
    clock.at(clock.now() + random.below(50), () => {
      random.oneOf([near, far]).send(random.below(100));
      if (random.happens(0.2)) faults.partition("near", "far");
      if (random.happens(0.5)) faults.healAll();
      if (random.happens(0.02)) faults.resetOne();
    });
  }
  simulation.advance(1_000);
  return { digest: simulation.digest, happened: simulation.happened, log };
}
