// drive() between engines that do anything and a network that does anything.

import { drive, type Endpoint } from "@memwire/engine";
import { simulate, type Simulation } from "@memwire/adapter-memory";
import { expect, test } from "vitest";
import { RestlessEngine } from "./restless-engine.ts";

const RUNS = 100;
const RUN_MS = 1_000;
const TIMER_LATE_MS = 2;

test("an engine hears what the contract says and nothing else, whatever it does and whatever goes wrong", async () => {
  const counts = {
    connect: 0,
    send: 0,
    pause: 0,
    resume: 0,
    end: 0,
    close: 0,
    accepted: 0,
    closed: 0,
    drained: 0,
  };
  for (let seed = 0; seed < RUNS; seed++) {
    for (const engine of await run(seed)) {
      for (const [what, count] of Object.entries(engine.counts)) counts[what as keyof typeof counts] += count;
    }
  }
  // Every kind of input and command was there, often.
  for (const [what, count] of Object.entries(counts)) expect.soft(count, what).toBeGreaterThan(RUNS * 5);
});

async function run(seed: number): Promise<RestlessEngine[]> {
  const simulation = simulate({
    seed,
    windowBytes: [1, 4_000],
    timerLateMs: [0, TIMER_LATE_MS],
    giveUpMs: 200,
  });
  const { clock, random } = simulation;
  const endpoints = ["a", "b", "c"].map((host): Endpoint => ({ kind: "tcp", host, port: 1 }));
  const engines = endpoints.map(
    () => new RestlessEngine(clock.now(), random.fork(), endpoints, TIMER_LATE_MS),
  );
  const drivers = engines.map((engine, i) => drive(engine, simulation.host("abc"[i] as string), clock));
  for (const [i, driver] of drivers.entries()) void driver.listen(endpoints[i] as Endpoint);
  for (let ms = 0; ms < RUN_MS; ms += 10) {
    simulation.advance(10);
    if (random.happens(0.2)) goWrong(simulation);
  }
  simulation.faults.healAll();
  expect(engines.map((engine) => engine.faults)).toEqual(engines.map(() => []));
  expect(drivers.map((driver) => driver.connections)).toEqual(engines.map((engine) => engine.links));
  await simulation.settle(Promise.all(drivers.map((driver) => driver.close())));
  simulation.run();
  expect(simulation.connections()).toEqual([]);
  return engines;
}

function goWrong({ faults, random }: Simulation): void {
  const [one, other] = random.oneOf([
    ["a", "b"],
    ["b", "c"],
    ["c", "a"],
  ]) as [string, string];
  const fault = random.oneOf([
    "resetOne",
    "reset",
    "partition",
    "vanish",
    "stop",
    "slow",
    "connects",
    "heal",
  ]);
  switch (fault) {
    case "resetOne":
      return void faults.resetOne();
    case "reset":
      return void faults.reset(one, other);
    case "partition":
      return faults.partition(one, other);
    case "slow":
      return faults.slowReaders(one, 100, 5);
    case "connects":
      return faults.connects(one, random.oneOf(["refused", "unanswered"]));
    case "vanish":
    case "stop":
      return faults[fault](one);
    case "heal":
      return faults.healAll();
  }
}
