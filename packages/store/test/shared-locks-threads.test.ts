// Locks between real threads, on whichever runtime the tests run; this thread is one of them.

import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import type { SharedLocks } from "../src/shared-locks.ts";
import { ALLOCATION, BRISK, chances, Memory, type Order, SPARE, STRIPES } from "./shared-locks-memory.ts";

/** This thread's slot. */
const HERE = 0;

interface Thread {
  readonly worker: Worker;
  /** Resolves when it has ended, to the error it ended by if there was one. */
  readonly ended: Promise<unknown>;
}

const running = new Map<Worker, Memory>();
afterEach(() =>
  Promise.all(
    Array.from(running, ([worker, memory]) => {
      memory.stop(); // on Deno a thread in a loop does not end when it is terminated
      return worker.terminate();
    }),
  ),
);

/** Starts a thread, and waits until it has joined. */
async function start(memory: Memory, slot: number, order: Partial<Order>): Promise<Thread> {
  const workerData: Order = {
    buffer: memory.buffer,
    slot,
    role: "step",
    steps: Infinity,
    patience: BRISK,
    ...order,
  };
  Atomics.store(memory.tickets, slot, 0);
  const worker = new Worker(new URL("shared-locks-worker.ts", import.meta.url), { workerData });
  running.set(worker, memory);
  let failure: unknown;
  worker.on("error", (error) => (failure = error));
  const ended = new Promise<unknown>((resolve) => {
    worker.on("exit", () => {
      running.delete(worker);
      resolve(failure);
    });
  });
  await until(() => Atomics.load(memory.tickets, slot) !== 0 || failure !== undefined, "a thread joins");
  return { worker, ended };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited 20 s until ${what}`);
    await sleep(1);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function join(memory: Memory, asked?: (deadWorkerId: number) => void): SharedLocks {
  const locks = memory.locks(BRISK, asked);
  locks.join();
  return locks;
}

function sum(values: Int32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Takes and lets go of every lock, whoever had it last. */
function takeEach(locks: SharedLocks): void {
  for (let index = 0; index <= SPARE; index++) {
    locks.lock(index);
    locks.unlock(index);
  }
}

/** Each thread that died did so in the middle of one step. */
function expectStepsExact(memory: Memory, deaths: number): void {
  const begun = sum(memory.begun);
  const done = sum(memory.done);
  expect(begun - done).toBeLessThanOrEqual(deaths);
  for (const steps of [sum(memory.counters), memory.total]) {
    expect(steps).toBeGreaterThanOrEqual(done);
    expect(steps).toBeLessThanOrEqual(begun);
  }
  expect(memory.disturbed).toBe(0);
}

test("nothing is lost under contended locks", async () => {
  const memory = new Memory();
  const locks = join(memory);
  const steps = 20_000;
  const threads = await Promise.all([1, 2, 3].map((slot) => start(memory, slot, { steps })));
  const chance = chances(HERE);
  for (let step = 0; step < steps; step++) memory.step(locks, HERE, chance());
  await Promise.all(threads.map(({ ended }) => ended));
  expect(sum(memory.done)).toBe(4 * steps);
  expect(memory.total).toBe(4 * steps);
  expect(sum(memory.counters)).toBe(4 * steps);
  expect(memory.recoveries).toBe(0);
});

test("whoever waits gets a notice, and need not wait for the end of a slice", async () => {
  const memory = new Memory();
  const patience = { sliceMs: 60_000 };
  const locks = memory.locks(patience);
  locks.join();
  const threads = await Promise.all([1, 2, 3].map((slot) => start(memory, slot, { steps: 2_000, patience })));
  const chance = chances(HERE);
  for (let step = 0; step < 2_000; step++) memory.step(locks, HERE, chance());
  await Promise.all(threads.map(({ ended }) => ended));
  expect(memory.total).toBe(8_000);
});

test("a lock that the same owner takes again and again for 50 ms does not look like a dead one's", async () => {
  const memory = new Memory();
  const locks = join(memory);
  // A second in all, far more than it takes to look dead.
  const { ended } = await start(memory, 1, { role: "hold-slowly", steps: 20 });
  for (let turn = 0; turn < 5; turn++) {
    locks.lock(SPARE);
    locks.unlock(SPARE);
    await sleep(10);
  }
  expect(await ended).toBeUndefined();
  expect(memory.recoveries).toBe(0);
});

test("a thread that waits with a lock in hand does not look dead", async () => {
  const memory = new Memory();
  const locks = join(memory);
  locks.lock(ALLOCATION);
  const alive = setInterval(() => locks.beat(), 1);
  // The one that waits for this thread has what the other waits for.
  const slots = [2, 7];
  expect(new Set(slots.map((slot) => chances(slot)() % STRIPES)).size).toBe(1);
  const threads = await Promise.all(slots.map((slot) => start(memory, slot, { steps: 10 })));
  await sleep(1_000); // far more than it takes; and this one does not look dead either, as it beats
  clearInterval(alive);
  locks.unlock(ALLOCATION);
  await Promise.all(threads.map(({ ended }) => ended));
  expect(memory.recoveries).toBe(0);
  expect(sum(memory.done)).toBe(20);
});

test.each([
  { diesWith: "nothing", how: "is forgotten", recoveries: 1 },
  { diesWith: "a stripe's lock", how: "is forgotten", recoveries: 1 },
  { diesWith: "two locks", how: "is forgotten", recoveries: 1 },
  { diesWith: "three locks", how: "is forgotten", recoveries: 1 },
  { diesWith: "nothing", how: "is not heard of again", recoveries: 0 },
  { diesWith: "a stripe's lock", how: "is not heard of again", recoveries: 1 },
  { diesWith: "two locks", how: "is not heard of again", recoveries: 1 },
  { diesWith: "three locks", how: "is not heard of again", recoveries: 1 },
] as const)("a thread that ends with $diesWith in hand and $how leaves the others at work", async (death) => {
  const memory = new Memory();
  const locks = join(memory);
  const others = await Promise.all([1, 2].map((slot) => start(memory, slot, {})));
  const victim = await start(memory, 3, { steps: 100, diesWith: death.diesWith });
  await victim.ended;
  if (death.how === "is forgotten") locks.forget(Atomics.load(memory.tickets, 3));
  takeEach(locks);
  expect(memory.recoveries).toBe(death.recoveries);

  const done = sum(memory.done);
  await until(() => sum(memory.done) > done + 1_000, "the others go on");
  memory.stop();
  expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([undefined, undefined]);
  expectStepsExact(memory, 1);
});

test("threads that are terminated wherever they are leave the others at work", async () => {
  const memory = new Memory();
  const locks = join(memory);
  const others = await Promise.all([1, 2].map((slot) => start(memory, slot, {})));
  const deaths = 5;
  for (let death = 1; death <= deaths; death++) {
    const slot = 2 + death;
    const victim = await start(memory, slot, {});
    await until(() => Atomics.load(memory.begun, slot) > death * 100, "the victim is at work");
    await victim.worker.terminate();
    locks.forget(Atomics.load(memory.tickets, slot));
    expect(memory.recoveries).toBe(death);
    memory.step(locks, HERE, death);
  }
  memory.stop();
  expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([undefined, undefined]);
  expectStepsExact(memory, deaths);
});

test("a thread that is forgotten while it lives finds out, and does no harm", async () => {
  const memory = new Memory();
  const locks = join(memory);
  const other = await start(memory, 1, {});
  const victim = await start(memory, 2, {});
  await until(() => Atomics.load(memory.begun, 2) > 1_000, "the victim is at work");
  locks.forget(Atomics.load(memory.tickets, 2));
  expect(String(await victim.ended)).toContain("worker 3 was taken for dead and lost its locks");
  expect(memory.recoveries).toBe(1);
  memory.step(locks, HERE, 0);
  memory.stop();
  expect(await other.ended).toBeUndefined();
  expectStepsExact(memory, 1);
});

test("a thread that is forgotten while it waits with a lock keeps nobody waiting, and finds out", async () => {
  const memory = new Memory();
  const locks = join(memory);
  locks.lock(ALLOCATION);
  const alive = setInterval(() => locks.beat(), 1);
  const victim = await start(memory, 1, {});
  await until(() => locks.counters(2).waits > 0, "the victim waits");
  clearInterval(alive);
  locks.forget(Atomics.load(memory.tickets, 1));
  locks.unlock(ALLOCATION);
  expect(String(await victim.ended)).toContain("worker 2 was taken for dead and lost its locks");
  takeEach(locks);
  expect(memory.recoveries).toBe(1);
});

test("whoever finds that a worker died while it recovered does both", async () => {
  const memory = new Memory();
  const asked: number[] = [];
  const locks = join(memory, (deadWorkerId) => asked.push(deadWorkerId));
  await (
    await start(memory, 1, { role: "hold" })
  ).ended;
  await (
    await start(memory, 2, { role: "die-recovering" })
  ).ended;
  expect(memory.recoveries).toBe(0);
  takeEach(locks);
  expect(asked).toEqual([2, 3]);
  expect(locks.counters(1).recoveries).toBe(2);
});

test("threads that wait with a lock in hand stand still while another recovers, and go on", async () => {
  const memory = new Memory();
  const locks = join(memory);
  locks.lock(ALLOCATION);
  const alive = setInterval(() => locks.beat(), 1);
  const victim = await start(memory, 4, { role: "hold" });
  await victim.ended;
  const slots = [1, 2, 3];
  const patience = { slicesMax: 1_000 };
  const threads = await Promise.all(slots.map((slot) => start(memory, slot, { steps: 50, patience })));
  const stripes = new Set(slots.map((slot) => chances(slot)() % STRIPES));
  await until(() => sum(memory.counters) === stripes.size, "each stripe's lock is taken");
  locks.forget(Atomics.load(memory.tickets, 4));
  expect(memory.recoveries).toBe(1);
  expect(sum(memory.counters)).toBe(stripes.size);
  clearInterval(alive);
  locks.unlock(ALLOCATION);
  expect(await Promise.all(threads.map(({ ended }) => ended))).toEqual([undefined, undefined, undefined]);
  expect(sum(memory.done)).toBe(150);
  expectStepsExact(memory, 0);
});
