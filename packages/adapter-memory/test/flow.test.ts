// Laws of a connection: whatever both ends do, and whatever the network is like.

import { simulate, type SimulationOptions } from "@memwire/adapter-memory";
import { expect, test } from "vitest";
import fc from "fast-check";
import { End } from "./end.ts";
import { connected, farEndpoint, type Pair } from "./pair.ts";

type Order = "pause" | "resume" | "end" | "close";
type Fault =
  | "reset"
  | "partition"
  | "heal"
  | "vanish"
  | "restore"
  | "stop"
  | "start"
  | "slow"
  | "lag"
  | "mend";
type Deed =
  | { readonly kind: "send"; readonly by: "near" | "far"; readonly bytes: number }
  | { readonly kind: "ask"; readonly by: "near" | "far"; readonly order: Order }
  | { readonly kind: "fault"; readonly fault: Fault };
interface Step {
  readonly afterMs: number;
  readonly deed: Deed;
}

const by = fc.constantFrom("near" as const, "far" as const);
const send = fc.record({ kind: fc.constant("send" as const), by, bytes: fc.nat(5_000) });
const ask = (...orders: Order[]) =>
  fc.record({ kind: fc.constant("ask" as const), by, order: fc.constantFrom(...orders) });
const faultNames = [
  "reset",
  "partition",
  "heal",
  "vanish",
  "restore",
  "stop",
  "start",
  "slow",
  "lag",
] as const;
const fault = fc.record({
  kind: fc.constant("fault" as const),
  fault: fc.constantFrom(...faultNames, "mend"),
});

const stepsOf = (deed: fc.Arbitrary<Deed>): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 })), deed }), {
    maxLength: 40,
  });

const range = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);

const networks: fc.Arbitrary<SimulationOptions> = fc.record({
  seed: fc.maxSafeNat(),
  latencyMs: range(0, 10),
  segmentBytes: range(1, 1_000),
  readBytes: range(1, 1_000),
  windowBytes: range(1, 4_000),
});

test("all bytes arrive, in order, however both sides send, pause and end", () => {
  fc.assert(
    fc.property(networks, stepsOf(fc.oneof(send, ask("pause", "resume", "end"))), (network, steps) => {
      const pair = play(network, steps);
      const { near, far, simulation } = pair;
      for (const end of [near, far]) end.ask("resume");
      simulation.run();
      expect([far.receivedBytes, near.receivedBytes]).toEqual([near.sentBytes, far.sentBytes]);
      expect([near.waiting, far.waiting]).toEqual([false, false]);
      expectNoFaults(pair);
    }),
  );
});

test("what is sent from inside accept and connected arrives, connected being told first", () => {
  const simulation = simulate({ seed: 1 });
  const far = new End();
  const order: string[] = [];
  void simulation.host("far").listen(farEndpoint, (transport) => {
    far.start(() => transport).send(500);
    return far;
  });
  const near = new End();
  const received = near.received.bind(near);
  near.received = (chunk) => {
    order.push("received");
    received(chunk);
  };
  near.connected = () => {
    order.push("connected");
    near.send(500);
  };
  near.start((handler) => simulation.host("near").connect(farEndpoint, handler));
  simulation.run();
  expect([order[0], near.receivedBytes, far.receivedBytes]).toEqual(["connected", 500, 500]);
});

test("all that was sent before close arrives, if the other side reads", () => {
  // A write and a window take a few hundred milliseconds then: far less than LINGER_MS.
  const quick = fc
    .tuple(networks, range(500, 4_000))
    .map(([rest, windowBytes]) => ({ ...rest, windowBytes }));
  fc.assert(
    fc.property(quick, stepsOf(send), by, (network, steps, closer) => {
      const pair = play(network, steps);
      const { near, far, simulation } = pair;
      const [closing, other] = closer === "near" ? [near, far] : [far, near];
      closing.ask("close");
      simulation.until(() => other.events.includes("ended"), "the end");
      expect(other.receivedBytes).toBe(closing.sentBytes);
      other.ask("close");
      simulation.run();
      expect([near.cause, far.cause]).toEqual(["closed", "closed"]);
      expectNoFaults(pair);
    }),
  );
});

test("nothing is invented, doubled or said after the end, whatever goes wrong", () => {
  const deed = fc.oneof(
    { weight: 3, arbitrary: send },
    { weight: 1, arbitrary: ask("pause", "resume", "end", "close") },
    { weight: 1, arbitrary: fault },
  );
  fc.assert(
    fc.property(networks, stepsOf(deed), (network, steps) => {
      const pair = play(network, steps);
      const { near, far, simulation } = pair;
      simulation.faults.healAll();
      for (const end of [near, far]) end.ask("close");
      simulation.run();
      expectNoFaults(pair);
      expect([near.cause, far.cause]).not.toContain(undefined);
      expect(simulation.connections()).toEqual([]);
      expect(far.receivedBytes).toBeLessThanOrEqual(near.sentBytes);
      expect(near.receivedBytes).toBeLessThanOrEqual(far.sentBytes);
    }),
    { numRuns: 300 },
  );
});

test("never more than the window is sent and unread", () => {
  fc.assert(
    fc.property(networks, stepsOf(fc.oneof(send, ask("pause", "resume"), fault)), (network, steps) => {
      let full = 0;
      const pair = play(network, steps, ({ simulation }) => {
        for (const end of simulation.connections()) {
          expect(end.unreadBytes).toBeLessThanOrEqual(end.windowBytes);
          if (end.waitingBytes > 0) full++;
        }
      });
      expectNoFaults(pair);
      fc.pre(full > 0); // runs in which nobody ever had to wait show nothing
    }),
    { numRuns: 50 },
  );
});

/** Does all that, event by event. */
function play(network: SimulationOptions, steps: readonly Step[], look?: (pair: Pair) => void): Pair {
  const pair = connected(network);
  const { clock } = pair.simulation;
  for (const { afterMs, deed } of steps) {
    let done = false;
    clock.at(clock.now() + afterMs, () => {
      done = true;
      act(pair, deed);
    });
    while (!done) {
      pair.simulation.step();
      look?.(pair);
    }
  }
  return pair;
}

function act({ simulation, near, far }: Pair, deed: Deed): void {
  switch (deed.kind) {
    case "send":
      return (deed.by === "near" ? near : far).send(deed.bytes);
    case "ask":
      return (deed.by === "near" ? near : far).ask(deed.order);
    case "fault":
      return inject(simulation.faults, deed.fault);
  }
}

function inject(faults: Pair["simulation"]["faults"], name: Fault): void {
  switch (name) {
    case "reset":
      return void faults.resetOne();
    case "partition":
    case "heal":
      return faults[name]("near", "far");
    case "slow":
      return faults.slowReaders("far", 100, 5);
    case "lag":
      return faults.lag("near", 30);
    case "mend":
      return faults.healAll();
    default:
      return faults[name]("far");
  }
}

function expectNoFaults({ near, far }: Pair): void {
  expect([near.faults, far.faults]).toEqual([[], []]);
}
