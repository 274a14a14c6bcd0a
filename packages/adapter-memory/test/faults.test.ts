// Each thing that can go wrong, as both ends of a connection see it.

import { expect, test } from "vitest";
import { LINGER_MS } from "@memwire/engine";
import { simulate } from "@memwire/adapter-memory";
import { End } from "./end.ts";
import { connected, connecting, farEndpoint } from "./pair.ts";

test("a reset closes both ends and loses what is on its way", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  near.send(1_000);
  expect(simulation.faults.reset("far", "near")).toBe(1);
  simulation.run();
  expect([near.cause, far.cause, far.receivedBytes]).toEqual(["reset", "reset", 0]);
});

test("a reset of a host that vanishes at the same time reaches the other end all the same", () => {
  const { simulation, near } = connected({ seed: 1 });
  simulation.faults.reset("far");
  simulation.faults.vanish("far");
  simulation.run();
  expect(near.cause).toBe("reset");
});

test("a reset while closing is the close that was asked for", () => {
  const { simulation, near } = connected({ seed: 1, windowBytes: [10, 10] });
  near.send(100);
  near.ask("close");
  simulation.faults.reset("far");
  simulation.advance(100);
  expect(near.cause).toBe("closed");
});

test("a reset by chance hits one connection, and says if there is none", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  expect(simulation.faults.resetOne()).toBe(true);
  simulation.run();
  expect([near.cause, far.cause]).toEqual(["reset", "reset"]);
  expect(simulation.faults.resetOne()).toBe(false);
});

test("a partition holds everything back until it heals", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  simulation.faults.partition("near", "far");
  near.send(1_000);
  far.send(1_000);
  simulation.advance(10_000);
  expect([near.receivedBytes, far.receivedBytes]).toEqual([0, 0]);
  simulation.faults.heal("far", "near");
  simulation.run();
  expect([near.receivedBytes, far.receivedBytes]).toEqual([1_000, 1_000]);
});

test("a partition between two hosts leaves a third alone", () => {
  const { simulation } = connected({ seed: 1 });
  simulation.host("third");
  simulation.faults.partition("third", "near");
  const third = new End().start((handler) => simulation.host("third").connect(farEndpoint, handler));
  simulation.advance(100);
  expect(third.events).toEqual(["connected"]);
});

test("the network gives up on a partition that does not heal, at each end that sent", () => {
  const { simulation, near, far } = connected({ seed: 1, giveUpMs: 5_000 });
  simulation.faults.partition("near", "far");
  near.send(1_000);
  simulation.advance(4_900);
  expect(near.cause).toBe(undefined);
  simulation.advance(1_000);
  expect([near.cause, far.cause]).toEqual(["timed-out", undefined]);
});

test("the peer of a host that vanished hears nothing, until it sends to the host that is back", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  simulation.faults.vanish("far");
  simulation.advance(3_600_000);
  expect([near.events, far.cause]).toEqual([["connected"], "reset"]);
  simulation.faults.restore("far");
  simulation.advance(1_000);
  expect(near.cause).toBe(undefined);
  near.send(1);
  simulation.advance(1_000);
  expect(near.cause).toBe("reset");
});

test("the peer of a host that vanished and stays away is timed out when it sends", () => {
  const { simulation, near } = connected({ seed: 1, giveUpMs: 5_000 });
  simulation.faults.vanish("far");
  near.send(1);
  simulation.run();
  expect(near.cause).toBe("timed-out");
});

test("what a host had sent before it vanished is lost with it", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  far.send(1_000);
  simulation.faults.vanish("far");
  simulation.faults.restore("far");
  simulation.run();
  expect(near.receivedBytes).toBe(0);
});

test("a killed process ends its connections, and resets those with unread input", () => {
  for (const unread of [false, true]) {
    const { simulation, near, far } = connected({ seed: 1 });
    far.ask("pause");
    if (unread) near.send(10);
    simulation.advance(100);
    simulation.faults.stop("far");
    simulation.advance(100);
    expect(far.cause).toBe("reset");
    expect([near.events.includes("ended"), near.cause]).toEqual([!unread, unread ? "reset" : undefined]);
  }
});

test("what a killed process had to say is lost if its host vanishes, until the peer sends to the host that is back", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  far.ask("pause");
  near.send(10);
  simulation.advance(100);
  simulation.faults.stop("far");
  simulation.faults.vanish("far");
  simulation.faults.healAll();
  simulation.advance(1_000);
  expect(near.cause).toBe(undefined);
  near.send(10);
  simulation.advance(1_000);
  expect(near.cause).toBe("reset");
});

test("a stopped host refuses connects until it starts", () => {
  const { simulation } = connected({ seed: 1 });
  simulation.faults.stop("far");
  const refused = new End().start((handler) => simulation.host("near").connect(farEndpoint, handler));
  simulation.run();
  expect(refused.events).toEqual(["closed"]);
  expect(refused.cause).toBe("refused");
  simulation.faults.start("far");
  const accepted = new End().start((handler) => simulation.host("near").connect(farEndpoint, handler));
  simulation.run();
  expect(accepted.events).toEqual(["connected"]);
});

test("connects can be refused while connections go on", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  simulation.faults.connects("far", "refused");
  const late = new End().start((handler) => simulation.host("near").connect(farEndpoint, handler));
  near.send(10);
  simulation.run();
  expect([late.cause, far.receivedBytes]).toEqual(["refused", 10]);
});

test.each(["unanswered", "vanished"])("a connect to an %s host is timed out by the network", (how) => {
  const simulation = simulate({ seed: 1, connectGiveUpMs: 7_000 });
  simulation.host("far");
  if (how === "vanished") simulation.faults.vanish("far");
  else simulation.faults.connects("far", "unanswered");
  const near = new End().start((handler) => simulation.host("near").connect(farEndpoint, handler));
  simulation.advance(6_999);
  expect(near.events).toEqual([]);
  simulation.run();
  expect(near.cause).toBe("timed-out");
});

test("a connect whose answer is lost with its host is timed out", () => {
  const { simulation, near, far } = connecting({ seed: 1, latencyMs: [1, 1], connectGiveUpMs: 7_000 });
  simulation.advance(1);
  simulation.faults.vanish("far");
  simulation.faults.restore("far");
  simulation.run();
  expect([near.events, near.cause, far.cause]).toEqual([["closed"], "timed-out", "reset"]);
});

test("a connect whose answer comes too late has given up, and resets the other end", () => {
  const { simulation, near, far } = connecting({ seed: 1, latencyMs: [1, 1], connectGiveUpMs: 7_000 });
  simulation.advance(1);
  simulation.faults.partition("near", "far");
  simulation.advance(8_000);
  expect([near.events, near.cause, far.cause]).toEqual([["closed"], "timed-out", undefined]);
  simulation.faults.heal("near", "far");
  simulation.run();
  expect(far.cause).toBe("reset");
});

test("a connect that nobody answered goes through when the host answers again", () => {
  const { simulation, near } = connecting({ seed: 1 });
  simulation.faults.connects("far", "unanswered");
  simulation.advance(3_000);
  expect(near.events).toEqual([]);
  simulation.faults.connects("far", "accepted");
  simulation.advance(1_000);
  expect(near.events).toEqual(["connected"]);
});

test("slow readers get so much every so often", () => {
  const { simulation, near, far } = connected({ seed: 1, latencyMs: [1, 1], readBytes: [100, 100] });
  simulation.faults.slowReaders("far", 10, 50);
  near.send(100);
  simulation.advance(300);
  expect(far.receivedBytes).toBe(60);
  simulation.faults.healAll();
  simulation.advance(100);
  expect(far.receivedBytes).toBe(100);
});

test("a lagging host is reached later", () => {
  const { simulation, near, far } = connected({ seed: 1, latencyMs: [1, 1] });
  simulation.faults.lag("far", 500);
  near.send(1);
  simulation.advance(500);
  expect(far.receivedBytes).toBe(0);
  simulation.advance(1);
  expect(far.receivedBytes).toBe(1);
});

test("a connect that is closed at once leaves nothing open at the other end", () => {
  for (let seed = 0; seed < 100; seed++) {
    const { simulation, near, far } = connecting({ seed, latencyMs: [0, 1] });
    simulation.clock.at(simulation.clock.now() + simulation.random.below(3) / 2, () => near.ask("close"));
    simulation.run();
    expect(near.cause).toBe("closed");
    // Only who was connected before, and has been told of the end, is still there.
    expect(simulation.connections().length).toBe(far.events.join() === "ended" ? 1 : 0);
  }
});

test("who closes towards a reader that does not read is through after LINGER_MS, and resets the reader", () => {
  const { simulation, near, far } = connected({ seed: 1, windowBytes: [1_000, 1_000] });
  far.ask("pause");
  near.send(5_000);
  near.ask("close");
  simulation.advance(LINGER_MS - 1);
  expect(near.cause).toBe(undefined);
  simulation.run();
  expect([near.cause, far.cause, far.receivedBytes]).toEqual(["closed", "reset", 0]);
});

test("who sends to an end that has closed is reset", () => {
  const { simulation, near, far } = connected({ seed: 1 });
  near.ask("close");
  simulation.until(() => near.cause !== undefined, "the close", LINGER_MS + 10);
  far.send(10);
  simulation.run();
  expect([near.cause, far.cause]).toEqual(["closed", "reset"]);
});

test("a fault at a host that does not exist is the test's mistake", () => {
  const { faults } = simulate({ seed: 1 });
  expect(() => faults.stop("nowhere")).toThrow('no host is called "nowhere"');
  expect(() => faults.slowReaders("localhost", 0, 1)).toThrow("got 0");
});
